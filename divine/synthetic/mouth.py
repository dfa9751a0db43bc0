"""The inside of the mouth: a dark cavity, teeth and tongue, clipped by the lips' inner contours."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from divine.synthetic.paint import fixed
from divine.synthetic.subject import FaceIdentity
from divine.synthetic.template import SEAM_Y

_STRIP_SCALE = 8
"""Pixels per face unit in which teeth are painted, before they are reduced to the film's scale."""

_STRIP_UNITS = (64, 22)
_UPPER_MM = (8.6, 6.6, 7.0, 5.4, 4.4)
_LOWER_MM = (5.4, 5.8, 6.0, 5.4, 4.6)

Contour = Float[np.ndarray, "_ 2"]


def _teeth(widths: tuple[float, ...], upper: bool, ivory: np.ndarray) -> UInt8[np.ndarray, "h w 4"]:
    """Paint a row of teeth, RGBA; its biting edge lies 3 units from the strip's end, the gum beyond the necks."""
    width, height = (n * _STRIP_SCALE for n in _STRIP_UNITS)
    strip = np.zeros((height, width, 4), np.uint8)
    edge, neck = 3.0, 13.5
    cv2.rectangle(strip, (0, round(neck * _STRIP_SCALE)), (width, height), (168, 92, 92, 255), -1)
    for side in (-1.0, 1.0):
        x = 0.25
        for k, tooth in enumerate(widths):
            # Teeth curve away: those further back look narrower, shorter and darker.
            wide = tooth * (1 - 0.07 * k)
            top, base = edge + (0.9 if k == 1 else 0.25 * k), neck + (0.5 if k in (0, 2) else -0.4)
            near, far, middle = x + 0.15, x + wide - 0.15, x + wide * 0.5
            edge_line = [[near, top + 0.7], [x + 0.9, top], [x + wide - 0.9, top], [far, top + 0.7]]
            corners = np.array([[x, base], *edge_line, [x + wide, base], [middle, base + 1.4]])
            corners = (corners * [side, 1] + [_STRIP_UNITS[0] / 2, 0]) * _STRIP_SCALE
            shade = ivory * (1.0 - 0.10 * k)
            cv2.fillPoly(strip, [fixed(corners)], (*(float(c) for c in shade), 255.0), cv2.LINE_AA, 4)
            cv2.polylines(strip, [fixed(corners)], True, (*(float(c) * 0.80 for c in shade), 255.0), 2, cv2.LINE_AA, 4)
            x += wide + 0.12
    return strip[::-1].copy() if upper else strip


class MouthInterior:
    """Paints one person's mouth cavity into frames."""

    def __init__(self, face: FaceIdentity, px_per_unit: float) -> None:
        self._scale = px_per_unit
        age = 1.0 - 0.12 * face.wrinkles
        ivory = np.array([238.0, 230.0, 214.0]) * [1.0, 0.99 * age**0.3, 0.97 * age]
        film = tuple(round(n * px_per_unit) for n in _STRIP_UNITS)
        rows = (_teeth(_UPPER_MM, True, ivory * 0.93), _teeth(_LOWER_MM, False, ivory * 0.82))
        self._upper, self._lower = (cv2.resize(row, film, interpolation=cv2.INTER_AREA) for row in rows)

    def _lay(
        self, picture: np.ndarray, strip: np.ndarray, centre: np.ndarray, edge_from_top: float, shape: tuple[int, int]
    ) -> np.ndarray:
        place = np.array([[1, 0, centre[0] - strip.shape[1] / 2], [0, 1, centre[1] - self._scale * edge_from_top]])
        row = cv2.warpAffine(strip, place, (shape[1], shape[0])).astype(np.float32)
        alpha = row[..., 3:] / 255
        return picture * (1 - alpha) + row[..., :3] * alpha

    def paint(
        self,
        frame: UInt8[np.ndarray, "h w 3"],
        upper: Contour,
        lower: Contour,
        skull: np.ndarray,
        jaw: np.ndarray,
        drop_units: float,
    ) -> None:
        """Paint the opening between two contours into ``frame``, in place.

        Args:
            frame: the picture.
            upper: inner edge of the upper lip, pixels, from the right corner to the left.
            lower: inner edge of the lower lip.
            skull: where the seam's middle lies on the unmoving skull, pixels.
            jaw: where it lies on the lower jaw.
            drop_units: how far the jaw has dropped.
        """
        gap = (lower - upper)[:, 1]
        if gap.max() < 0.35:
            return
        ring = np.concatenate([upper, lower[::-1]])
        x0, y0 = np.maximum(np.floor(ring.min(0)).astype(int) - 4, 0).tolist()
        x1, y1 = np.minimum(np.ceil(ring.max(0)).astype(int) + 5, (frame.shape[1], frame.shape[0])).tolist()
        shape, corner = (y1 - y0, x1 - x0), np.array([x0, y0])
        mask = np.zeros(shape, np.uint8)
        cv2.fillPoly(mask, [fixed(ring - corner)], 255, cv2.LINE_AA, 4)
        inside = mask.astype(np.float32)[..., None] / 255
        depth = cv2.GaussianBlur(mask, (0, 0), 2.2 * self._scale).astype(np.float32)[..., None] / 255
        picture = np.broadcast_to(np.array([62.0, 20.0, 22.0], np.float32), (*shape, 3)) * (1.25 - 0.9 * depth)
        tongue = jaw - corner + np.array([0.0, self._scale * (9.0 - 0.10 * drop_units)])
        radii = (round(self._scale * 18 * 16), round(self._scale * (6 + 0.22 * drop_units) * 16))
        blob = np.zeros(shape, np.uint8)
        cv2.ellipse(blob, tuple(int(v) for v in fixed(tongue)), radii, 0, 0, 360, 255, -1, cv2.LINE_AA, 4)
        blob = cv2.GaussianBlur(blob, (0, 0), 1.6 * self._scale).astype(np.float32)[..., None] / 255
        picture = picture + (np.array([158.0, 78.0, 76.0], np.float32) - picture) * blob * 0.85
        picture = self._lay(picture, self._lower, jaw - corner + np.array([0.0, self._scale * 0.5]), 3.0, shape)
        picture = self._lay(
            picture, self._upper, skull - corner + np.array([0.0, self._scale * 1.6]), _STRIP_UNITS[1] - 3.0, shape
        )
        # The lips shade what lies behind them, most near their edges.
        picture = picture * (0.30 + 0.72 * np.clip(depth * 1.25, 0, 1))
        region = frame[y0:y1, x0:x1]
        region[:] = (region + (picture - region) * inside).astype(np.uint8)


def seam_anchor() -> Contour:
    """Return the seam's middle at rest, face units, as one point."""
    return np.array([[0.0, SEAM_Y]])
