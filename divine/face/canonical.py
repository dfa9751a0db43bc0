"""The canonical crop: the face upright, at one size, wherever the head is, so that pixels can be compared over time."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from divine.face.cut import Affine, apply, cut, inverse
from divine.face.mesh import EYES

OED = 96
"""Distance of the outer eye corners in the crop, in pixels; all distances in this room are in parts of it."""
WIDTH, HEIGHT = 160, 240
EYES_AT = (WIDTH / 2, 0.52 * OED)


class Canonical(NamedTuple):
    """One frame's face, upright. Where exactly the crop lies does not matter: points are mapped back by the same matrix."""

    grey: UInt8[np.ndarray, "h w"]
    to_crop: Affine

    def crop_of(self, points_px: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
        """Map picture to crop."""
        return apply(self.to_crop, points_px)

    def picture_of(self, points: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
        """Map crop to picture."""
        return apply(inverse(self.to_crop), points)


def canonical(image: UInt8[np.ndarray, "h w 3"], vertices_px: Float[np.ndarray, "468 3"]) -> Canonical:
    """Cut the face out of an RGB picture, by its outer eye corners."""
    right, left = vertices_px[EYES[0], :2], vertices_px[EYES[1], :2]
    across = (left - right) / OED
    turn = np.array([[across[0], -across[1]], [across[1], across[0]]])
    to_picture = np.column_stack([turn, (right + left) / 2 - turn @ np.array(EYES_AT)])
    return Canonical(cut(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), to_picture, WIDTH, HEIGHT), inverse(to_picture))
