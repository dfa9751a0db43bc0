"""What is seen of the face in one frame, and what sees it."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

POINTS = 68


class Sight(NamedTuple):
    """The main face of one frame; NaN and zero confidence where there is none."""

    points_px: Float[np.ndarray, "68 2"]
    confidence: Float[np.ndarray, " 68"]
    pose_deg: Float[np.ndarray, " 3"]
    faces: int


NOTHING = Sight(np.full((POINTS, 2), np.nan), np.zeros(POINTS), np.full(3, np.nan), 0)
"""No face."""


class Correction(NamedTuple):
    """Where a stretch of frames turned out to lie, once all of it was seen."""

    first: int
    stop: int
    offset: Float[np.ndarray, "68 2"]
    """To be added to every frame, in the face's own axes (across, down), in outer-eye distances."""


@runtime_checkable
class Follower(Protocol):
    """Sees the frames of one clip, in order."""

    name: str

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], time_s: float) -> Sight:
        """Return what is seen in the next frame (RGB)."""
        ...

    def corrections(self) -> list[Correction]:
        """Return what to add to the frames seen so far."""
        ...
