"""Where a face's points lie in one picture, each side by itself: what a mesh that symmetrises cannot say.

The mesh was trained on faces that are nearly symmetric: it draws both corners of a mouth to one height, and tilts the eyes
by what is left over. So it is shown two faces that *are* symmetric: the right half with its mirror image, and the left half
with its own. Each answer is then compared with pixels: the two corners of the mouth, one of them mirrored, must look alike
where they are said to be, and so must the eyes; and both corners must lie on the dark seam between the lips. Nothing here
needs a frame in which the face was at rest: a droop that was there from the first frame is seen. docs/landmarks.md has the
measurements.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from divine.face.canonical import OED, Canonical
from divine.face.cut import Affine, apply, compose, cut, inverse, sample
from divine.face.mesh import SIZE, TO_68, Mesh, Shape, region_of_shape

MIDLINE = np.array([9, 8, 168, 6, 197, 195, 5, 4, 2, 164, 0])
"""Vertices on the face's middle, from the glabella to the upper lip; the jaw may swing, so nothing below."""
CORNERS = (48, 54)
Steps = tuple[tuple[float, float], ...]
CORNER_STEPS: Steps = ((0.12, 0.07), (0.06, 0.04))
EYE_STEPS: Steps = ((0.18, 0.05), (0.14, 0.03))
"""Half size of the compared patches and of the search, coarse then fine, in outer-eye distances."""
SPREAD = 0.25
"""How far the correction of a corner carries to the lips beside it, in outer-eye distances."""
SEAM_WIDE, SEAM_TALL, SEAM_INWARD = 0.05, 0.10, 0.03
"""Half width and half height of the patch in which the seam is looked for, and how far inward of the corner it lies."""
SEAM_BLUR, SEAM_PRIOR = 1.5, 0.3
"""Smoothing of its profile in pixels of the crop; cost of the farthest row, in standard deviations of brightness."""
# fmt: off
OPPOSITE = np.array([
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
])
# fmt: on
"""For each of the 68 points the one that mirrors it."""
RIGHT_HALF = np.array([*range(8), *range(17, 22), 31, 32, *range(36, 42), 48, 49, 50, 58, 59, 60, 61, 67])
LEFT_HALF = OPPOSITE[RIGHT_HALF]
RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)
Place = Float[np.ndarray, " 2"]


class Axis(NamedTuple):
    """The face's line of symmetry in a picture."""

    origin: Float[np.ndarray, " 2"]
    along: Float[np.ndarray, " 2"]
    """Unit vector, downwards."""
    across: Float[np.ndarray, " 2"]
    """Unit vector, from the subject's right to the left."""

    def moved(self, matrix: Affine) -> Axis:
        """Return the axis after a similarity."""
        scale = float(np.sqrt(np.linalg.det(matrix[:, :2])))
        turn = matrix[:, :2] / scale
        return Axis(apply(matrix, self.origin), turn @ self.along, turn @ self.across)

    def reflect(self, points: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
        """Mirror points."""
        return points - 2 * ((points - self.origin) @ self.across)[..., None] * self.across


def axis_of(points: Float[np.ndarray, "468 2"]) -> Axis:
    """Fit the line of symmetry to the mesh's middle."""
    middle = points[MIDLINE]
    slope, offset = np.polyfit(middle[:, 1], middle[:, 0], 1)
    along = np.array([slope, 1.0]) / np.hypot(slope, 1.0)
    return Axis(np.array([offset, 0.0]), along, np.array([along[1], -along[0]]))


def halves(crop: UInt8[np.ndarray, "s s 3"], axis: Axis) -> tuple[np.ndarray, np.ndarray]:
    """Return two symmetric faces: the right half and its mirror image, the left half and its own."""
    columns, rows = np.meshgrid(np.arange(SIZE, dtype=np.float32), np.arange(SIZE, dtype=np.float32))
    grid = np.stack([columns, rows], axis=-1)
    leftness = (grid - axis.origin.astype(np.float32)) @ axis.across.astype(np.float32)
    places = grid - 2 * leftness[..., None] * axis.across.astype(np.float32)
    reflected = sample(crop, places)
    weight = np.clip(leftness + 0.5, 0, 1)  # a seam one pixel wide
    return cv2.blendLinear(crop, reflected, 1 - weight, weight), cv2.blendLinear(crop, reflected, weight, 1 - weight)


def placed(image: UInt8[np.ndarray, "h w 3"], shape: Shape, view: Canonical, mesh: Mesh) -> Float[np.ndarray, "68 2"]:
    """Return the 68 points in the canonical crop, each side seen by itself."""
    region = region_of_shape(shape)
    to_picture = region.to_picture(SIZE)
    crop = cut(image, to_picture, SIZE, SIZE)
    vertices = apply(inverse(to_picture), shape.vertices_px[:, :2])
    axis = axis_of(vertices)
    right, left = (mesh.look(face)[0][TO_68, :2] for face in halves(crop, axis))
    # A symmetric face shows each half twice: both count.
    right, left = ((face + axis.reflect(face[OPPOSITE])) / 2 for face in (right, left))
    seen = (right + left) / 2
    seen[RIGHT_HALF], seen[LEFT_HALF] = right[RIGHT_HALF], left[LEFT_HALF]
    points = vertices[TO_68]
    # Across, a turned head is not symmetric, nor is a gaze: only the mouth is taken from the mirror in that direction too.
    points[:48] += ((seen - points)[:48] @ axis.along)[:, None] * axis.along
    points[48:] = seen[48:]
    to_view = compose(view.to_crop, to_picture)
    points, patches = apply(to_view, points), Patches(view.grey, axis.moved(to_view))
    along = patches.axis.along
    eyes = points[RIGHT_EYE].mean(axis=0), points[LEFT_EYE].mean(axis=0)
    level = agreed(*eyes, patches, EYE_STEPS)
    points[RIGHT_EYE] += (level[0] - eyes[0]) @ along * along
    points[LEFT_EYE] += (level[1] - eyes[1]) @ along * along
    corners = np.stack(agreed(points[CORNERS[0]], points[CORNERS[1]], patches, CORNER_STEPS))
    return carried(points, corners + seam(corners[0], corners[1], patches) * along)


def carried(points: Float[np.ndarray, "68 2"], corners: Float[np.ndarray, "2 2"]) -> Float[np.ndarray, "68 2"]:
    """Move the mouth's corners to where the pixels have them, and the lips beside them along."""
    lips, moved = points[48:], points[48:].copy()
    for corner, place in zip(CORNERS, corners, strict=True):
        near = np.exp(-((lips - points[corner]) ** 2).sum(axis=1) / (SPREAD * OED) ** 2)
        moved += near[:, None] * (place - points[corner])
    return np.concatenate([points[:48], moved])


class Patches:
    """Patches of the canonical crop, upright to the face's axis."""

    def __init__(self, grey: UInt8[np.ndarray, "h w"], axis: Axis):
        self.grey, self.axis = grey, axis

    def grab(self, centre: Float[np.ndarray, " 2"], wide: int, tall: int, *, side: int, inward: float = 0.0) -> np.ndarray:
        """Return the patch of half sizes ``wide`` and ``tall`` around a place; the left side (-1) as in a mirror."""
        columns = side * (np.arange(-wide, wide + 1) + inward)
        rows = np.arange(-tall, tall + 1)
        places = centre + columns[None, :, None] * self.axis.across + rows[:, None, None] * self.axis.along
        return sample(self.grey, places).astype(np.float32)


def agreed(right: Place, left: Place, patches: Patches, steps: Steps) -> tuple[Place, Place]:
    """Return the places, near those given, where each side looks most like the other's mirror image.

    By how much one side lies lower than the other is shared between them: it says nothing of where both are.
    """
    axis = patches.axis
    for size, search in steps:
        half, reach = round(size * OED), round(search * OED) + 1
        wide = patches.grab(right, half + reach, half + reach, side=1)
        score = cv2.matchTemplate(wide, patches.grab(left, half, half, side=-1), cv2.TM_CCOEFF_NORMED)
        x, y = peak(score) - reach
        right = right + (x * axis.across + y * axis.along) / 2
        left = left - (-x * axis.across + y * axis.along) / 2
    return right, left


def peak(score: Float[np.ndarray, "h w"]) -> Float[np.ndarray, " 2"]:
    """Return column and row of the maximum, refined by parabolas."""
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    place = np.array([column, row], dtype=np.float64)
    for i, line in enumerate((score[row], score[:, column])):
        place[i] += vertex(line, int((column, row)[i]))
    return place


def vertex(line: Float[np.ndarray, " n"], index: int) -> float:
    """Return how far from an extreme sample the parabola through it and its neighbours turns; 0 at an end."""
    if not 0 < index < len(line) - 1:
        return 0.0
    before, here, after = (float(v) for v in line[index - 1 : index + 2])
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend else 0.0


def seam(right: Place, left: Place, patches: Patches) -> float:
    """Return how far below the corners the darkest line beside them lies, on both sides together."""
    tall = round(SEAM_TALL * OED)
    both = []
    for corner, side in ((right, 1), (left, -1)):
        patch = patches.grab(corner, round(SEAM_WIDE * OED), tall, side=side, inward=SEAM_INWARD * OED)
        both.append((patch - patch.mean()) / (patch.std() + 1))
    rows = np.arange(-tall, tall + 1)
    kernel = np.exp(-(np.arange(-6, 7) ** 2) / (2 * SEAM_BLUR**2))
    profile = np.convolve(np.pad(np.mean(both, axis=(0, 2)), 6, mode="edge"), kernel / kernel.sum(), "valid")
    cost = profile + SEAM_PRIOR * (rows / tall) ** 2
    lowest = int(cost.argmin())
    return float(rows[lowest] + vertex(cost, lowest))
