"""Where the face is, steadied: the square that crops follow, so that the mouth moves in them and the head does not.

The square hangs on the four corners of the eyes, which speech does not move; it turns with them, and its size is one for
the whole clip, so that an opening jaw does not shrink the face.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from divine.records import Landmarks

RIGHT_EYE, LEFT_EYE = (36, 39), (42, 45)
SIDE = 2.8
"""Side of the square in distances between the outer corners of the eyes: brows to an open jaw, with some room."""
BELOW = 0.45
"""Centre of the square below the middle of the eyes, in the same unit."""
SMOOTH_S = 0.25
"""Half of the window over which the square's place and turn are averaged: landmarks jitter, and a crop must not."""


class Squares(NamedTuple):
    """The square of every frame of a track."""

    times_s: Float[np.ndarray, " t"]
    centre_px: Float[np.ndarray, "t 2"]
    turn_rad: Float[np.ndarray, " t"]
    side_px: float
    seen: Bool[np.ndarray, " t"]
    """Whether the face was found in the frame; between found frames the square is interpolated."""

    def to_picture(self, time_s: float, size: int) -> Float[np.ndarray, "2 3"]:
        """Return the affine map from the pixels of a crop to those of the picture that is shown at ``time_s``."""
        x, y = (float(np.interp(time_s, self.times_s, axis)) for axis in self.centre_px.T)
        turn, scale = float(np.interp(time_s, self.times_s, self.turn_rad)), self.side_px / size
        linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return np.column_stack([linear, np.array([x, y]) - linear @ np.full(2, size / 2)])


def squares(landmarks: Landmarks) -> Squares | None:
    """Return the steadied square of every frame, or None where no face was found at all."""
    seen = landmarks.found
    if not seen.any():
        return None
    times_s = landmarks.times_s.astype(float)
    points = landmarks.points_px[seen].astype(float)
    right, left = points[:, RIGHT_EYE].mean(axis=1), points[:, LEFT_EYE].mean(axis=1)
    across = left - right
    turn = np.unwrap(np.arctan2(across[:, 1], across[:, 0]))
    outer = float(np.median(np.linalg.norm(points[:, 45] - points[:, 36], axis=1)))
    down = np.stack([-np.sin(turn), np.cos(turn)], axis=1)
    centre = (right + left) / 2 + BELOW * outer * down
    found = np.column_stack([centre, turn])
    every = np.stack([np.interp(times_s, times_s[seen], column) for column in found.T], axis=1)
    steady = _averaged(every, times_s)
    return Squares(times_s, steady[:, :2], steady[:, 2], SIDE * outer, seen)


def _averaged(x: Float[np.ndarray, "t c"], times_s: Float[np.ndarray, " t"]) -> Float[np.ndarray, "t c"]:
    low = np.searchsorted(times_s, times_s - SMOOTH_S - 1e-9)
    high = np.searchsorted(times_s, times_s + SMOOTH_S + 1e-9)
    reach = np.minimum(np.arange(len(x)) - low, high - 1 - np.arange(len(x)))  # as far to both sides, or it would lag
    low, high = np.arange(len(x)) - reach, np.arange(len(x)) + reach + 1
    total = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0)])
    return (total[high] - total[low]) / (high - low)[:, None]
