"""The tracks of a clip while they grow: some hundred frames as they are, all before them encoded."""

from __future__ import annotations

from array import array

import numpy as np
from jaxtyping import Float

from divine.face.coding import LEFT_EYE, RIGHT_EYE, Block, decode, encode
from divine.face.sight import POINTS, Correction, Sight
from divine.media import Parcel, pack
from divine.media.errors import nonsense
from divine.records import Landmarks

LENGTH = 512
"""Frames of a block."""


class Tracks:
    """Sights, appended frame by frame."""

    def __init__(self):
        self.points_px = np.empty((LENGTH, POINTS, 2), dtype=np.float32)
        self.confidence = np.empty((LENGTH, POINTS), dtype=np.float32)
        self.waiting = 0
        self.content = bytearray()
        self.blocks: list[tuple[int, int, float]] = []
        """Bytes, frames and step of each encoded block in ``content``."""
        self.times_s, self.pose_deg, self.faces = array("d"), array("f"), array("i")
        self.lost = 0

    @property
    def count(self) -> int:
        return len(self.times_s)

    def append(self, time_s: float, sight: Sight) -> None:
        """Add a frame."""
        self.points_px[self.waiting], self.confidence[self.waiting] = sight.points_px, sight.confidence
        self.times_s.append(time_s)
        self.faces.append(sight.faces)
        self.pose_deg.extend(sight.pose_deg)
        self.lost += int(np.isnan(sight.points_px[0, 0]))
        self.waiting += 1
        if self.waiting == LENGTH:
            self._encode()

    def _encode(self) -> None:
        block = encode(self.points_px[: self.waiting], self.confidence[: self.waiting])
        self.content += block.content
        self.blocks.append((len(block.content), block.frames, block.step_px))
        self.waiting = 0

    def packed(
        self, backend: str, width: int, height: int, *, notes: tuple[str, ...] = (), corrections: list[Correction] | None = None
    ) -> bytes:
        """Serialise the tracks."""
        if self.waiting:
            self._encode()
        arrays = {
            "times_s": np.frombuffer(self.times_s, dtype=np.float64),
            "pose_deg": np.frombuffer(self.pose_deg, dtype=np.float32).reshape(-1, 3),
            "faces": np.frombuffer(self.faces, dtype=np.int32),
            "blocks": np.frombuffer(self.content, dtype=np.uint8),
        }
        about = {
            "backend": backend,
            "width": width,
            "height": height,
            "notes": [*notes, *self.remarks()],
            "blocks": self.blocks,
            "corrections": [[first, stop, np.round(offset, 6).tolist()] for first, stop, offset in corrections or []],
        }
        return pack(arrays, about)

    def remarks(self) -> tuple[str, ...]:
        """Say what a user should know of the tracking."""
        notes, most = [], max(self.faces, default=0)
        if most > 1:
            share = sum(faces > 1 for faces in self.faces) / self.count
            notes.append(f"{most} faces were seen (more than one in {share:.0%} of the frames): the main one was followed.")
        if self.lost:
            notes.append(f"no face found in {self.lost} of {self.count} frames ({self.lost / self.count:.0%}).")
        return tuple(notes)


def landmarks_of(parcel: Parcel, name: str) -> Landmarks:
    """Read what ``Tracks.packed`` wrote of the recording ``name``.

    Raises:
        IsolationError: this is no such thing: the child was not itself any more.
    """
    arrays, about = parcel
    try:
        points_px, confidence = _unblocked(arrays["blocks"].tobytes(), about["blocks"], len(arrays["times_s"]))
        for first, stop, offset in about["corrections"]:
            correct(points_px[first:stop], np.array(offset, dtype=np.float32))
        return Landmarks(
            times_s=arrays["times_s"],
            points_px=points_px,
            confidence=confidence,
            pose_deg=arrays["pose_deg"],
            faces=arrays["faces"],
            width=int(about["width"]),
            height=int(about["height"]),
            backend=str(about["backend"]),
            notes=tuple(about["notes"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise nonsense(name) from error


def _unblocked(content: bytes, blocks: list[list[int | float]], frames: int) -> tuple[np.ndarray, np.ndarray]:
    if sum(int(count) for _, count, _ in blocks) != frames:
        raise ValueError("as many frames as times were announced")
    points_px, confidence = np.empty((frames, POINTS, 2), np.float32), np.empty((frames, POINTS), np.float32)
    start = frame = 0
    for length, count, step_px in blocks:
        part = slice(frame, frame + int(count))
        points_px[part], confidence[part] = decode(Block(content[start : start + int(length)], int(count), float(step_px)))
        start, frame = start + int(length), frame + int(count)
    return points_px, confidence


def correct(points_px: Float[np.ndarray, "t 68 2"], offset: Float[np.ndarray, "68 2"]) -> None:
    """Move the points of some frames, in place, by an offset in the face's own axes, in outer-eye distances."""
    across = points_px[:, LEFT_EYE] - points_px[:, RIGHT_EYE]
    down = np.stack([-across[:, 1], across[:, 0]], axis=1)
    points_px += offset[None, :, :1] * across[:, None] + offset[None, :, 1:] * down[:, None]
