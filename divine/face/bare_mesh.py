"""The mesh alone, for comparison: quick, and blind to a mouth that is not symmetric."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8

from divine.face.finder import Finder
from divine.face.mesh import TO_68
from divine.face.pose import pose_deg
from divine.face.sight import NOTHING, POINTS, Correction, Sight


class BareMesh:
    """The 68 points straight from the mesh."""

    name = "mesh"

    def __init__(self):
        self.finder = Finder()

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], time_s: float) -> Sight:
        found = self.finder(image, time_s)
        if found.shape is None:
            return NOTHING._replace(faces=found.faces)
        vertices = found.shape.vertices_px
        return Sight(vertices[TO_68, :2], np.full(POINTS, found.shape.presence), pose_deg(vertices), found.faces)

    def corrections(self) -> list[Correction]:
        """Return nothing: a frame says all there is."""
        return []
