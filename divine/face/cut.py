"""Cutting a turned and scaled window out of a picture, without aliasing when the face is large."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

Affine = Float[np.ndarray, "2 3"]


def apply(matrix: Affine, points: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Map points by an affine matrix."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def inverse(matrix: Affine) -> Affine:
    """Return the affine matrix that undoes another."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def compose(outer: Affine, inner: Affine) -> Affine:
    """Return the affine matrix that applies ``inner``, then ``outer``."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def cut(image: UInt8[np.ndarray, "h w *c"], to_picture: Affine, width: int, height: int) -> UInt8[np.ndarray, "h2 w2 *c"]:
    """Return the window whose pixels ``to_picture`` maps into the picture; beyond the picture its edge is repeated."""
    scale = float(np.sqrt(abs(np.linalg.det(to_picture[:, :2]))))
    shrink = int(scale + 0.01)
    if shrink >= 2:  # average whole blocks first: bilinear sampling alone would skip pixels
        corners = apply(to_picture, np.array([[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]]))
        low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, None)
        high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, image.shape[1::-1])
        blocks = (high - low) // shrink
        if (blocks >= 2).all():
            part = image[low[1] : low[1] + blocks[1] * shrink, low[0] : low[0] + blocks[0] * shrink]
            image = cv2.resize(part, (int(blocks[0]), int(blocks[1])), interpolation=cv2.INTER_AREA)
            centre = (shrink - 1) / 2  # of the first block
            to_picture = np.column_stack([to_picture[:, :2], to_picture[:, 2] - low - centre]) / shrink
    return cv2.warpAffine(
        image, to_picture, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )


def sample(image: UInt8[np.ndarray, "h w *c"], places: Float[np.ndarray, "h2 w2 2"]) -> UInt8[np.ndarray, "h2 w2 *c"]:
    """Return the picture's values at ``places`` (column, row), bilinearly; beyond the picture its edge is repeated."""
    nothing = np.empty(0, np.float32)  # both coordinates come in the first map
    return cv2.remap(image, places.astype(np.float32), nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
