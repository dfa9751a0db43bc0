"""Closed lips on the resting face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from divine.synthetic.paint import Canvas, grain, over, polygon, stroke
from divine.synthetic.subject import FaceIdentity
from divine.synthetic.template import CORNER_X, lip_outline, seam_y

if TYPE_CHECKING:
    from divine.synthetic.portrait import Sheet


def paint_lips(canvas: Canvas, sheet: Sheet, face: FaceIdentity, skin: np.ndarray) -> Canvas:
    """Paint both lips, their seam and the shade beneath."""
    x, y = sheet.units()
    corner = CORNER_X * face.mouth_width
    upper, lower = lip_outline(face.mouth_width, face.lip_fullness)
    colour = (skin * np.array([0.80, 0.62, 0.62]) + np.array([18, 4, 8])).astype(np.float32)
    seam = seam_y(x, corner)
    top = np.interp(x[0], upper[:, 0], upper[:, 1]).astype(np.float32)[None]
    low = np.interp(x[0], lower[:, 0], lower[:, 1]).astype(np.float32)[None]
    above = np.clip((seam - y) / np.maximum(seam - top, 0.6), 0, 1)
    below = np.clip((y - seam) / np.maximum(low - seam, 0.6), 0, 1)
    creases = 0.05 * cv2.GaussianBlur(grain(sheet.shape, sheet.rng, 1.5), (1, 9), 0, sigmaY=2.2) / 0.4
    upper_shade = 0.86 - 0.10 * (1 - above) + 0.08 * above**4
    lower_shade = 0.94 + 0.17 * np.exp(-(((below - 0.42) / 0.25) ** 2)) * np.exp(-((x / 15) ** 2)) - 0.22 * below**3
    shade = np.where(y < seam, upper_shade, lower_shade) * (1 + np.clip(creases, -0.08, 0.08))
    path = np.concatenate([upper, lower[::-1]])
    # The philtrum and the shade under the lower lip belong to the skin around.
    sulcus = np.exp(-(((y - float(lower[16, 1]) - 5.5) / 4.0) ** 2)) * np.exp(-((x / 17) ** 2))
    philtrum = np.exp(-((x / 2.6) ** 2)) * np.clip((y - 55) / 6, 0, 1) * np.clip((float(upper[16, 1]) - y) / 3, 0, 1)
    canvas = canvas * (1 - 0.15 * sulcus - 0.05 * philtrum)[..., None]
    canvas = over(canvas, colour * shade[..., None], polygon(sheet.shape, sheet.px(path), 1.3) * 0.92)
    line_x = np.linspace(-corner, corner, 41)
    line = stroke(sheet.shape, sheet.px(np.stack([line_x, seam_y(line_x, corner)], 1)), 1.0, 0.7)
    fade = 1.0 - 0.55 * np.clip(np.abs(x) / corner, 0, 1) ** 4
    canvas = over(canvas, colour * 0.38, np.clip(line * 1.15 * fade, 0, 0.8))
    end = float(seam_y(np.array([corner]), corner)[0])
    for side in (-1.0, 1.0):
        pit = np.exp(-(((x - side * (corner + 1.0)) / 3.2) ** 2 + ((y - end) / 3.4) ** 2))
        canvas = canvas * (1 - 0.20 * pit)[..., None]
    return canvas
