"""A person who does not exist: the picture that the motion then moves.

The skin of a public-domain photograph (``skimage.data.astronaut``) is averaged with its mirror image, warped to drawn
proportions and recoloured; mouth, brows, hair, beard, clothes and room are painted, so nobody recognisable is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np
from jaxtyping import UInt8
from skimage.data import astronaut

from divine.synthetic.hair import paint_beard, paint_brows, paint_hair_back, paint_hair_front
from divine.synthetic.lips import paint_lips
from divine.synthetic.paint import Canvas, Mask, fill, grain, over, polygon, smooth_path, stroke
from divine.synthetic.subject import FaceIdentity
from divine.synthetic.template import person_points, photo_map, to_photo

_SKIN = np.array([[240, 203, 182], [226, 182, 152], [190, 141, 108], [142, 98, 72], [98, 66, 50]], np.float32)


@dataclass(frozen=True, eq=False)
class Portrait:
    """A person at rest on a canvas of the film's size."""

    picture: UInt8[np.ndarray, "h w 3"]
    eyes_closed: UInt8[np.ndarray, "h w 3"]
    points_units: np.ndarray
    """The 68 points at rest, in face units."""
    origin_px: tuple[float, float]
    px_per_unit: float
    skin: np.ndarray


@dataclass(frozen=True, eq=False)
class Sheet:
    """Where face units lie on the canvas; what every painter needs."""

    shape: tuple[int, int]
    origin: tuple[float, float]
    scale: float
    points: np.ndarray
    rng: np.random.Generator

    def px(self, units: np.ndarray) -> np.ndarray:
        return np.asarray(units, float) * self.scale + np.array(self.origin)

    def units(self) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = np.mgrid[0 : self.shape[0], 0 : self.shape[1]].astype(np.float32)
        return (columns - self.origin[0]) / self.scale, (rows - self.origin[1]) / self.scale


@cache
def _photo() -> np.ndarray:
    return astronaut()[:320, 80:380].astype(np.float32)


def skin_colour(face: FaceIdentity) -> np.ndarray:
    """Return the person's mean skin colour, RGB."""
    place = face.skin_depth * (len(_SKIN) - 1)
    colour = np.array([np.interp(place, np.arange(len(_SKIN)), _SKIN[:, k]) for k in range(3)], np.float32)
    return colour * (1 + face.skin_warmth * np.array([0.012, 0.0, -0.022], np.float32))


def _outline(points: np.ndarray) -> np.ndarray:
    jaw = points[:17]
    half = points[16, 0]
    crown = [[half * 0.99, -22], [half * 0.9, -52], [half * 0.66, -80], [half * 0.3, -96], [0, -99]]
    left = np.array(crown)
    return smooth_path(np.concatenate([jaw, left, left[-2::-1] * [-1, 1]]), closed=True)


def _borrowed(sheet: Sheet) -> tuple[Canvas, Mask]:
    """Return the photograph's skin on this person's proportions, and where it may be trusted."""
    source = photo_map(sheet.points, sheet.shape[1], sheet.shape[0], sheet.origin, sheet.scale)
    halves = []
    for sign in (1.0, -1.0):
        at = (to_photo(source * [sign, 1.0]) - [80.0, 0.0]).astype(np.float32)
        halves.append(cv2.remap(_photo(), at[..., 0], at[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
    x, y = source[..., 0], source[..., 1]
    inside = polygon(sheet.shape, sheet.px(_outline(sheet.points) * [0.93, 0.955]), 3.0)
    below_brow = np.clip((y + 13.0 - 4.0 * np.exp(-((np.abs(x) - 35) ** 2) / 500)) / 4.0, 0, 1)
    bridge = np.clip((y + 22.0) / 14.0, 0, 1) * np.clip((16.0 - np.abs(x)) / 10.0, 0, 1)
    mouth = np.clip((np.hypot(x / 47.0, (y - 76.0) / 21.5) - 1.0) * 6.0, 0, 1)
    nostrils = np.clip((53.5 - y) / 1.5, 0, 1) * (np.abs(x) < 20)
    temples = 1 - np.clip((np.abs(x) - 54) / 5, 0, 1) * np.clip((7 - y) / 5, 0, 1)
    trusted = inside * temples * np.maximum(below_brow, bridge) * np.maximum(mouth, nostrils)
    return 0.5 * (halves[0] + halves[1]), trusted.astype(np.float32)


def _skin(sheet: Sheet, face: FaceIdentity) -> Canvas:
    """Return skin over the whole canvas: borrowed where the photograph is trusted, else modelled, in the person's tone."""
    borrowed, trusted = _borrowed(sheet)
    x, y = sheet.units()
    sure = trusted > 0.98
    eyes = np.maximum(
        *(polygon(sheet.shape, sheet.px(_eye_patch(sheet.points[e])), 2.0) for e in (slice(36, 42), slice(42, 48)))
    )
    sample = sure & (eyes < 0.02) & (np.abs(x) < 58) & (y > 8) & (y < 112)
    mean = borrowed[sample].mean(0)
    # Below the brows colour is borrowed; above them a level forehead continues the cheeks' mean.
    model = mean * (1.03 - 0.10 * np.clip(np.hypot(x / 78, (y + 20) / 105), 0, 1.4)[..., None] ** 3)
    forehead = np.clip((-8.0 - y) / 18.0, 0, 1)
    filled = fill(borrowed, trusted)
    skin = over(filled, model, forehead * (1 - trusted))
    tone = skin_colour(face) / mean
    depth = np.clip(skin / mean, 0, 3) ** (1.0 + 0.25 * face.skin_depth)
    coloured = depth * mean * tone
    whites = np.maximum(*(polygon(sheet.shape, sheet.px(sheet.points[e]), 1.0) for e in (slice(36, 42), slice(42, 48))))
    coloured = over(coloured, skin * np.array([0.97, 0.98, 1.0]), whites)
    texture = (
        0.011 * grain(sheet.shape, sheet.rng, 1.6)
        + 0.013 * grain(sheet.shape, sheet.rng, 4.0)
        + 0.02 * grain(sheet.shape, sheet.rng, 38.0)
    )
    return coloured * (1 + texture * (1 - whites))[..., None]


def _eye_patch(eye: np.ndarray) -> np.ndarray:
    centre = eye.mean(0)
    return centre + (eye - centre) * [1.25, 2.1]


def _iris(canvas: Canvas, sheet: Sheet, face: FaceIdentity) -> Canvas:
    """Recolour the irises: brown as borrowed, towards grey-blue for fair irises."""
    for eye in (slice(36, 42), slice(42, 48)):
        corner = sheet.points[eye]
        centre = sheet.px(corner.mean(0)[None])[0]
        radius = 6.2 * sheet.scale
        circle = centre + radius * np.stack([np.cos(a := np.linspace(0, 2 * np.pi, 40)), np.sin(a)], 1)
        mask = polygon(sheet.shape, circle, 1.0) * polygon(sheet.shape, sheet.px(corner), 0.8)
        grey = canvas.mean(2, keepdims=True)
        colour = grey * np.array([0.85, 1.02, 1.16], np.float32) * 1.25
        canvas = over(canvas, colour, mask * 0.8 * face.iris)
    return canvas


def _lines(canvas: Canvas, sheet: Sheet, face: FaceIdentity) -> Canvas:
    """Darken folds: nasolabial, under the lower lip, and with age the forehead and the eyes' corners."""
    corner = sheet.points[54, 0]
    shade = np.zeros(sheet.shape, np.float32)
    for side in (-1.0, 1.0):
        fold = smooth_path(np.array([[20.0, 47], [29, 58], [corner + 8, 72], [corner + 8, 84]]) * [side, 1], closed=False)
        shade += (0.05 + 0.16 * face.wrinkles) * stroke(sheet.shape, sheet.px(fold), 2.2, 3.0)
        for k in range(3):
            foot = np.array([[54.0, -2 + 3.5 * k], [60, -4 + 5.5 * k], [66, -5 + 7.0 * k]]) * [side, 1]
            shade += 0.16 * face.wrinkles * stroke(sheet.shape, sheet.px(foot), 1.0, 1.0)
        bag = smooth_path(np.array([[22.0, 9], [34, 13.5], [46, 9]]) * [side, 1], closed=False)
        shade += (0.05 + 0.16 * face.wrinkles) * stroke(sheet.shape, sheet.px(bag), 2.0, 1.8)
    for k, y in enumerate((-42.0, -53.0, -64.0)):
        x = np.linspace(-42 + 4 * k, 42 - 4 * k, 9)
        crease = np.stack([x, y + 2.5 * np.cos(x / 16 + k)], 1)
        shade += 0.15 * face.wrinkles * stroke(sheet.shape, sheet.px(crease), 2.0, 1.5)
    return canvas * (1 - np.clip(shade, 0, 0.5))[..., None]


def _room(sheet: Sheet, face: FaceIdentity) -> Canvas:
    height, width = sheet.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    fall = (
        1.0
        + 0.22 * np.cos(np.radians(face.light_deg)) * (0.5 - rows / height)
        + 0.25 * np.sin(np.radians(face.light_deg)) * (columns / width - 0.5)
    )
    wall = np.array(face.wall, np.float32) * fall[..., None]
    return np.clip(wall * (1 + 0.025 * grain(sheet.shape, sheet.rng, 120.0)[..., None]), 0, 255)


def _both(left: np.ndarray) -> np.ndarray:
    """Return a smooth symmetric ring from its left half (x of 0 or more), listed from one end on the midline to the other."""
    right = (left[::-1] * [-1, 1])[: -1 if left[0, 0] == 0 else None]
    return smooth_path(np.concatenate([left, right]), closed=True)


def _body(canvas: Canvas, sheet: Sheet, face: FaceIdentity, skin: np.ndarray) -> Canvas:
    x, y = sheet.units()
    jaw = abs(sheet.points[5, 0])
    neck = _both(np.array([[jaw * 0.95, 60.0], [jaw * 0.9, 130], [jaw * 0.98, 165], [jaw * 1.1, 200]]))
    chin = sheet.points[8, 1]
    throat = 0.62 + 0.30 * np.clip((y - chin) / 60.0, 0, 1) - 0.16 * np.clip(np.abs(x) / jaw, 0, 1) ** 2
    tone = skin * throat[..., None] * (1 + 0.015 * grain(sheet.shape, sheet.rng, 3.0))[..., None]
    canvas = over(canvas, tone, polygon(sheet.shape, sheet.px(neck), 1.5))
    half = np.array([[0.0, 192], [26, 186], [46, 172], [100, 190], [165, 214], [200, 300], [210, 420]])
    shoulders = _both(half)
    cloth = np.array(face.shirt, np.float32) * (1.05 - 0.25 * np.clip(np.abs(x) / 190, 0, 1) ** 2)[..., None]
    cloth = cloth * (1 + 0.022 * grain(sheet.shape, sheet.rng, 40.0) + 0.015 * grain(sheet.shape, sheet.rng, 1.5))[..., None]
    return over(canvas, cloth, polygon(sheet.shape, sheet.px(shoulders), 1.2))


def _ears(canvas: Canvas, sheet: Sheet, skin: np.ndarray) -> Canvas:
    half = sheet.points[16, 0]
    for side in (-1.0, 1.0):
        ear = smooth_path(
            np.array([[half - 3, -6], [half + 5, -10], [half + 10, 2], [half + 7, 20], [half + 1, 36], [half - 6, 30]])
            * [side, 1],
            closed=True,
        )
        canvas = over(canvas, skin * 0.88, polygon(sheet.shape, sheet.px(ear), 1.0))
        inner = np.array([[half + 1, 0], [half + 6, 2], [half + 4, 14], [half, 22]]) * [side, 1]
        canvas = canvas * (1 - 0.28 * stroke(sheet.shape, sheet.px(inner), 3.0, 1.6))[..., None]
    return canvas


def _light(canvas: Canvas, sheet: Sheet, face: FaceIdentity, head: Mask) -> Canvas:
    """Shade the head as an ellipsoid lit from one side."""
    x, y = sheet.units()
    nx, ny = np.clip(x / 95, -1, 1), np.clip((y - 15) / 150, -1, 1)
    angle = np.radians(face.light_deg)
    lit = nx * np.sin(angle) - ny * np.cos(angle) * 0.7
    rim = np.clip(np.abs(x) / 80, 0, 1) ** 4
    gain = 1 + face.light_strength * lit - 0.10 * rim
    return canvas * (1 + (gain - 1) * head)[..., None]


def _close_eyes(canvas: Canvas, sheet: Sheet) -> Canvas:
    keep = np.ones(sheet.shape, np.float32)
    for eye in (slice(36, 42), slice(42, 48)):
        corner = sheet.points[eye]
        keep *= 1 - polygon(sheet.shape, sheet.px(corner.mean(0) + (corner - corner.mean(0)) * [1.1, 1.55]), 1.0)
    return fill(canvas, (keep > 0.9).astype(np.float32)) * (0.97 + 0.03 * keep)[..., None]


@lru_cache(maxsize=2)  # a person's recordings follow each other, and painting one takes as long as filming two seconds
def make_portrait(face: FaceIdentity, size: tuple[int, int] = (640, 480)) -> Portrait:
    """Paint a person at rest.

    Args:
        face: proportions, colours, room.
        size: width and height of the film, pixels.
    """
    zoom = min(size[0] / 640, size[1] / 480)
    scale = face.px_per_unit * zoom
    origin = (size[0] / 2 + face.offset_px[0] * zoom, size[1] * 0.43 + face.offset_px[1] * zoom)
    sheet = Sheet((size[1], size[0]), origin, scale, person_points(face), np.random.default_rng([face.texture_seed, 1]))
    skin = skin_colour(face)
    canvas = _room(sheet, face)
    canvas = paint_hair_back(canvas, sheet, face)
    canvas = _body(canvas, sheet, face, skin)
    canvas = _ears(canvas, sheet, skin)
    head = polygon(sheet.shape, sheet.px(_outline(sheet.points)), 1.1)
    surface = _lines(_iris(_skin(sheet, face), sheet, face), sheet, face)
    surface = paint_beard(surface, sheet, face)
    surface = paint_lips(surface, sheet, face, skin)
    closed = _close_eyes(surface, sheet)
    faces = []
    for inner in (surface, closed):
        full = over(canvas, inner, head)
        full = paint_brows(full, sheet, face, np.random.default_rng([face.texture_seed, 2]))
        full = paint_hair_front(full, sheet, face, np.random.default_rng([face.texture_seed, 3]))
        lit = cv2.GaussianBlur(head, (0, 0), 3 * zoom)
        faces.append(np.clip(_light(full, sheet, face, np.maximum(lit, 0.0)), 0, 255).astype(np.uint8))
    return Portrait(faces[0], faces[1], sheet.points, origin, scale, skin)
