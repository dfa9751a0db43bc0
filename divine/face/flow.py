"""Following points by their pixels: pyramidal Lucas-Kanade, checked forth and back, and by appearance.

Lucas and Kanade's method in Bouguet's pyramidal form, as OpenCV documents it. From frame to frame a point is never lost
far but drifts; from an anchor frame it does not drift but may fail. So each point goes from frame to frame first, and then
to where its anchor has it, if the two agree.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from divine.face.cut import sample

STEP_WINDOW, LEVELS = 15, 2
"""Window in pixels from one frame to the next, and pyramid levels above the first."""
RETURN = 1.0
"""A point that comes back this many pixels beside where it started has not been followed."""
NOISE = 10.0
"""Grey levels by which two views of the same bare skin may differ: noise, compression, light."""
_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 0.01)

Points = Float[np.ndarray, "n 2"]


Grey = UInt8[np.ndarray, "h w"]


def step(source: Grey, target: Grey, points: Points) -> Points:
    """Follow points from one frame to the next; one that is lost stays where it was."""
    moved, found = _lucas_kanade(source, target, points, points, STEP_WINDOW, LEVELS)
    return np.where(found[:, None], moved, points)


def locked(
    source: Grey, target: Grey, points: Points, guess: Points, window: int, levels: int = 0
) -> tuple[Points, Bool[np.ndarray, " n"]]:
    """Follow points from an anchor to near ``guess``; say which of them find their way back."""
    there, found = _lucas_kanade(source, target, points, guess, window, levels)
    back, returned = _lucas_kanade(target, source, there, points, window, 0)
    return there, found & returned & (np.linalg.norm(back - points, axis=1) < RETURN)


def patches(grey: Grey, points: Points, size: int) -> Float[np.ndarray, "n k"]:
    """Return the square patch around each point, less its mean."""
    places = (points[:, None, None] + _grid(size)).reshape(-1, size, 2)
    values = sample(grey, places)
    values = values.reshape(len(points), -1).astype(np.float32)
    return values - values.mean(axis=1, keepdims=True)


@functools.cache
def _grid(size: int) -> Float[np.ndarray, "s s 2"]:
    row = np.arange(size, dtype=np.float32) - size // 2
    return np.stack(np.meshgrid(row, row), axis=-1)


def likeness(one: Float[np.ndarray, "n k"], other: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " n"]:
    """Return how alike patches are: 1 the same, 0 unrelated; their correlation where contrast is high and equal.

    1 - |a - b|² / (|a|² + |b|² + noise²): two patches of bare skin are alike however their noise differs.
    """
    power, common = _dot(one, one) + _dot(other, other), _dot(one, other)
    return 1 - (power - 2 * common) / (power + NOISE**2 * one.shape[1])


def _dot(one: Float[np.ndarray, "n k"], other: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " n"]:
    return np.einsum("nk,nk->n", one, other)


def _lucas_kanade(
    source: Grey, target: Grey, points: Points, guess: Points, window: int, levels: int
) -> tuple[Points, Bool[np.ndarray, " n"]]:
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        source,
        target,
        np.array(points, np.float32, order="C"),
        np.array(guess, np.float32, order="C"),  # written over
        winSize=(window, window),
        maxLevel=levels,
        criteria=_CRITERIA,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return moved.reshape(-1, 2).astype(np.float64), status.ravel().astype(bool)
