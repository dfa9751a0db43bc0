"""Clips of a cohort on their way to the screen: the newest wish first, each once, a few kept at hand."""

from __future__ import annotations

import json
import logging
import queue
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from divine.data.schema import ClipEntry, Index
from divine.records import DivineError, Quality
from divine.services import session
from ui import session_wire, wire
from ui.jobs import FRAMES, MEASURED, MEDIA_SOUND, MEDIA_VIDEO, TRACK

log = logging.getLogger(__name__)

SOUND, HAND, REPETITIONS = "sound.bin", "hand.json", "repetitions.json"
TYPES = {
    MEDIA_VIDEO: "video/mp4",
    MEDIA_SOUND: "audio/wav",
    FRAMES: "application/octet-stream",
    TRACK: "application/octet-stream",
    SOUND: "application/octet-stream",
    MEASURED: "application/json",
    HAND: "application/json",
    REPETITIONS: "application/json",
}
"""Everything that a browser may fetch of a clip, by name, with its type."""
KEPT = 12
"""Clips whose parts stay in memory; the store has what takes long."""
ABANDONED_S = 20.0
"""A clip that still waits and that no page has asked about for this long is not opened."""
_OURS = "The studio made an error of its own; its log has the details."

State = Literal["queued", "running", "done", "failed"]


class Work:
    """One clip: what is there of it, and how far the rest is."""

    def __init__(self, entry: ClipEntry, index: Index, found: Callable[[Quality], None]) -> None:
        self.entry = entry
        self.found = found
        """Takes whether the clip is fit to be judged, once that is known."""
        self.frame_base = index.frame_base
        self.lock = threading.Lock()
        self.parts: dict[str, bytes | Path] = {}
        self.state: State = "queued"
        self.stage = ""
        self.fraction = 0.0
        self.error = ""
        self.view_state: State = "queued"
        self.view_error = ""
        self.facts: dict[str, Any] = {}
        self.touched_s = time.monotonic()

    def add(self, name: str, content: bytes | Path) -> None:
        """Say that a part is there."""
        with self.lock:
            self.parts[name] = content

    def step(self, stage: str, fraction: float) -> None:
        """Say how far the work is."""
        self.stage, self.fraction = stage, min(max(fraction, 0.0), 1.0)

    def view(self) -> dict[str, Any]:
        """Say how things stand."""
        with self.lock:
            return {
                "state": self.state,
                "stage": self.stage,
                "fraction": self.fraction,
                "error": self.error,
                "view_state": self.view_state,
                "view_error": self.view_error,
                "parts": sorted(self.parts),
            } | self.facts


class Openings:
    """Opens clips in the background: one thread follows faces, another makes copies to play."""

    def __init__(self, sounds: Callable[[], Path]) -> None:
        """Keep sounds that have no picture in folders that ``sounds`` makes."""
        self._sounds = sounds
        self._works: OrderedDict[tuple[str, str], Work] = OrderedDict()
        self._lock = threading.Lock()
        self._tracks = _Newest("session-tracks")
        self._views = _Newest("session-views")

    def open(
        self, cohort: str, key: str, entry: ClipEntry, index: Index, *, found: Callable[[Quality], None] = lambda quality: None
    ) -> Work:
        """Return the work on a clip, begun now unless it is there; one that failed is tried again.

        ``found`` is told of the clip's quality, from another thread.
        """
        with self._lock:
            work = self._works.pop((cohort, key), None)
            fresh = work is None or "failed" in (work.state, work.view_state)
            if work is None or fresh:
                work = Work(entry, index, found)
            self._works[cohort, key] = work
            while len(self._works) > KEPT:
                self._forget(self._works.popitem(last=False)[1])
        work.touched_s = time.monotonic()
        if fresh and (entry.video is not None or entry.audio is not None):
            self._tracks.put(lambda: self._guarded(work, "state", "error", self._follow))
            if entry.video is not None:
                self._views.put(lambda: self._guarded(work, "view_state", "view_error", self._copy))
        return work

    def get(self, cohort: str, key: str) -> Work | None:
        """Return the work on a clip that a page has open."""
        work = self._works.get((cohort, key))
        if work is not None:
            work.touched_s = time.monotonic()
        return work

    def close(self) -> None:
        """Stop the threads and let everything go."""
        self._tracks.close()
        self._views.close()
        for work in self._works.values():
            self._forget(work)
        self._works.clear()

    def _guarded(self, work: Work, state: str, error: str, do: Callable[[Work], None]) -> None:
        if time.monotonic() - work.touched_s > ABANDONED_S:
            message = "Nobody was waiting for this any more."
        else:
            setattr(work, state, "running")
            try:
                do(work)
            except DivineError as trouble:
                message = _without_folders(str(trouble), work.entry)
            except Exception:  # the page must say so, whatever it was
                log.exception("a clip could not be opened")
                message = _OURS
            else:
                setattr(work, state, "done")
                return
        setattr(work, error, message)
        setattr(work, state, "failed")

    def _follow(self, work: Work) -> None:
        tracks = session.tracks_of(work.entry, frame_base=work.frame_base, on_progress=work.step)
        facts = {"clip": wire.clip_facts(tracks.clip)}
        work.found(tracks.measured.quality)
        if tracks.landmarks is not None:
            facts["face"] = wire.face_facts(tracks.landmarks)
            work.add(TRACK, wire.track_bytes(tracks.landmarks))
        elif tracks.sound is not None:
            place = self._sounds() / MEDIA_SOUND
            place.write_bytes(wire.wav_bytes(tracks.sound))
            work.add(MEDIA_SOUND, place)
        if tracks.picture is not None:
            work.add(SOUND, session_wire.sound_bytes(tracks.picture))
        if tracks.by_hand:
            work.add(HAND, _json(session_wire.hand_document(tracks.by_hand)))
        work.facts = facts  # whole, for a page may be reading them
        work.add(REPETITIONS, _json(session_wire.repetition_document(tracks.repetitions)))
        work.add(MEASURED, _json(wire.measured_facts(tracks.measured)))

    def _copy(self, work: Work) -> None:
        view = session.view_of(session.open_recording(work.entry))
        work.add(FRAMES, wire.frame_times_bytes(view.times_s))
        work.add(MEDIA_VIDEO, view.path)

    def _forget(self, work: Work) -> None:
        sound = work.parts.get(MEDIA_SOUND)
        if isinstance(sound, Path):
            shutil.rmtree(sound.parent, ignore_errors=True)


class _Newest:
    """A thread that does the newest of what waits; it starts with the first."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: queue.LifoQueue[Callable[[], None]] = queue.LifoQueue()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def put(self, work: Callable[[], None]) -> None:
        self._waiting.put(work)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._waiting.put(lambda: None)

    def _run(self) -> None:
        while True:
            work = self._waiting.get()
            if self._closed.is_set():
                return
            work()


def _json(document: object) -> bytes:
    return json.dumps(document, allow_nan=False).encode()


def _without_folders(message: str, entry: ClipEntry) -> str:
    """Name files, never the folders they lie in."""
    for path in (entry.video, entry.audio, entry.landmarks):
        if path is not None:
            message = message.replace(str(path), path.name)
    return message
