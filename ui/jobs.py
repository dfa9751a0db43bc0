"""One assessment on its way: what has become available, and how far it is. A mutable object behind a lock."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from divine.records import Clip, Event, Measured, Observation, Progress
from ui import wire

State = Literal["queued", "running", "done", "failed", "cancelled"]

MEDIA_VIDEO, MEDIA_SOUND, FRAMES, TRACK, MEASURED, RESULT, REPORT = (
    "media.mp4",
    "media.wav",
    "frames.bin",
    "track.bin",
    "measured.json",
    "assessment.json",
    "report.pdf",
)
PARTS = {
    MEDIA_VIDEO: "video/mp4",
    MEDIA_SOUND: "audio/wav",
    FRAMES: "application/octet-stream",
    TRACK: "application/octet-stream",
    MEASURED: "application/json",
    RESULT: "application/json",
    REPORT: "application/pdf",
}
"""Everything that a browser may fetch of a job, by name, with its type: a name that is not here does not exist."""


class Cancelled(Exception):  # noqa: N818 - a wish, not an error
    """The user no longer wants the answer; raised inside the service to leave it."""


class Judge(NamedTuple):
    """The run whose models are asked."""

    run: str
    """Its id."""
    folder: Path
    """Never sent to a browser."""


@dataclass(frozen=True)
class Order:
    """What is to be assessed, and for whom."""

    owner: str
    name: str
    recording: Path
    sound: Path | None
    sound_name: str
    task: str | None
    example: bool
    spent: tuple[Path, ...]
    """Folders of uploads, deleted as soon as nothing needs them."""
    judge: Judge | None = None
    """The demonstration's checkpoint where it is None."""


class Job:
    """State of one assessment. Large results lie as files in ``folder``; ``parts`` names those that are complete."""

    def __init__(self, job_id: str, order: Order, folder: Path) -> None:
        self.id = job_id
        self.order = order
        self.folder = folder
        self.lock = threading.Lock()
        self.cancelled = threading.Event()
        self.state: State = "queued"
        self.stage = ""
        self.fraction = 0.0
        self.error = ""
        self.picture_error = ""
        self.clip: Clip | None = None
        self.face: dict[str, Any] | None = None
        self.measured: Measured | None = None
        self.parts: set[str] = set()
        self.pending = 1
        """Pieces of work (the assessment, the viewing copy) that still read the upload."""
        self.touched_s = time.monotonic()

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")

    def renamed(self, clip: Clip) -> Clip:
        """Show the name that the user knows, not the one the file has with us."""
        return replace(clip, name=self.order.name)

    def carry_on(self) -> None:
        """Return if there is still somebody to work for.

        Raises:
            Cancelled: the user gave up.
        """
        if self.cancelled.is_set():
            raise Cancelled

    def note(self, event: Event) -> None:
        """Keep what an event brings.

        Raises:
            Cancelled: the user gave up.
        """
        self.carry_on()
        if isinstance(event, Progress):
            with self.lock:
                self.stage, self.fraction = event.stage, min(max(event.fraction, 0.0), 1.0)
        elif isinstance(event, Clip):
            self.clip = self.renamed(event)
        elif isinstance(event, Observation):
            self._note_observation(event)
        elif isinstance(event, Measured):
            self.measured = event
            self.add(MEASURED, json.dumps(wire.measured_facts(event), allow_nan=False).encode())

    def _note_observation(self, seen: Observation) -> None:
        if seen.landmarks is not None:
            self.face = wire.face_facts(seen.landmarks)
            self.add(TRACK, wire.track_bytes(seen.landmarks))
        if seen.sound is not None and seen.clip.video is None:
            self.add(MEDIA_SOUND, wire.wav_bytes(seen.sound))

    def add(self, part: str, content: bytes) -> None:
        """Store a part whole, then say that it is there."""
        partial = self.folder / f"{part}.partial"
        partial.write_bytes(content)
        partial.replace(self.folder / part)
        self.announce(part)

    def announce(self, part: str) -> None:
        """Say that a part lies complete in the folder."""
        with self.lock:
            self.parts.add(part)

    def finish(self, document: dict[str, Any]) -> None:
        """Store the result, which is also the file that the user may save."""
        self.add(RESULT, json.dumps(document, allow_nan=False, ensure_ascii=False, indent=2).encode())

    def view(self, ahead: int) -> dict[str, Any]:
        """Say how things stand; ``ahead`` is the number of assessments that come first."""
        with self.lock:
            view: dict[str, Any] = {
                "id": self.id,
                "state": self.state,
                "stage": self.stage,
                "fraction": self.fraction,
                "ahead": ahead,
                "error": self.error,
                "picture_error": self.picture_error,
                "name": self.order.name,
                "sound_name": self.order.sound_name,
                "task": self.order.task,
                "example": self.order.example,
                "model": self.order.judge.run if self.order.judge else "",
                "parts": sorted(self.parts),
            }
        if self.clip is not None:
            view["clip"] = wire.clip_facts(self.clip)
        if self.face is not None:
            view["face"] = self.face
        return view
