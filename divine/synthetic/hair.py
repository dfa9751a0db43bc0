"""Hair, brows and beard: strands of stretched noise in a drawn shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from divine.synthetic.paint import Canvas, Mask, fixed, grain, over, polygon, smooth_path
from divine.synthetic.subject import FaceIdentity

if TYPE_CHECKING:
    from divine.synthetic.portrait import Sheet

_SHADES = np.array([[28, 22, 20], [62, 42, 28], [112, 78, 46], [190, 152, 98]], np.float32)


def hair_colour(face: FaceIdentity) -> np.ndarray:
    """Return the person's hair colour, RGB."""
    place = face.hair_depth * (len(_SHADES) - 1)
    colour = np.array([np.interp(place, np.arange(len(_SHADES)), _SHADES[:, k]) for k in range(3)], np.float32)
    return colour + (np.array([168, 166, 164], np.float32) - colour) * face.hair_grey * 0.9


def _strands(sheet: Sheet, rng: np.random.Generator, centre: tuple[float, float]) -> Mask:
    """Return strand noise of unit variance that runs away from ``centre`` (face units)."""
    x, y = sheet.units()
    angle = np.arctan2(x - centre[0], -(y - centre[1])) / np.pi
    radius = np.hypot(x - centre[0], y - centre[1]) / 160
    total = np.zeros(sheet.shape, np.float32)
    for across, along, weight in ((220, 5, 1.0), (90, 4, 0.9), (34, 3, 0.7)):
        tile = rng.standard_normal((along + 3, across + 3)).astype(np.float32)
        wave = 0.012 * np.sin(radius * 9 + across)
        columns = ((angle + wave) * 0.5 + 0.5) * across + 1
        rows = np.clip(radius * along, 0, along + 1)
        total += weight * cv2.remap(
            tile, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
    return total / total.std()


def _paint(
    canvas: Canvas, sheet: Sheet, face: FaceIdentity, rng: np.random.Generator, mask: Mask, centre: tuple[float, float]
) -> Canvas:
    x, y = sheet.units()
    strands = _strands(sheet, rng, centre)
    gloss = np.exp(-(((np.hypot(x, y - 5) - 92) / 16) ** 2)) * np.exp(-((x / 70) ** 2))
    shade = 0.88 + 0.11 * strands + 0.28 * gloss - 0.25 * np.clip((np.abs(x) - 62) / 40, 0, 1)
    return over(canvas, hair_colour(face) * np.clip(shade, 0.25, 1.7)[..., None], mask)


def paint_hair_back(canvas: Canvas, sheet: Sheet, face: FaceIdentity) -> Canvas:
    """Lay the hair that hangs behind the neck."""
    if face.hair != "long":
        return canvas
    half = sheet.points[16, 0]
    shape = np.array(
        [
            [0.0, -112],
            [half * 0.75, -98],
            [half + 16, -40],
            [half + 21, 30],
            [half + 17, 105],
            [half + 2, 150],
            [half - 30, 158],
        ]
    )
    outline = smooth_path(np.concatenate([shape, shape[:0:-1] * [-1, 1]]), closed=True)
    rng = np.random.default_rng([face.texture_seed, 4])
    rough = outline + rng.normal(0, 0.9, outline.shape)
    return _paint(canvas, sheet, face, rng, polygon(sheet.shape, sheet.px(rough), 1.6), (0.0, -95.0))


def paint_hair_front(canvas: Canvas, sheet: Sheet, face: FaceIdentity, rng: np.random.Generator) -> Canvas:
    """Lay the hair that frames the forehead; a bald head keeps a thin fringe at its sides."""
    half = sheet.points[16, 0]
    if face.hair == "bald":
        inner = [[half * 0.95, -2], [half * 0.90, -30], [half * 0.86, -52], [half * 0.93, -64]]
        outer = [[half + 4, -52], [half + 6.5, -20], [half + 2, 6]]
        sides = [np.array(inner + outer) * [s, 1] for s in (1.0, -1.0)]
        mask = np.maximum(*(polygon(sheet.shape, sheet.px(smooth_path(side, closed=True)), 2.6) for side in sides)) * 0.8
        thin = np.clip(0.75 + 0.25 * grain(sheet.shape, rng, 1.6), 0, 1)
        return _paint(canvas, sheet, face, rng, mask * thin, (0.0, -90.0))
    volume = rng.uniform(6, 15)
    line = rng.uniform(-66, -52)
    part = rng.uniform(-30, 30)
    dip = rng.uniform(0, 9)
    crown = [
        [half + volume * 0.6, -30],
        [half * 0.92 + volume * 0.8, -68],
        [half * 0.55 + volume * 0.6, -98 - volume * 0.7],
        [0, -106 - volume],
    ]
    hairline = [[part, line - dip], [half * 0.52, line + 4], [half * 0.80, line + 16], [half * 0.94, -26]]
    if face.hair == "long":
        # Long hair falls over the ears and joins what hangs behind the neck.
        side = [[half * 0.93, 10], [half * 0.97, 60], [half + 6, 88], [half + 17, 80], [half + 15, 20]]
    else:
        side = [[half * 0.965, -4], [half + 3.0, 0]]
    right_line = [[part - 14, line - dip + 1], [-half * 0.52, line + 4], [-half * 0.80, line + 16], [-half * 0.94, -26]]
    outline = [
        *crown[::-1][:1],
        *[[-a, b] for a, b in crown[::-1][1:]],
        *[[-a, b] for a, b in side[::-1]],
        *right_line[::-1],
        *hairline,
        *side,
        *crown[:-1],
    ]
    path = smooth_path(np.array(outline), closed=True, per_segment=16)
    mask = polygon(sheet.shape, sheet.px(path + rng.normal(0, 0.7, path.shape)), 1.5)
    # Strands end unevenly: push the soft edge in and out with fine noise.
    soft = cv2.GaussianBlur(mask, (0, 0), 3.2)
    ragged = np.clip((soft + 0.16 * _strands(sheet, rng, (part, -92.0)) - 0.5) * 5 + 0.5, 0, 1)
    inside = np.where(mask > 0.97, 1.0, np.minimum(ragged, np.clip(mask * 2.2, 0, 1)))
    shadow = cv2.GaussianBlur(np.roll(inside, round(5 * sheet.scale), 0), (0, 0), 5) * (1 - inside)
    return _paint(canvas * (1 - 0.22 * shadow)[..., None], sheet, face, rng, inside.astype(np.float32), (part, -92.0))


def paint_brows(canvas: Canvas, sheet: Sheet, face: FaceIdentity, rng: np.random.Generator) -> Canvas:
    """Draw both brows as short strokes along points 17-26."""
    mask = np.zeros((sheet.shape[0] * 2, sheet.shape[1] * 2), np.uint8)
    for side in (slice(17, 22), slice(22, 27)):
        spine = smooth_path(sheet.points[side], closed=False, per_segment=24)
        outward = np.sign(spine[:, 0].mean())
        place = np.linspace(0, 1, len(spine))
        along = place if outward > 0 else 1 - place
        thick = 3.6 * face.brow_weight * np.clip(np.minimum(0.45 + along * 3, (1.04 - along) * 2.0), 0.05, 1)
        for point, size, reach in zip(spine, thick, along, strict=True):
            for _ in range(3):
                lean = np.radians(65 - 62 * reach + rng.normal(0, 11))
                length = rng.uniform(3.5, 6.0)
                jitter = np.array([rng.normal(0, 0.7), rng.uniform(-0.75, 0.75) * size + 1.0])
                start = point + jitter
                end = start + np.array([outward * np.cos(lean) * length, -np.sin(lean) * length * 0.8])
                (ax, ay), (bx, by) = fixed(sheet.px(np.stack([start, end])) * 2).tolist()
                cv2.line(mask, (ax, ay), (bx, by), 255, 1, cv2.LINE_AA, 4)
    soft = (
        cv2.GaussianBlur(cv2.resize(mask, sheet.shape[::-1], interpolation=cv2.INTER_AREA), (0, 0), 0.6).astype(np.float32)
        / 255
    )
    # Brows grey later than hair, and the skin shows through them.
    colour = 0.75 * np.minimum(hair_colour(face), 130.0) * np.array([0.96, 0.86, 0.78], np.float32)
    return over(canvas, colour, np.clip(soft * 0.72, 0, 0.72))


def paint_beard(canvas: Canvas, sheet: Sheet, face: FaceIdentity) -> Canvas:
    """Darken the beard's region: stubble, or a short beard that leaves the lips free."""
    if face.beard < 0.05:
        return canvas
    x, y = sheet.units()
    half = np.interp(np.abs(y), sheet.points[8:17, 1][::-1], sheet.points[8:17, 0][::-1])
    cheek = np.clip((y - 58 - 14 * np.clip(1 - np.abs(x) / half, 0, 1) + 0.0) / 16, 0, 1)
    sideburn = np.clip((np.abs(x) / half - 0.82) / 0.1, 0, 1) * np.clip((y - 5) / 20, 0, 1)
    moustache = np.clip(1 - np.abs(y - 62) / 8, 0, 1) * np.clip((36 - np.abs(x)) / 8, 0, 1)
    zone = np.maximum(np.maximum(cheek, sideburn), moustache * 0.9)
    hairs = np.clip(0.62 + 0.3 * grain(sheet.shape, sheet.rng, 1.3) + 0.15 * grain(sheet.shape, sheet.rng, 3.0), 0, 1)
    return over(canvas, hair_colour(face) * 0.8 + 12, np.clip(zone * hairs * face.beard, 0, 0.86).astype(np.float32))
