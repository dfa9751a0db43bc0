"""How well a face was filmed: what the quality gate needs, as plain numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from divine.face.kinematic_clock import Motion
from divine.face.kinematic_signals import NOSE_BASE, OUTER_LIPS, lips_in_order
from divine.records import Landmarks

MOUTH_AND_JAW = (8, *NOSE_BASE, *OUTER_LIPS, 62, 66)
"""Every point that a measure of the mouth or the jaw is made from."""


class FaceQuality(NamedTuple):
    """Numbers about the picture of a face; None where no frame shows one."""

    found_fraction: float
    """Fraction of frames with a face."""
    mouth_followed_fraction: float
    """Fraction of the recording, on the measures' own clock, in which they can use every point of mouth and jaw: low when a
    hand hides them, when one is lost again and again, and when points slide along the lips."""
    several_faces_fraction: float
    frame_rate_hz: float
    intercanthal_px: float | None
    """Median size of the face: distance between the inner canthi."""
    cut_fraction: float | None
    """Fraction of the face's frames in which a landmark lies outside the picture."""
    turn_deg: float | None
    """P95 of the larger of |yaw| and |pitch|."""


def face_quality(landmarks: Landmarks, motion: Motion) -> FaceQuality:
    """Return how well the face was filmed; a recording without frames counts as one without a face.

    Args:
        landmarks: what was seen.
        motion: what the measures make of it (``follow``).
    """
    found = landmarks.found
    times = np.sort(landmarks.times_s.astype(np.float64))
    steps = np.diff(times)
    steps = steps[steps > 0]
    rate = float(1 / np.median(steps)) if len(steps) else 0.0
    if not found.any():
        return FaceQuality(0.0, 0.0, 0.0, rate, None, None, None)

    points = landmarks.points_px[found].astype(np.float64)
    size = np.array([landmarks.width, landmarks.height], dtype=np.float64)
    intercanthal = float(np.median(np.linalg.norm(points[:, 42] - points[:, 39], axis=1)))
    mouth = np.isfinite(motion.points[:, MOUTH_AND_JAW]).all(axis=(1, 2)) & lips_in_order(motion.points)
    turn = np.abs(landmarks.pose_deg[found, :2]).max(axis=1)
    turn = turn[np.isfinite(turn)]
    return FaceQuality(
        found_fraction=float(found.mean()),
        mouth_followed_fraction=float(mouth.mean()) if len(mouth) else 0.0,
        several_faces_fraction=float((landmarks.faces > 1).mean()),
        frame_rate_hz=rate,
        intercanthal_px=intercanthal,
        cut_fraction=float(((points < 0) | (points > size)).any(axis=(1, 2)).mean()),
        turn_deg=float(np.percentile(turn, 95)) if len(turn) else None,
    )
