"""``KI``: kinematic sequences that need no weights. What a movement lab plots, every 0.2 s."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from divine.encoders.modulation import BANDS_HZ, modulation
from divine.encoders.motions import motions
from divine.encoders.registry import Encoder, EncoderError, register
from divine.encoders.windows import HOP_S, STATISTICS, summarise
from divine.face.kinematic_clock import CLOCK_HZ, Motion
from divine.face.kinematic_signals import signals
from divine.records import Features, Landmarks, Observation

BEATING = ("lip_aperture", "mouth_width", "jaw_opening")
CHANNELS = (
    *("lip_aperture", "mouth_width", "jaw_opening"),
    *("right_corner_x", "right_corner_y", "left_corner_x", "left_corner_y"),
    *("lower_lip_x", "lower_lip_y", "jaw_x", "jaw_y"),
    *("right_area", "left_area", "right_brow", "left_brow", "right_eye", "left_eye"),
    *("corner_height_gap", "corner_reach_gap", "area_gap", "brow_gap", "eye_gap"),
    *("pitch", "yaw", "roll"),
    *(f"{signal} beat {low:g}-{high:g} Hz" for signal in BEATING for low, high in BANDS_HZ),
)
NAMES = tuple(f"{channel} {statistic}" for statistic in STATISTICS for channel in CHANNELS)


@register(
    "KI",
    title="Kinematic sequences (ours)",
    modality="video",
    dim=len(NAMES),
    rate_hz=1 / HOP_S,
    weights=None,
    licence="Apache-2.0",
    revision="1",
)
def kinematic() -> Encoder:
    """Need nothing: the features are formulas over landmarks."""
    return _encode


def _encode(observations: Sequence[Observation]) -> list[Features]:
    return [_one(observation) for observation in observations]


def _one(observation: Observation) -> Features:
    found = None if observation.landmarks is None else kinematic_channels(observation.landmarks)
    if found is None:
        raise EncoderError(f"{observation.clip.name}: KI needs a face that is seen for 0.3 s at a stretch, and there is none.")
    windows = summarise(*found)
    return Features(windows.values.astype(np.float32), windows.times_s, "KI")


def kinematic_channels(landmarks: Landmarks) -> tuple[Float[np.ndarray, "t c"], Float[np.ndarray, " t"]] | None:
    """Compute the channels of ``CHANNELS`` at 100 Hz, NaN where what they need was not seen; None where nothing was.

    Lengths in intercanthal distances (ICD), areas in ICD², pose in degrees, all freed of head motion but the pose itself.
    Gaps are unsigned differences between the sides, because a weak side may be either.
    """
    parts = [(motion.times_s, _moving(motion, piece)) for motion, piece in motions(landmarks)]
    times_s, moving = (np.concatenate(part) for part in zip(*parts, strict=True))
    if not np.isfinite(moving[:, : len(BEATING)]).any():
        return None
    return np.concatenate([moving, _beats(moving[:, : len(BEATING)])], axis=1), times_s


def _moving(motion: Motion, landmarks: Landmarks) -> Float[np.ndarray, "t c"]:
    """Compute the channels that need no more than their own time: all but the beats, those that beat first."""
    found = signals(motion)
    pairs = (found.right_corner, found.left_corner, found.lower_lip, found.jaw)
    gaps = (
        found.right_corner[:, 1] - found.left_corner[:, 1],
        found.right_corner[:, 0] + found.left_corner[:, 0],
        found.right_area - found.left_area,
        found.right_brow - found.left_brow,
        found.right_eye - found.left_eye,
    )
    columns = [
        found.lip_aperture, found.mouth_width, found.jaw_opening,
        *(axis for pair in pairs for axis in pair.T),
        found.right_area, found.left_area, found.right_brow, found.left_brow, found.right_eye, found.left_eye,
        *(np.abs(gap) for gap in gaps),
        *_pose(motion, landmarks),
    ]  # fmt: skip
    return np.stack(columns, axis=1)


def _pose(motion: Motion, landmarks: Landmarks) -> list[Float[np.ndarray, " t"]]:
    known = np.isfinite(landmarks.pose_deg).all(axis=1)
    if not known.any():
        return [np.full(len(motion.times_s), np.nan)] * 3
    times = landmarks.times_s[known]
    return [np.interp(motion.times_s, times, angle) for angle in landmarks.pose_deg[known].T]


def _beats(beating: Float[np.ndarray, "t s"]) -> Float[np.ndarray, "t beats"]:
    columns = []
    for signal in beating.T:
        seen = np.isfinite(signal)
        # A filter needs every sample; what was not seen is bridged for it, and left out again after it.
        clock = np.arange(len(signal))
        whole = np.interp(clock, clock[seen], signal[seen]) if seen.any() else np.zeros(len(signal))
        columns.append(np.where(seen[:, None], modulation(whole, float(CLOCK_HZ)), np.nan))
    return np.concatenate(columns, axis=1)
