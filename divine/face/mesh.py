"""The MediaPipe face mesh: 468 points in three dimensions from a picture and a region.

Kartynnik et al. 2019, *Real-time facial surface geometry from monocular video on mobile GPUs* (CVPR workshop).
It finds and follows a face quickly, and its pose; it *symmetrises* (docs/landmarks.md), so it never measures a mouth alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from divine.face.cut import Affine, apply, cut
from divine.face.detector import Face
from divine.face.litert import Network
from divine.weights import FACE_MESH

SIZE = 192
MARGIN = 1.5
"""Side of the region over the extent of the face (MediaPipe's published graph)."""
PRESENCE = 0.5
"""From this probability on the network says that its region holds a face."""

# fmt: off
TO_68 = np.array([
    127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356,  # jaw line
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows
    168, 6, 195, 4, 98, 97, 2, 326, 327,  # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # outer lips
    78, 82, 13, 312, 308, 317, 14, 87,  # inner lips
])
# fmt: on
"""The vertex of the mesh for each of the 68 points of iBUG 300-W."""
EYES = (33, 263)


class Region(NamedTuple):
    """A square of the picture, turned so that the eyes lie level."""

    centre_px: Float[np.ndarray, " 2"]
    side_px: float
    angle_rad: float

    def to_picture(self, size: int) -> Affine:
        """Return the affine map from the pixels of a crop of ``size`` × ``size`` to those of the picture."""
        scale = self.side_px / size
        cos, sin = scale * np.cos(self.angle_rad), scale * np.sin(self.angle_rad)
        turn = np.array([[cos, -sin], [sin, cos]])
        return np.column_stack([turn, self.centre_px - turn @ np.full(2, size / 2)])


class Shape(NamedTuple):
    """What the mesh says of one region."""

    vertices_px: Float[np.ndarray, "468 3"]
    """In picture pixels; depth in the same unit, smaller is nearer."""
    presence: float


def region_of(points_px: Float[np.ndarray, "n 2"], right_eye: np.ndarray, left_eye: np.ndarray) -> Region:
    """Return the square region around points, turned to the eyes."""
    across = left_eye - right_eye
    angle = float(np.arctan2(across[1], across[0]))
    cos, sin = np.cos(angle), np.sin(angle)
    level = points_px @ np.array([[cos, -sin], [sin, cos]])
    low, high = level.min(axis=0), level.max(axis=0)
    middle = (low + high) / 2
    centre = np.array([cos * middle[0] - sin * middle[1], sin * middle[0] + cos * middle[1]])
    return Region(centre, float(MARGIN * max(high - low)), angle)


def region_of_face(face: Face) -> Region:
    """Return the region around a detection."""
    left, top, right, bottom = face.box_px
    across = face.left_eye_px - face.right_eye_px
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    return Region(centre, MARGIN * face.size_px, float(np.arctan2(across[1], across[0])))


def region_of_shape(shape: Shape) -> Region:
    """Return the region in which the next frame is expected."""
    flat = shape.vertices_px[:, :2]
    return region_of(flat, flat[EYES[0]], flat[EYES[1]])


class Mesh:
    """The mesh network: picture and region in, shape out."""

    def __init__(self):
        self.network = Network(FACE_MESH)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], region: Region) -> Shape:
        """Return the shape that the network sees in a region of an RGB picture."""
        to_picture = region.to_picture(SIZE)
        vertices, presence = self.look(cut(image, to_picture, SIZE, SIZE))
        vertices[:, :2] = apply(to_picture, vertices[:, :2])
        vertices[:, 2] *= region.side_px / SIZE
        return Shape(vertices, presence)

    def look(self, crop: UInt8[np.ndarray, "s s 3"] | Float[np.ndarray, "s s 3"]) -> tuple[np.ndarray, float]:
        """Return vertices in the crop's pixels, and the probability that it holds a face."""
        points, logit = self.network(crop.astype(np.float32) * np.float32(1 / 255))
        return points.reshape(468, 3).astype(np.float64), float(1 / (1 + np.exp(-logit.item())))
