"""2D-FAN-4, the paper's landmarks: 68 heat maps a frame, where the user has its weights.

Bulat & Tzimiropoulos 2017, *How far are we from solving the 2D & 3D face alignment problem?* (ICCV). The network comes from
the package ``face-alignment``; finding the face, cutting it out and reading the heat maps to a part of a pixel are ours.
"""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from divine.face.cut import apply, cut
from divine.face.errors import FaceError
from divine.face.finder import Finder
from divine.face.mesh import EYES, Region, Shape, region_of
from divine.face.pose import pose_deg
from divine.face.sight import NOTHING, POINTS, Correction, Sight

if TYPE_CHECKING:
    import torch

WEIGHTS = "2DFAN4-11f355bf06.pth.tar"
"""Its name holds the beginning of its SHA-256."""
SIDE = 256
STRIDE = 4
"""Picture pixels per heat-map pixel."""
SCALE = 200 / 195
"""Side of the crop over width plus height of the face (face-alignment's convention)."""
RAISED = 0.12
"""How far above the face's middle the crop's lies, in heights of the face."""
AROUND = 2
"""Heat-map pixels on each side of a maximum that have a say in where it is."""


def network() -> torch.nn.Module:
    """Load 2D-FAN-4.

    Raises:
        FaceError: the package or the weights are absent, or the weights are not what their name says.
    """
    import torch

    try:
        from face_alignment.models import FAN  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise FaceError("fan: needs the package face-alignment. Install it, or use the backend mediapipe.") from error
    path = Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS
    if not path.is_file():
        raise FaceError(f"fan: no weights at {path}. Put {WEIGHTS} there, or use the backend mediapipe.")
    if not hashlib.sha256(path.read_bytes()).hexdigest().startswith(WEIGHTS[7:17]):
        raise FaceError(f"fan: {path} is damaged or not what its name says. Fetch it again.")
    net = FAN(4)
    try:
        net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise FaceError(f"fan: {path} is damaged or not what its name says. Fetch it again.") from error
    return net.eval()


def region_of_fan(shape: Shape) -> Region:
    """Return the square that the network expects, turned to the eyes."""
    flat = shape.vertices_px[:, :2]
    level = region_of(flat, flat[EYES[0]], flat[EYES[1]])
    cos, sin = np.cos(level.angle_rad), np.sin(level.angle_rad)
    extent = np.ptp(flat @ np.array([[cos, -sin], [sin, cos]]), axis=0)
    up = np.array([sin, -cos]) * RAISED * extent[1]
    return Region(level.centre_px + up, float(SCALE * extent.sum()), level.angle_rad)


def peaks(maps: Float[np.ndarray, "p h w"]) -> tuple[Float[np.ndarray, "p 2"], Float[np.ndarray, " p"]]:
    """Return the place of each map's maximum, as the centre of mass around it, and its height."""
    count, _, width = maps.shape
    best = maps.reshape(count, -1).argmax(axis=1)
    padded = np.pad(np.clip(maps, 0, None), ((0, 0), (AROUND, AROUND), (AROUND, AROUND)))
    offsets = np.arange(-AROUND, AROUND + 1)
    places = np.empty((count, 2))
    for i, (row, column) in enumerate(zip(best // width, best % width, strict=True)):
        mass = padded[i, row : row + 2 * AROUND + 1, column : column + 2 * AROUND + 1] + 1e-12
        places[i] = (column + mass.sum(axis=0) @ offsets / mass.sum(), row + mass.sum(axis=1) @ offsets / mass.sum())
    return places, maps.reshape(count, -1).max(axis=1)


class Fan:
    """The follower behind ``fan``: the mesh finds the face, the network says where its points are."""

    name = "fan"

    def __init__(self):
        self.finder, self.network = Finder(), network()

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], time_s: float) -> Sight:
        """Return what is seen in the next frame (RGB)."""
        import torch

        found = self.finder(image, time_s)
        if found.shape is None:
            return NOTHING._replace(faces=found.faces)
        to_picture = region_of_fan(found.shape).to_picture(SIDE)
        crop = cut(image, to_picture, SIDE, SIDE)
        with torch.inference_mode():
            maps = self.network(torch.from_numpy(crop).permute(2, 0, 1)[None].float() / 255)
        maps = maps[-1] if isinstance(maps, list) else maps
        places, heights = peaks(maps[0, :POINTS].float().numpy())
        points = apply(to_picture, (places + 0.5) * STRIDE - 0.5)
        return Sight(points, np.clip(heights, 0, 1), pose_deg(found.shape.vertices_px), found.faces)

    def corrections(self) -> list[Correction]:
        """Return nothing: a frame says all there is."""
        return []
