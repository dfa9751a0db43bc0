"""Film a synthetic face: the portrait warped by the gesture, frame by frame, with the true 68 points of each frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from divine.synthetic.field import CELL_PX, FaceField, Grid, Weights, weights_at
from divine.synthetic.mouth import MouthInterior, seam_anchor
from divine.synthetic.paint import fixed, smooth_path
from divine.synthetic.portrait import Portrait, make_portrait
from divine.synthetic.subject import FaceIdentity
from divine.synthetic.template import seam_y
from divine.synthetic.tracks import RATE_HZ, Gesture

MARK = "SYNTHETIC"
"""Drawn into every frame: a picture of nobody must not pass for a patient's."""

STRIP_PX = 22
_ROUNDS_NEAR, _ROUNDS_FAR = 3, 12
"""Rounds of inversion that leave less than 0.2 px, from the frame before, and from afar."""
_BELOW_SEAM = [*range(0, 17), *range(55, 60), *range(65, 68)]
_INNER_CORNERS = [60, 64]


class Frame(NamedTuple):
    """One picture and where its landmarks truly are."""

    time_s: float
    picture: UInt8[np.ndarray, "h w 3"]
    points_px: Float[np.ndarray, "68 2"]


class FaceCamera:
    """Renders one person's gestures.

    Args:
        face: the person.
        size: width and height, pixels; both even.
        seed: of the camera's noise.
    """

    def __init__(self, face: FaceIdentity, size: tuple[int, int] = (640, 480), seed: int = 0) -> None:
        self.portrait: Portrait = make_portrait(face, size)
        self.size = size
        self._origin, self._scale = np.array(self.portrait.origin_px), self.portrait.px_per_unit
        self._field = FaceField(face, size, self.portrait.origin_px, self._scale)
        self._mouth = MouthInterior(face, self._scale)
        rng = np.random.default_rng([face.texture_seed, seed, 7])
        noise = rng.normal(0, face.noise, (size[1] + 64, size[0] + 64, 3))
        # Sensors' grain is mostly luminance, and slightly soft after demosaicing.
        noise = cv2.GaussianBlur((0.75 * noise[..., :1] + 0.45 * noise).astype(np.float32), (0, 0), 0.5) * 1.5
        self._noise, self._rng = np.round(noise).astype(np.int16), rng
        self._strip = _strip(size[0])
        corner = self._field.corner
        x = np.linspace(-corner, corner, 41)
        self._seam = np.stack([x, seam_y(x, corner)], 1)

    def film(self, gesture: Gesture, times_s: Float[np.ndarray, " t"]) -> Iterator[Frame]:
        """Render the gesture at the given times, in order."""
        above = below = self._field.rest
        before = -np.inf
        for time in times_s:
            rounds, before = (_ROUNDS_NEAR if time - before < 0.05 else _ROUNDS_FAR), time
            index = min(round(float(time) * RATE_HZ), len(gesture.times_s) - 1)
            w = weights_at(gesture, index)
            fields = self._field.displacement(w)
            above, below = (self._field.inverse(f, start, rounds) for f, start in zip(fields, (above, below), strict=True))
            picture = self._render(w, fields, above, below, float(gesture.mouth.lids[index]))
            yield Frame(float(time), picture, self.points(w))

    def points(self, w: Weights) -> Float[np.ndarray, "68 2"]:
        """Return the true 68 points, pixels, for one frame's amplitudes."""
        upper, lower = (self._field.forward(f, self.portrait.points_units) for f in self._field.displacement(w))
        moved = upper
        moved[_INNER_CORNERS] = (upper[_INNER_CORNERS] + lower[_INNER_CORNERS]) / 2
        moved[_BELOW_SEAM] = lower[_BELOW_SEAM]
        return self._px(moved)

    def _px(self, units: np.ndarray) -> np.ndarray:
        return units * self._scale + self._origin

    def _map(self, grid: Grid, x0: int, y0: int, width: int, height: int) -> np.ndarray:
        """Enlarge an inverted grid to a map of canvas pixels for a window of the frame."""
        pixels = grid * np.float32(self._scale) + self._origin.astype(np.float32)
        enlarge = np.array([[1 / CELL_PX, 0, x0 / CELL_PX], [0, 1 / CELL_PX, y0 / CELL_PX]])
        return cv2.warpAffine(
            pixels, enlarge, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )

    def _render(self, w: Weights, fields: tuple[Grid, Grid], above: Grid, below: Grid, lids: float) -> np.ndarray:
        width, height = self.size
        texture = self._blink(lids) if lids > 0.02 else self.portrait.picture
        frame = _sample(texture, self._map(above, 0, 0, width, height))
        upper, lower = (self._px(self._field.forward(f, self._seam)) for f in fields)
        self._lower_lip(frame, texture, below, (upper + lower) / 2)
        skull = self._field.rigid(w, seam_anchor())
        jaw = self._px(skull + np.array([0.0, w.jaw]))[0]
        self._mouth.paint(frame, upper, lower, self._px(skull)[0], jaw, w.jaw)
        dx, dy = self._rng.integers(0, 64, 2)
        frame = cv2.add(frame, self._noise[dy : dy + height, dx : dx + width], dtype=cv2.CV_8U)
        frame[height - STRIP_PX :] = self._strip
        return frame

    def _lower_lip(self, frame: np.ndarray, texture: np.ndarray, below: Grid, middle: np.ndarray) -> None:
        """Replace the part of the frame under the mouth's midline by the skin below the seam, in place."""
        # Under a narrowed mouth the two fields still differ as far out as its corners lie at rest.
        wide = 14.0 * self._scale
        x0, x1 = max(int(middle[:, 0].min() - wide), 0), min(int(middle[:, 0].max() + wide), self.size[0])
        y0 = max(int(middle[:, 1].min()) - 3, 0)
        y1 = min(int(middle[:, 1].max() + 100 * self._scale), self.size[1])
        skin = _sample(texture, self._map(below, x0, y0, x1 - x0, y1 - y0))
        aside = np.array([[wide + 6.0, 0.0]])
        floor = np.array([[x1 + 6, y1 + 6], [x0 - 6, y1 + 6]])
        ring = np.concatenate([middle[:1] - aside, middle, middle[-1:] + aside, floor])
        mask = np.zeros(skin.shape[:2], np.uint8)
        cv2.fillPoly(mask, [fixed(ring - [x0, y0])], 255, cv2.LINE_8, 4)
        cv2.copyTo(skin, mask, frame[y0:y1, x0:x1])

    def _blink(self, lids: float) -> np.ndarray:
        """Return the portrait with upper lids lowered: 0 open, 1 closed."""
        texture = self.portrait.picture.copy()
        points = self._px(self.portrait.points_units)
        for top, bottom in (([36, 37, 38, 39], [36, 41, 40, 39]), ([42, 43, 44, 45], [42, 47, 46, 45])):
            # The eye's corners stay: in a blink they are what trackers hold on to.
            inner = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]) * self._scale
            lid = smooth_path(points[top] * (1 - lids) + (points[bottom] + 0.8 * inner) * lids, closed=False, per_segment=5)
            ring = np.concatenate([points[top] - 5.0 * inner, lid[::-1]])
            mask = np.zeros(texture.shape[:2], np.uint8)
            cv2.fillPoly(mask, [fixed(ring)], 255, cv2.LINE_AA, 4)
            cv2.copyTo(self.portrait.eyes_closed, mask, texture)
            dark = tuple(float(v) for v in self.portrait.skin * 0.28)
            cv2.polylines(texture, [fixed(lid)], False, dark, 1, cv2.LINE_AA, 4)
        return texture


def _sample(texture: np.ndarray, at: np.ndarray) -> np.ndarray:
    # OpenCV takes both coordinates in one map; its type stubs do not know.
    nothing: Any = None
    return cv2.remap(texture, at, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _strip(width: int) -> UInt8[np.ndarray, "h w 3"]:
    strip = np.full((STRIP_PX, width, 3), 24, np.uint8)
    text = f"{MARK}  -  rendered face and voice, not a patient"
    cv2.putText(strip, text, (8, STRIP_PX - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (240, 240, 240), 1, cv2.LINE_AA)
    return strip
