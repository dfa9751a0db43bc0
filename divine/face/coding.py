"""Landmarks of many frames in few bytes, so that ten minutes of them weigh little on their way home.

Positions are rounded to 1/2048 of the outer-eye distance (a twenty-fifth of a pixel in a face of 80 px, a fraction of any
tracker's noise), confidence to 1/100; both are differenced in time, split into byte planes and deflated.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

STEPS_PER_OED, STEPS_OF_CONFIDENCE = 2048, 100
RIGHT_EYE, LEFT_EYE = 36, 45
COLUMNS = 1 + 136 + 68
"""Whether there is a face, its points, their confidence."""


class Block(NamedTuple):
    """A stretch of frames, encoded."""

    content: bytes
    frames: int
    step_px: float


def encode(points_px: Float[np.ndarray, "t 68 2"], confidence: Float[np.ndarray, "t 68"]) -> Block:
    """Encode frames; one without a face is NaN throughout."""
    oed = np.linalg.norm(points_px[:, LEFT_EYE] - points_px[:, RIGHT_EYE], axis=1)
    known = oed[oed > 0]
    step_px = float(np.median(known)) / STEPS_PER_OED if len(known) else 1.0
    found = np.isfinite(points_px[:, 0, 0])
    whole = np.zeros((len(points_px), COLUMNS), dtype="<i4")
    whole[:, 0] = found
    whole[found, 1:137] = np.round(points_px[found].reshape(-1, 136) / step_px)
    whole[:, 137:] = np.round(np.clip(confidence, 0, 1) * STEPS_OF_CONFIDENCE)
    change = np.diff(whole, axis=0, prepend=np.zeros((1, COLUMNS), dtype="<i4"))
    planes = change.view(np.uint8).reshape(-1, COLUMNS, 4).transpose(2, 1, 0)
    return Block(zlib.compress(planes.tobytes(), 1), len(points_px), step_px)


def decode(block: Block) -> tuple[Float[np.ndarray, "t 68 2"], Float[np.ndarray, "t 68"]]:
    """Return points and confidence of a block, rounded.

    Raises:
        ValueError: this is not what ``encode`` writes.
    """
    size = block.frames * COLUMNS * 4
    try:
        content = zlib.decompressobj().decompress(block.content, size + 1)  # no more, whatever it claims to hold
    except zlib.error as error:
        raise ValueError("not deflated") from error
    if len(content) != size:
        raise ValueError(f"{size} bytes were announced, {len(content)} came")
    planes = np.frombuffer(content, dtype=np.uint8).reshape(4, COLUMNS, block.frames)
    whole = np.cumsum(np.ascontiguousarray(planes.transpose(2, 1, 0)).view("<i4")[..., 0], axis=0, dtype=np.int32)
    points = (whole[:, 1:137] * block.step_px).astype(np.float32).reshape(-1, 68, 2)
    points[whole[:, 0] == 0] = np.nan
    return points, (whole[:, 137:] / STEPS_OF_CONFIDENCE).astype(np.float32)
