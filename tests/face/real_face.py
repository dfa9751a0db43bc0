"""The one real face that tests may always use: scikit-image's photograph of public domain, and films made from it."""

from __future__ import annotations

import functools

import cv2
import numpy as np
from skimage import data

from benchmarks.warped_faces import Photograph, photograph
from divine.face.finder import Finder
from divine.face.mesh import Shape

RIGHT_PUPIL, LEFT_PUPIL = (201, 101), (246, 103)
"""Read off the photograph by eye."""


@functools.cache
def picture() -> np.ndarray:
    """512 x 512, RGB."""
    return data.astronaut()


@functools.cache
def face() -> Photograph:
    """640 x 480, outer eye corners 95 px apart."""
    return photograph("astronaut", data.astronaut(), oed=95.0)


@functools.cache
def shape() -> Shape:
    """The mesh of ``face()``."""
    found = Finder()(face().image, 0.0).shape
    assert found is not None
    return found


def placed(height: int, width: int, *copies: tuple[int, int, float]) -> np.ndarray:
    """A grey picture with copies of the head at (left, top, scale)."""
    canvas = np.full((height, width, 3), 128, np.uint8)
    head = picture()[10:200, 120:330]
    for left, top, scale in copies:
        part = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas
