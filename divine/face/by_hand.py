"""How far the tracker's points lie from points that a person placed by hand, frame by frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from divine.data.tracks import FacePoints
from divine.records import Landmarks

INNER_CANTHI = (39, 42)


class HandFrame(NamedTuple):
    """One frame that was annotated by hand."""

    frame: int
    """Counted from 0."""
    time_s: float
    points_px: Float[np.ndarray, "68 2"]
    error_px: float | None
    """Mean distance between a point and the tracker's; None where the tracker saw no face."""
    error_icd: float | None
    """The same, as a fraction of the distance between the inner canthi placed by hand."""


def compare(landmarks: Landmarks, hand: FacePoints) -> tuple[HandFrame, ...]:
    """Return the annotated frames that the recording has, each with the mean error over its 68 points."""
    found = []
    for frame, points in zip(hand.frames.tolist(), hand.points_px, strict=True):
        if frame >= len(landmarks.times_s):
            continue
        error = float(np.linalg.norm(landmarks.points_px[frame].astype(float) - points, axis=1).mean())
        ruler = float(np.linalg.norm(points[INNER_CANTHI[1]] - points[INNER_CANTHI[0]]))
        seen = bool(np.isfinite(error))
        found.append(
            HandFrame(
                frame=frame,
                time_s=float(landmarks.times_s[frame]),
                points_px=points,
                error_px=error if seen else None,
                error_icd=error / ruler if seen and ruler > 0 else None,
            )
        )
    return tuple(found)
