"""The tracks of a clip on their way home: sent block by block, so that what a child holds does not grow with the clip."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from jaxtyping import Float

from divine.face.sight import POINTS, Correction, Sight
from divine.media import pack, unpack
from divine.media.errors import nonsense
from divine.records import Landmarks

LENGTH = 256
"""Frames of a block."""
RIGHT_EYE, LEFT_EYE = 36, 45

BLOCK: dict[str, tuple[type, tuple[int, ...]]] = {
    "times_s": (np.float64, ()),
    "points_px": (np.float32, (POINTS, 2)),
    "confidence": (np.float32, (POINTS,)),
    "pose_deg": (np.float32, (3,)),
    "faces": (np.int32, ()),
}
"""What a block holds of each frame."""


class Tracks:
    """Sights, appended frame by frame; ``send`` takes each full block."""

    def __init__(self, send: Callable[[bytes], None]):
        self._send = send
        self._block = {name: np.empty((LENGTH, *shape), dtype) for name, (dtype, shape) in BLOCK.items()}
        self._waiting = 0
        self.count = 0
        self._lost = self._crowded = self._most_faces = 0

    def append(self, time_s: float, sight: Sight) -> None:
        """Add a frame."""
        frame = (time_s, sight.points_px, sight.confidence, sight.pose_deg, sight.faces)
        for values, value in zip(self._block.values(), frame, strict=True):
            values[self._waiting] = value
        self._waiting += 1
        self.count += 1
        self._lost += int(np.isnan(sight.points_px[0, 0]))
        self._crowded += sight.faces > 1
        self._most_faces = max(self._most_faces, sight.faces)
        if self._waiting == LENGTH:
            self._flush()

    def _flush(self) -> None:
        self._send(pack({name: values[: self._waiting] for name, values in self._block.items()}))
        self._waiting = 0

    def finish(
        self, backend: str, width: int, height: int, *, notes: tuple[str, ...] = (), corrections: Iterable[Correction] = ()
    ) -> bytes:
        """Send what waits; return what is known at the end only."""
        if self._waiting:
            self._flush()
        about = {
            "backend": backend,
            "width": width,
            "height": height,
            "notes": [*notes, *self._remarks()],
            "corrections": [[first, stop, np.round(offset, 6).tolist()] for first, stop, offset in corrections],
        }
        return pack({}, about)

    def _remarks(self) -> tuple[str, ...]:
        """Say what a user should know of the tracking."""
        notes = []
        if self._most_faces > 1:
            share = self._crowded / self.count
            notes.append(
                f"{self._most_faces} faces were seen (more than one in {share:.0%} of the frames): the main one was followed."
            )
        if self._lost:
            notes.append(f"no face found in {self._lost} of {self.count} frames ({self._lost / self.count:.0%}).")
        return tuple(notes)


def landmarks_of(blocks: list[bytes], end: bytes, name: str) -> Landmarks:
    """Read what ``Tracks`` sent and returned of the recording ``name``.

    Raises:
        IsolationError: this is no such thing: the child was not itself any more.
    """
    about = unpack(end, name).about
    parts = [unpack(block, name).arrays for block in blocks]
    try:
        tracks = {key: np.concatenate([part[key] for part in parts]) for key in BLOCK}
        frames = len(tracks["times_s"])
        for key, (dtype, shape) in BLOCK.items():
            if tracks[key].dtype != dtype or tracks[key].shape != (frames, *shape):
                raise ValueError(key)
        for first, stop, offset in about["corrections"]:
            correct(tracks["points_px"][first:stop], np.array(offset, dtype=np.float32))
        return Landmarks(
            **tracks,
            width=int(about["width"]),
            height=int(about["height"]),
            backend=str(about["backend"]),
            notes=tuple(about["notes"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise nonsense(name) from error


def correct(points_px: Float[np.ndarray, "t 68 2"], offset: Float[np.ndarray, "68 2"]) -> None:
    """Move the points of some frames, in place, by an offset in the face's own axes, in outer-eye distances."""
    across = points_px[:, LEFT_EYE] - points_px[:, RIGHT_EYE]
    down = np.stack([-across[:, 1], across[:, 0]], axis=1)
    points_px += offset[None, :, :1] * across[:, None] + offset[None, :, 1:] * down[:, None]
