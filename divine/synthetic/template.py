"""Where a face's 68 points lie at rest, and how a person's proportions move them.

Face units: the distance between the outer corners of the eyes is 100, the origin is midway between them, x runs to
the right of the picture (the subject's left), y downwards. One unit is taken as ``MM_PER_UNIT`` millimetres.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float
from scipy.interpolate import RBFInterpolator

from divine.synthetic.subject import FaceIdentity

MM_PER_UNIT = 0.89
"""Adults' outer-eye distance is close to 89 mm."""

SEAM_Y = 75.0
"""Height of the closed lips' seam, in face units."""

CORNER_X = 28.0
"""Half width of the resting mouth, in face units."""

# Half of the photograph's face, symmetrised; the other half mirrors it. Measured once, 40 jittered fits averaged.
_JAW = [[-76.5, 4.8], [-75.0, 24.5], [-72.0, 43.4], [-69.0, 62.7], [-62.8, 81.5], [-51.7, 98.0], [-36.2, 111.3], [-19.1, 122.3]]
_BROW = [[-65.6, -13.0], [-56.4, -20.5], [-42.6, -23.1], [-29.1, -21.4], [-16.1, -16.5]]
_NOSE = [[0.0, -0.6], [0.0, 13.4], [0.0, 26.7], [0.0, 40.6]]
_NOSTRIL = [[-16.7, 47.8], [-8.5, 49.9]]
_EYE = [[-50.0, 0.0], [-41.0, -5.8], [-30.4, -5.3], [-20.8, 3.0], [-31.1, 4.2], [-41.8, 4.0]]

PHOTO_ORIGIN_PX = (225.404, 102.9)
PHOTO_PX_PER_UNIT = 0.603547
PHOTO_ROLL_DEG = 2.944

Points = Float[np.ndarray, "_ 2"]


def seam_y(x: Float[np.ndarray, "*n"], corner_x: float = CORNER_X) -> Float[np.ndarray, "*n"]:
    """Return the height of the closed seam at ``x`` (face units): a shallow bow, its middle 1.2 units low."""
    s = np.clip(np.abs(x) / corner_x, 0.0, 1.0)
    return SEAM_Y + 1.2 * np.cos(np.pi * s) * (1.0 - s) - 0.4 * s


def lip_outline(mouth_width: float, fullness: float) -> tuple[Points, Points]:
    """Return the outer edges of upper and lower lip, 33 points each from the right corner to the left."""
    corner = CORNER_X * mouth_width
    x = np.linspace(-corner, corner, 33)
    s = x / corner
    bow = (1.0 - s**2) ** 0.75 * (7.6 + 1.6 * np.exp(-(((np.abs(s) - 0.26) / 0.17) ** 2)) - 0.9 * np.exp(-((s / 0.13) ** 2)))
    full = (1.0 - s**2) ** 0.62 * 10.2
    seam = seam_y(x, corner)
    return np.stack([x, seam - bow * fullness], 1), np.stack([x, seam + full * fullness], 1)


def _mirror(half: list[list[float]]) -> np.ndarray:
    return np.array(half)[::-1] * [-1, 1]


def mouth_points(mouth_width: float, fullness: float) -> Points:
    """Return points 48-67 of the closed mouth; inner pairs coincide on the seam."""
    upper, lower = lip_outline(mouth_width, fullness)
    corner = CORNER_X * mouth_width
    outer_x = np.array([-1, -0.6, -0.24, 0, 0.24, 0.6, 1]) * corner
    low_x = np.array([0.62, 0.3, 0, -0.3, -0.62]) * corner
    inner_x = np.array([-0.96, -0.33, 0, 0.33, 0.96, 0.33, 0, -0.33]) * corner
    top = np.stack([outer_x, np.interp(outer_x, upper[:, 0], upper[:, 1])], 1)
    low = np.stack([low_x, np.interp(low_x, lower[:, 0], lower[:, 1])], 1)
    return np.concatenate([top, low, np.stack([inner_x, seam_y(inner_x, corner)], 1)])


def _arrange(mouth: Points) -> Points:
    jaw = np.concatenate([_JAW, [[0.0, 125.6]], _mirror(_JAW)])
    brows = np.concatenate([_BROW, _mirror(_BROW)])
    nose = np.concatenate([_NOSE, _NOSTRIL, [[0.0, 52.5]], _mirror(_NOSTRIL)])
    right = np.array(_EYE)
    left = right[[3, 2, 1, 0, 5, 4]] * [-1, 1]
    return np.concatenate([jaw, brows, nose, right, left, mouth])


def photo_points() -> Points:
    """Return the 68 points of the photograph's face, mouth closed, in face units."""
    return _arrange(mouth_points(1.0, 1.0))


def person_points(face: FaceIdentity) -> Points:
    """Return a person's 68 points at rest: the photograph's, moved by the identity's proportions."""
    points = _arrange(mouth_points(face.mouth_width, face.lip_fullness))
    x, y = points[:, 0].copy(), points[:, 1].copy()
    low = np.clip((y - 20.0) / 100.0, 0.0, 1.0)
    points[:17, 0] = x[:17] * (face.face_width * (1 - low[:17]) + face.jaw_width * low[:17])
    points[:17, 1] = y[:17] + (face.chin_length - 1.0) * 60.0 * np.clip((y[:17] - 60.0) / 65.0, 0.0, 1.0)
    points[17:27, 1] = y[17:27] - face.brow_height
    points[27:36, 1] = y[27:36] * (1 + (face.nose_length - 1.0) * np.clip(y[27:36] / 50.0, 0, 1))
    points[31:36, 0] = x[31:36] * face.nose_width
    for eye in (slice(36, 42), slice(42, 48)):
        centre = points[eye].mean(0)
        points[eye, 1] = centre[1] + (points[eye, 1] - centre[1]) * face.eye_openness
        inner = np.sign(centre[0]) * face.eye_spacing
        # The outer corners define the unit, so only the inner ones move.
        weight = 1.0 - (np.abs(points[eye, 0]) - 20.8) / 29.2
        points[eye, 0] += inner * weight
        points[eye, 1] -= face.eye_slant * (np.abs(points[eye, 0]) - 20.8) / 29.2
    return points + face.asymmetry_units()


def to_photo(units: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Return pixels of the photograph for positions in its own face units."""
    angle = np.radians(PHOTO_ROLL_DEG)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return units @ turn * PHOTO_PX_PER_UNIT + np.array(PHOTO_ORIGIN_PX)


def photo_map(person: Points, width: int, height: int, origin: tuple[float, float], px_per_unit: float) -> np.ndarray:
    """Return, per pixel of a canvas, the face-unit position in the photograph that lends its skin: ``(height, width, 2)``.

    A thin-plate spline carries the person's points to the photograph's; it is evaluated every 8 pixels and enlarged.
    The mouth is left out: its skin is filled and its lips are painted.
    """
    keep = [*range(0, 36), *range(36, 48)]
    frame = np.array([[-150.0, -130], [150, -130], [-150, 190], [150, 190], [0, -130], [0, 190]])
    source, target = photo_points()[keep], person[keep]
    spline = RBFInterpolator(np.concatenate([target, frame]), np.concatenate([source, frame]), smoothing=2.0)
    xs, ys = np.arange(0, width + 8, 8), np.arange(0, height + 8, 8)
    grid = np.stack(np.meshgrid((xs - origin[0]) / px_per_unit, (ys - origin[1]) / px_per_unit), -1)
    coarse = spline(grid.reshape(-1, 2)).reshape(grid.shape).astype(np.float32)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32) / 8.0
    return cv2.remap(coarse, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
