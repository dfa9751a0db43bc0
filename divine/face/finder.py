"""Finding the main face and staying with it: detection, the mesh from frame to frame, loss and return."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from divine.face.detector import OVERLAP, Face, full_range, overlap, short_range
from divine.face.mesh import PRESENCE, Mesh, Region, Shape, region_of_face, region_of_shape

COUNT_EVERY_S = 1.0
"""Faces are counted, and the followed one is looked for again, this often."""


class Found(NamedTuple):
    """The main face of one frame, if there is one."""

    shape: Shape | None
    faces: int


def main_face(faces: list[Face], width: int, height: int) -> Face:
    """Return the largest face, where a face at the edge of the picture counts half its size."""

    def weight(face: Face) -> float:
        offset = (face.box_px[:2] + face.box_px[2:]) / [2 * width, 2 * height] - 0.5
        return face.size_px * (1 - float(np.abs(offset).max()))

    return max(faces, key=weight)


class Finder:
    """Follows one face through the frames of a clip, in order."""

    def __init__(self):
        self.near, self.far, self.mesh = short_range(), full_range(), Mesh()
        self.region: Region | None = None
        self.faces = 0
        self.counted_s = -np.inf
        self.missed = 0

    def detect(self, image: UInt8[np.ndarray, "h w 3"]) -> list[Face]:
        """Return all faces, from the detector that sees more of them."""
        return max(self.near(image), self.far(image), key=len)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], time_s: float) -> Found:
        """Return the face in the next frame (RGB)."""
        if self.region is not None and time_s - self.counted_s >= COUNT_EVERY_S:
            self._recount(image, self.region, time_s)
        shape = self._follow(image)
        if shape is not None:
            return Found(shape, self.faces)
        faces = self.detect(image)
        self.faces, self.counted_s, self.missed = len(faces), time_s, 0
        if not faces:
            return Found(None, 0)
        self.region = region_of_face(main_face(faces, image.shape[1], image.shape[0]))
        # Twice: a box says less well than a shape where the face is.
        shape = self._follow(image) and self._follow(image)
        return Found(shape, self.faces)

    def _follow(self, image: np.ndarray) -> Shape | None:
        if self.region is None:
            return None
        shape = self.mesh(image, self.region)
        inside = shape.vertices_px[:, :2].mean(axis=0)
        if shape.presence < PRESENCE or not (0 <= inside[0] < image.shape[1] and 0 <= inside[1] < image.shape[0]):
            self.region = None
            return None
        self.region = region_of_shape(shape)
        return shape

    def _recount(self, image: np.ndarray, region: Region, time_s: float) -> None:
        """Count the faces; let go of one that two counts in a row did not see where it is thought to be."""
        faces = self.detect(image)
        self.counted_s = time_s
        self.faces = max(len(faces), 1)
        half = region.side_px / 3
        box = np.concatenate([region.centre_px - half, region.centre_px + half])
        boxes = np.array([face.box_px for face in faces]).reshape(-1, 4)
        seen = bool((overlap(box, boxes) > OVERLAP / 2).any())
        self.missed = 0 if seen else self.missed + 1
        if self.missed >= 2:
            self.region = None
