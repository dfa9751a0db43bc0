"""How the face's skin moves: a displacement field that is a sum of fixed shapes, and its inverse for rendering.

A point ``u`` at rest (face units) goes to ``u + D(u)``. ``D`` has one version for the skin above the lips' seam and one
for the skin below; beyond the mouth's corners they agree, between them they part, and the mouth's inside shows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from jaxtyping import Float

from divine.synthetic.subject import FaceIdentity
from divine.synthetic.template import CORNER_X, MM_PER_UNIT, seam_y
from divine.synthetic.tracks import Gesture

CELL_PX = 4
"""Grid on which fields are evaluated and inverted; they are smooth over a few cells."""

_JAW_TOP, _JAW_FULL = 53.0, 110.0
_LIP = 12.0
"""Height of a full lip, in face units."""
_BROW_FREE, _BROW_HELD = -12.0, -3.0
"""Above the first height the skin goes with the brow, below the second it does not: ligaments hold the corners of the eyes."""

Grid = Float[np.ndarray, "h w 2"]


class Weights(NamedTuple):
    """One frame's amplitudes, in face units (angles in radians): the coefficients of the shapes."""

    jaw: float
    aperture: float
    upper: float
    left: tuple[float, float]
    """Displacement (x, y) of the corner on the subject's left, which is the right of the picture."""
    right: tuple[float, float]
    pucker: float
    skew: float
    brow_left: float
    brow_right: float
    head: tuple[float, float, float, float, float]
    """x, y, roll, yaw, pitch."""


def weights_at(gesture: Gesture, index: int) -> Weights:
    """Return the amplitudes of the gesture's sample ``index``."""
    m, h = gesture.mouth, gesture.head
    unit = 1.0 / MM_PER_UNIT
    return Weights(
        jaw=float(m.jaw_mm[index]) * unit,
        aperture=float(m.aperture_mm[index]) * unit,
        upper=float(m.upper_mm[index]) * unit,
        left=(float(m.left_out_mm[index]) * unit, -float(m.left_up_mm[index]) * unit),
        right=(-float(m.right_out_mm[index]) * unit, -float(m.right_up_mm[index]) * unit),
        pucker=float(m.pucker[index]),
        skew=float(m.skew[index]),
        brow_left=float(m.brow_left_mm[index]) * unit,
        brow_right=float(m.brow_right_mm[index]) * unit,
        head=(
            float(h.x_mm[index]) * unit,
            float(h.y_mm[index]) * unit,
            float(np.radians(h.roll_deg[index])),
            float(np.radians(h.yaw_deg[index])),
            float(np.radians(h.pitch_deg[index])),
        ),
    )


def _bump(x: np.ndarray, y: np.ndarray, cx: float, cy: float, sx: float, sy: float | np.ndarray) -> np.ndarray:
    return np.exp(-(((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2) / 2)


def _step(value: np.ndarray, low: float, high: float) -> np.ndarray:
    s = np.clip((value - low) / (high - low), 0.0, 1.0)
    return s * s * (3 - 2 * s)


class FaceField:
    """The shapes of one person's face, sampled on a grid over the canvas, and their sum for given amplitudes."""

    def __init__(self, face: FaceIdentity, size: tuple[int, int], origin: tuple[float, float], px_per_unit: float) -> None:
        columns, rows = np.arange(0, size[0] + CELL_PX, CELL_PX), np.arange(0, size[1] + CELL_PX, CELL_PX)
        self.corner = CORNER_X * face.mouth_width
        self._origin, self._scale = np.array(origin), px_per_unit
        x, y = np.meshgrid((columns - origin[0]) / px_per_unit, (rows - origin[1]) / px_per_unit)
        self.rest: Grid = np.stack([x, y], -1).astype(np.float32)
        s = x / self.corner
        seam = seam_y(x, self.corner)
        lens = np.clip(1.0 - np.abs(s) ** 3.2, 0.0, 1.0)
        chin = 125.6 + (face.chin_length - 1.0) * 60.0
        bone = (1 - _step(y, chin + 4, chin + 125)) * (1 - _step(np.abs(x), 26.0, 92.0))
        jaw = bone * _step(y, _JAW_TOP, _JAW_FULL)
        # Opening bares lips, it does not swell them: each keeps its height, and the skin beyond it stretches.
        above = lens * (1 - _step(seam - y, _LIP, 27.0))
        below = lens * (1 - _step(y - seam, _LIP, 44.0))
        full = _bump(x, y, 0.0, 75.0, 17.0, 10.0)
        # The base of the nose hardly moves: the pull on a corner fades faster above the lips than below.
        reach = np.where(y < 75.0, 11.0, 19.0)
        brow = 1 - _step(y, _BROW_FREE, _BROW_HELD)
        head = 1 - _step(np.hypot(x / 1.05, (y - 10) / 1.3), 105.0, 205.0)
        self._shapes = {
            # The upper lip hangs from the skull, the lower lip rides on the jaw; cheeks and corners stretch between them.
            "jaw_above": jaw * (1 - lens), "jaw_below": (jaw + (bone - jaw) * lens) * (1 - below),
            "above": above, "below": below, "tilt": np.clip(s, -1, 1),
            "left": _bump(x, y, self.corner, 75.0, 17.0, reach), "right": _bump(x, y, -self.corner, 75.0, 17.0, reach),
            "cheek_left": _bump(x, y, 44.0, 42.0, 17.0, 14.0), "cheek_right": _bump(x, y, -44.0, 42.0, 17.0, 14.0),
            "brow_left": brow * _bump(x, y, 38.0, -24.0, 24.0, 13.0),
            "brow_right": brow * _bump(x, y, -38.0, -24.0, 24.0, 13.0),
            "pucker_x": -0.16 * x * full, "pucker_y": 0.42 * (y - seam) * full,
            "narrow": -np.clip(s, -1, 1) * _bump(x, y, 0.0, 78.0, 40.0, 22.0),
            "head": head, "head_x": head * x, "head_y": head * (y - 60.0),
            "depth": head * (42 * _bump(x, y, 0.0, 35.0, 42.0, 60.0) + 14 * _bump(x, y, 0.0, 38.0, 9.0, 14.0)),
        }  # fmt: skip
        self._shapes = {name: shape.astype(np.float32) for name, shape in self._shapes.items()}

    def displacement(self, w: Weights) -> tuple[Grid, Grid]:
        """Return the fields above and below the seam, in face units."""
        k = self._shapes
        lift_left, lift_right = -min(w.left[1], 0.0), -min(w.right[1], 0.0)
        dx = w.left[0] * k["left"] + w.right[0] * k["right"] + w.pucker * k["pucker_x"] + 0.10 * w.jaw * k["narrow"]
        dy = w.left[1] * k["left"] + w.right[1] * k["right"] + w.pucker * k["pucker_y"]
        dy = dy - 0.35 * lift_left * k["cheek_left"] - 0.35 * lift_right * k["cheek_right"]
        dy = dy - w.brow_left * k["brow_left"] - w.brow_right * k["brow_right"]
        x, y, roll, yaw, pitch = w.head
        hx = x * k["head"] - roll * k["head_y"] + yaw * k["depth"]
        hy = y * k["head"] + roll * k["head_x"] + pitch * k["depth"]
        up = w.jaw * k["jaw_above"] - w.upper * k["above"]
        # Only the opening leans to one side: the jaw itself stays in the middle.
        down = w.jaw * k["jaw_below"] + (w.aperture * (1.0 + w.skew * k["tilt"]) - w.upper) * k["below"]
        dx, dy = dx + hx, dy + hy
        return np.stack([dx, dy + up], -1), np.stack([dx, dy + down], -1)

    def rigid(self, w: Weights, points: Float[np.ndarray, "p 2"]) -> Float[np.ndarray, "p 2"]:
        """Return where points of the skull (the upper teeth) go: the head's motion alone."""
        still = Weights(0.0, 0.0, 0.0, (0.0, 0.0), (0.0, 0.0), 0.0, 0.0, 0.0, 0.0, w.head)
        return self.forward(self.displacement(still)[0], points)

    def forward(self, field: Grid, points: Float[np.ndarray, "p 2"]) -> Float[np.ndarray, "p 2"]:
        """Return where points at rest go, in face units."""
        at = ((points * self._scale + self._origin) / CELL_PX).astype(np.float32)
        moved = cv2.remap(field, at[None, :, 0], at[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
        return points + moved

    def inverse(self, field: Grid, start: Grid, rounds: int) -> Grid:
        """Return, for each grid position after the motion, where it was at rest.

        ``u + D(u) = x`` is iterated as ``u += (x - u - D(u)) / (1 + dD/dy)``: a wide jaw stretches the cheeks downward to
        more than twice their length, and plain ``u = x - D(u)`` does not settle there.
        """
        u, scale, origin = start, np.float32(self._scale / CELL_PX), (self._origin / CELL_PX).astype(np.float32)
        stretch = np.ones_like(field)
        stretch[1:-1, :, 1] += (field[2:, :, 1] - field[:-2, :, 1]) * (scale / 2)
        steps = 1 / np.clip(_at(stretch, u * scale + origin), 0.5, 3.0)
        for _ in range(rounds):
            u = u + (self.rest - u - _at(field, u * scale + origin)) * steps
        return u


def _at(field: Grid, place: Grid) -> Grid:
    # OpenCV takes both coordinates in one map; its type stubs do not know.
    nothing: Any = None
    return cv2.remap(field, place, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
