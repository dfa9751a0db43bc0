"""The tracks of a clip while they grow: 0.7 kB a frame, nothing else is kept of it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from divine.face.sight import POINTS, Correction, Sight
from divine.media import Parcel, pack
from divine.records import Landmarks

STEPS = 200
"""Confidence travels in steps of one part in this."""
RIGHT_EYE, LEFT_EYE = 36, 45


class Tracks:
    """Sights, appended frame by frame."""

    def __init__(self, expected: int):
        self.count = 0
        self._grow(max(expected, 16))

    def _grow(self, capacity: int) -> None:
        def longer(name: str, shape: tuple[int, ...], kind: type) -> np.ndarray:
            new = np.zeros(shape, dtype=kind)
            if self.count:
                new[: self.count] = getattr(self, name)[: self.count]
            return new

        self.times_s = longer("times_s", (capacity,), np.float64)
        self.points_px = longer("points_px", (capacity, POINTS, 2), np.float32)
        self.confidence = longer("confidence", (capacity, POINTS), np.uint8)
        self.pose_deg = longer("pose_deg", (capacity, 3), np.float32)
        self.faces = longer("faces", (capacity,), np.int32)

    def append(self, time_s: float, sight: Sight) -> None:
        """Add a frame."""
        if self.count == len(self.times_s):
            self._grow(2 * self.count)
        self.times_s[self.count] = time_s
        self.points_px[self.count] = sight.points_px
        self.confidence[self.count] = np.round(np.clip(sight.confidence, 0, 1) * STEPS)
        self.pose_deg[self.count] = sight.pose_deg
        self.faces[self.count] = sight.faces
        self.count += 1

    def correct(self, corrections: list[Correction]) -> None:
        """Add what a follower learnt late to the frames it concerns."""
        for first, stop, offset in corrections:
            frames = self.points_px[first:stop]
            across = frames[:, LEFT_EYE] - frames[:, RIGHT_EYE]
            down = np.stack([-across[:, 1], across[:, 0]], axis=1)
            shift = offset.astype(np.float32)
            frames += shift[None, :, :1] * across[:, None] + shift[None, :, 1:] * down[:, None]

    def remarks(self) -> tuple[str, ...]:
        """Say what a user should know of the tracking."""
        notes = []
        faces, lost = self.faces[: self.count], np.isnan(self.points_px[: self.count, 0, 0])
        if faces.max() > 1:
            share = (faces > 1).mean()
            notes.append(
                f"{faces.max()} faces were seen (more than one in {share:.0%} of the frames): the main one was followed."
            )
        if lost.any():
            notes.append(f"no face found in {lost.sum()} of {len(lost)} frames ({lost.mean():.0%}).")
        return tuple(notes)

    def packed(self, backend: str, width: int, height: int, notes: tuple[str, ...]) -> bytes:
        """Serialise the tracks."""
        names = ("times_s", "points_px", "confidence", "pose_deg", "faces")
        about = {"backend": backend, "width": width, "height": height, "notes": [*notes, *self.remarks()]}
        return pack({name: getattr(self, name)[: self.count] for name in names}, about)


def landmarks_of(parcel: Parcel) -> Landmarks:
    """Read what ``Tracks.packed`` wrote."""
    arrays, about = parcel
    confidence: Float[np.ndarray, "t 68"] = arrays["confidence"].astype(np.float32) / STEPS
    return Landmarks(
        times_s=arrays["times_s"],
        points_px=arrays["points_px"],
        confidence=confidence,
        pose_deg=arrays["pose_deg"],
        faces=arrays["faces"],
        width=about["width"],
        height=about["height"],
        backend=about["backend"],
        notes=tuple(about["notes"]),
    )
