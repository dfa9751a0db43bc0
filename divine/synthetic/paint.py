"""Small painting tools on float32 RGB canvases: soft shapes, grain, holes filled from their rims."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float

Canvas = Float[np.ndarray, "h w 3"]
Mask = Float[np.ndarray, "h w"]
_SHIFT = 4


def fixed(points: np.ndarray) -> np.ndarray:
    """Return points as OpenCV's fixed-point polygon coordinates (1/16 px)."""
    return np.round(points * (1 << _SHIFT)).astype(np.int32)


def polygon(shape: tuple[int, int], points: np.ndarray, feather_px: float = 0.8) -> Mask:
    """Return a filled polygon as a mask of 0 to 1, its edge blurred with standard deviation ``feather_px``."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [fixed(points)], 255, cv2.LINE_AA, _SHIFT)
    if feather_px > 0:
        mask = cv2.GaussianBlur(mask, (0, 0), feather_px)
    return mask.astype(np.float32) / 255


def stroke(shape: tuple[int, int], points: np.ndarray, width_px: float, feather_px: float) -> Mask:
    """Return an open line as a mask of 0 to 1."""
    mask = np.zeros(shape, np.uint8)
    cv2.polylines(mask, [fixed(points)], False, 255, max(1, round(width_px)), cv2.LINE_AA, _SHIFT)
    return cv2.GaussianBlur(mask, (0, 0), feather_px).astype(np.float32) / 255


def over(canvas: Canvas, paint: np.ndarray, mask: Mask) -> Canvas:
    """Return the canvas with a colour or a picture laid over it where the mask is 1."""
    paint = np.asarray(paint, np.float32)
    return canvas + (paint - canvas) * mask[..., None]


def grain(shape: tuple[int, int], rng: np.random.Generator, scale_px: float) -> Mask:
    """Return smooth noise of unit variance with features about ``scale_px`` wide."""
    rows, columns = (int(np.ceil(n / scale_px)) + 3 for n in shape)
    small = rng.standard_normal((rows, columns)).astype(np.float32)
    large = cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return (large - large.mean()) / (large.std() + 1e-6)


def fill(canvas: Canvas, keep: Mask) -> Canvas:
    """Fill what the mask does not keep from its rim: averages pulled up a pyramid and pushed back down."""
    colours, weights = [canvas * keep[..., None]], [keep]
    while min(weights[-1].shape) > 4:
        weight = cv2.pyrDown(weights[-1])
        colours.append(cv2.pyrDown(colours[-1]))
        weights.append(weight)
    result = colours[-1] / np.maximum(weights[-1], 1e-4)[..., None]
    for colour, weight in zip(reversed(colours[:-1]), reversed(weights[:-1]), strict=True):
        up = cv2.pyrUp(result, dstsize=(weight.shape[1], weight.shape[0]))
        own = colour / np.maximum(weight, 1e-4)[..., None]
        result = up + (own - up) * np.clip(weight, 0, 1)[..., None]
    return result


def smooth_path(points: np.ndarray, closed: bool, per_segment: int = 12) -> np.ndarray:
    """Return a Catmull-Rom curve through the points."""
    p = np.asarray(points, float)
    padded = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, per_segment, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True)
    ]
    return np.concatenate(pieces if closed else [*pieces, p[-1:]])
