"""Photographs that move by known amounts: what the fidelity benchmark measures landmarks against.

A real frontal picture is warped by a smooth field (a mouth corner that sinks or rises, a brow that rises, an upper lid that
sinks, a jaw that opens over a dark cavity), shaken like a head, given camera noise, and compressed as H.264. All lengths are
in outer-eye distances (OED).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np

from divine.face.detector import short_range
from divine.face.finder import main_face
from divine.face.mesh import TO_68, Mesh, region_of_face, region_of_shape

FPS = 50
HILL = 0.22
"""Radius (1/e) of the hill by which a corner moves."""
LID = (0.12, 0.05)
"""Half width and half height (1/e) of the hill by which an upper lid moves: the lower lid hardly feels it."""
BROW = (0.25, 0.12)
"""Half width and half height (1/e) of the hill by which a brow moves: the corners of the eye below hardly feel it."""
WIDTH, HEIGHT = 640, 480
RIGHT, LEFT = 48, 54
"""The mouth's corners, on the subject's own right and left."""
UPPER_LIDS = ((37, 38), (43, 44))
BROWS = (tuple(range(17, 22)), tuple(range(22, 27)))
CLIPS = Path("../shared/data/clips")


@dataclass(frozen=True, eq=False)
class Photograph:
    """A frontal face, 640 × 480, with the places from which its warps start."""

    name: str
    image: np.ndarray
    points: np.ndarray
    """68 points, approximate: where the warps act, not what is measured."""

    @property
    def oed(self) -> float:
        return float(np.linalg.norm(self.points[45] - self.points[36]))


class Motion(NamedTuple):
    """How far the face is from rest in one frame, in OED."""

    corners: tuple[float, float] = (0.0, 0.0)
    """The right and the left corner, downwards."""
    jaw: float = 0.0
    teeth: bool = False
    lids: tuple[float, float] = (0.0, 0.0)
    """The right and the left upper lid, downwards."""
    brows: tuple[float, float] = (0.0, 0.0)
    """The right and the left brow, downwards."""


def photograph(name: str, picture: np.ndarray, oed: float | None = None) -> Photograph:
    """Find the face of an RGB picture and cut 640 × 480 around it; ``oed`` sets its size in pixels."""
    detector, mesh = short_range(), Mesh()

    def look(image: np.ndarray) -> np.ndarray:
        region = region_of_face(main_face(detector(image), image.shape[1], image.shape[0]))
        for _ in range(4):
            shape = mesh(image, region)
            region = region_of_shape(shape)
        return shape.vertices_px[TO_68, :2]

    points = look(picture)
    if oed is not None:
        factor = oed / np.linalg.norm(points[45] - points[36])
        picture = cv2.resize(
            picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        )
        points = look(picture)
    if picture.shape[:2] != (HEIGHT, WIDTH):
        middle = points[27:].mean(axis=0)
        shift = np.float32([[1, 0, WIDTH / 2 - middle[0]], [0, 1, HEIGHT / 2 - middle[1]]])
        picture = cv2.warpAffine(picture, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        points = look(picture)
    return Photograph(name, picture, points)


def photographs(folder: Path | None = None) -> list[Photograph]:
    """Return the faces: scikit-image's photograph, frames of the shared clips where present, a folder's pictures."""
    from skimage import data

    found = [photograph("astronaut", data.astronaut(), oed=95.0)]
    for clip, frame, name in (
        ("SMILE", 40, "clip, smiling"),
        ("SMILE", 185, "clip, at rest"),
        ("QUICK_BROWN_FOX", 30, "clip, talking"),
    ):
        path = CLIPS / f"{clip}.mp4"
        if path.exists():
            with av.open(str(path)) as container:
                picture = next(f for i, f in enumerate(container.decode(video=0)) if i == frame).to_ndarray(format="rgb24")
            found.append(photograph(name, picture))
    paths = sorted(folder.iterdir()) if folder else []
    return found + [photograph(path.stem, cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), oed=95.0) for path in paths]


def _hills(face: Photograph, motion: Motion) -> list[tuple[np.ndarray, float, np.ndarray]]:
    """Return centre (pixels), height (OED) and radii (pixels) of what sinks."""
    corners = [(face.points[k], a, HILL * face.oed * np.ones(2)) for k, a in zip((RIGHT, LEFT), motion.corners, strict=True)]
    parts = ((UPPER_LIDS, motion.lids, LID), (BROWS, motion.brows, BROW))
    others = [
        (face.points[list(points)].mean(axis=0), amount, np.array(radii) * face.oed)
        for which, amounts, radii in parts
        for points, amount in zip(which, amounts, strict=True)
    ]
    return [hill for hill in corners + others if hill[1]]


def sink(face: Photograph, places: np.ndarray, motion: Motion) -> np.ndarray:
    """Return how far down (pixels) the hills of corners, lids and brows carry the material at ``places`` [..., 2]."""
    down = np.zeros(places.shape[:-1])
    for centre, amount, radii in _hills(face, motion):
        down += amount * face.oed * np.exp(-(((places - centre) / radii) ** 2).sum(axis=-1))
    return down


def _mouth(face: Photograph) -> tuple[np.ndarray, np.ndarray]:
    """The seam along which the mouth opens: the lower lip's inner edge, from corner to corner."""
    seam = face.points[[RIGHT, 60, 67, 66, 65, 64, LEFT]]
    order = np.argsort(seam[:, 0])
    return seam[order, 0], seam[order, 1]


def drop(face: Photograph, places: np.ndarray, motion: Motion) -> np.ndarray:
    """Return how far down (pixels) the jaw carries the material at ``places``, if it lies below the seam."""
    across, seam = _mouth(face)
    middle, half = (across[0] + across[-1]) / 2, (across[-1] - across[0]) / 2
    below = np.maximum(places[..., 1] - np.interp(places[..., 0], across, seam), 0) / face.oed
    # The lip opens as an arc between fixed corners; the chin under it is wider; the neck does not move.
    reach = half * (1 + 2.0 * below)
    arc = np.clip(1 - ((places[..., 0] - middle) / reach) ** 2, 0, 1)
    chin = (face.points[8, 1] - seam.mean()) / face.oed
    neck = np.clip((below - chin) / 0.9, 0, 1)
    return motion.jaw * face.oed * arc * (1 - neck * neck * (3 - 2 * neck))


def truth(face: Photograph, motion: Motion) -> np.ndarray:
    """Return where the 68 points lie after a motion."""
    moved = face.points.copy()
    moved[:, 1] += sink(face, face.points, motion)
    lower = [*range(3, 14), *range(55, 60), 65, 66, 67]
    moved[lower, 1] += drop(face, face.points[lower], motion)
    return moved


def render(face: Photograph, motion: Motion) -> np.ndarray:
    """Return the picture after a motion."""
    image = face.image.copy()
    if motion.jaw:
        top, left = _window(face)
        image[top:, left] = _opened(face, motion)
    if hills := _hills(face, motion):
        (left, top) = np.min([centre - 2.6 * radii for centre, _, radii in hills], axis=0).astype(int)
        (right, bottom) = np.max([centre + 2.6 * radii for centre, _, radii in hills], axis=0).astype(int)
        columns, rows = np.meshgrid(np.arange(left, right, dtype=np.float64), np.arange(top, bottom, dtype=np.float64))
        source = rows
        for _ in range(10):  # where did the material that is now here come from: a fixed point
            source = rows - sink(face, np.stack([columns, source], axis=-1), motion)
        moved = cv2.remap(image, columns.astype(np.float32), source.astype(np.float32), cv2.INTER_CUBIC)
        image[top:bottom, left:right] = moved
    return image


def _window(face: Photograph) -> tuple[int, slice]:
    """Return the top row and the columns of the part that a jaw moves."""
    across, seam = _mouth(face)
    middle, reach = (across[0] + across[-1]) / 2, 1.3 * face.oed
    return int(seam.min() - 0.1 * face.oed), slice(max(int(middle - reach), 0), min(int(middle + reach), WIDTH))


def _opened(face: Photograph, motion: Motion) -> np.ndarray:
    """Return the jaw's window: upper part as it was, a cavity, and the lower part where the jaw carried it."""
    top, window = _window(face)
    across, seam = _mouth(face)
    columns, rows = np.meshgrid(np.arange(WIDTH)[window].astype(np.float64), np.arange(top, HEIGHT, dtype=np.float64))
    edge = np.interp(columns, across, seam)
    places = np.stack([columns, np.maximum(rows, edge)], axis=-1)
    landed = places[..., 1] + drop(face, places, motion)
    source = rows.copy()
    for i, start in enumerate((edge[0] - top).astype(int)):
        source[start:, i] = np.interp(rows[start:, i], landed[start:, i], places[start:, i, 1])
    source = np.where(rows <= edge, rows, source)
    lower = cv2.remap(face.image, columns.astype(np.float32), source.astype(np.float32), cv2.INTER_CUBIC)
    inner = (columns > across[0]) & (columns < across[-1])
    depth = drop(face, np.stack([columns, edge], axis=-1), motion)
    inside = np.where(
        inner, np.clip(rows - edge + 0.5, 0, 1) * np.clip(edge + depth - rows + 0.5, 0, 1) * np.clip(depth, 0, 1), 0
    )
    cavity = np.full(lower.shape, (48.0, 18.0, 20.0))
    if motion.teeth:
        tall = 0.07 * face.oed * np.clip(1.3 - (2 * (columns - across.mean()) / np.ptp(across)) ** 2, 0, 1)
        cavity += np.clip(edge + tall - rows + 0.5, 0, 1)[..., None] * (np.array([205, 195, 180]) - cavity)
    soft = cv2.GaussianBlur(inside, (0, 0), 0.7)[..., None]
    return np.clip(lower * (1 - soft) + cavity * soft, 0, 255).astype(np.uint8)


def head(face: Photograph, time_s: float) -> np.ndarray:
    """Return the similarity [2 3] of a head that sways, nods and leans a little."""
    phase = 2 * np.pi * time_s
    turn, scale = np.radians(3) * np.sin(0.45 * phase), 1 + 0.03 * np.sin(0.3 * phase)
    pivot = face.points[8]
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    sway = 0.06 * face.oed * np.array([np.sin(0.37 * phase), np.sin(0.52 * phase)])
    return np.column_stack([linear, pivot + sway - linear @ pivot])


class Frame(NamedTuple):
    """One decoded frame, and the head's similarity in it."""

    image: np.ndarray
    time_s: float
    head: np.ndarray


def film(face: Photograph, motions: list[Motion], *, shaken: bool = False, seed: int = 0, crf: int = 23) -> Iterator[Frame]:
    """Render motions, compress them as H.264 at 50 frames/s, and decode them again."""
    file, random = io.BytesIO(), np.random.default_rng(seed)
    still = np.eye(2, 3)
    heads = [head(face, i / FPS) if shaken else still for i in range(len(motions))]
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": str(crf), "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for motion, similarity in zip(motions, heads, strict=True):
            image = render(face, motion)
            if shaken:
                image = cv2.warpAffine(
                    image, similarity, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
                )
                noise = random.standard_normal(image.shape, dtype=np.float32) * 4
                image = np.clip(image + noise, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        for i, frame in enumerate(container.decode(video=0)):
            yield Frame(frame.to_ndarray(format="rgb24"), i / FPS, heads[i])
