"""One clip of a cohort, opened to be looked at: a copy to play, landmarks, sound, curves, repetitions, hand annotations.

What takes long (the landmarks, the copy to play) is made once and kept in the store under the recording's own bytes, so
that every later opening reads it. What is quick (curves, measures, repetitions, the picture of the sound) is made anew each
time: it is never older than the code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from divine.config import home
from divine.records import Clip, Landmarks, Measured, Observation, Sound
from divine.store import Store, content_key

if TYPE_CHECKING:
    from divine.data.schema import ClipEntry
    from divine.face.by_hand import HandFrame
    from divine.face.kinematic_repetition import Repetition
    from divine.voice.picture import SoundPicture

VIEW_REVISION = "1"
"""Raise it when the viewing copy changes."""
OnProgress = Callable[[float], None]
Part = Literal["sound", "landmarks", "measured"]


def _nobody(fraction: float) -> None:
    """Listen to nothing."""


class View(NamedTuple):
    """A copy that browsers play frame by frame."""

    path: Path
    times_s: Float[np.ndarray, " t"]


@dataclass(frozen=True, eq=False)
class Tracks:
    """Everything over time that a clip shows."""

    clip: Clip
    landmarks: Landmarks | None
    sound: Sound | None
    picture: SoundPicture | None
    measured: Measured
    repetitions: tuple[Repetition, ...]
    by_hand: tuple[HandFrame, ...]


def open_recording(entry: ClipEntry) -> Clip:
    """Open a clip of a cohort, with the sound that its index chose.

    Raises:
        DivineError: it comes as features only, or its recording cannot be opened.
    """
    from divine.data.recording import open_entry

    return open_entry(entry)


def view_of(clip: Clip, *, on_progress: OnProgress = _nobody) -> View:
    """Return the copy of a clip to play, made on first use.

    Raises:
        DivineError: it has no picture, or the copy cannot be made.
    """
    from divine.media import viewing_copy

    store = _store()
    key = content_key(kind="view", media=clip.digest, revision=VIEW_REVISION)
    path = store.path(key).with_suffix(".mp4")
    kept = store.get(key) if path.is_file() else None
    if kept is not None:
        return View(path, kept[0]["times_s"])
    times = viewing_copy(clip, path, on_progress=on_progress)
    store.put(key, {"times_s": times})  # last: an entry vouches for its file
    return View(path, times)


def landmarks_of(clip: Clip, *, on_progress: OnProgress = _nobody) -> Landmarks | None:
    """Return the landmarks of a clip, found on first use; None where it has no picture.

    Raises:
        DivineError: its picture cannot be followed.
    """
    from divine.face.track import track

    if clip.video is None:
        return None
    kept = kept_landmarks(clip)
    if kept is not None:
        return kept
    found = track(clip, on_progress=on_progress)
    keep_landmarks(clip, found)
    return found


def kept_landmarks(clip: Clip) -> Landmarks | None:
    """Return the landmarks that an earlier opening kept, or None."""
    entry = _store().get(_landmark_key(clip))
    if entry is None:
        return None
    arrays, about = entry
    notes = tuple(about["notes"])
    return Landmarks(**arrays, width=about["width"], height=about["height"], backend=about["backend"], notes=notes)


def keep_landmarks(clip: Clip, found: Landmarks) -> None:
    """Keep landmarks under the clip's bytes.

    Raises:
        StoreError: the store cannot be written.
    """
    arrays = {name: getattr(found, name) for name in ("times_s", "points_px", "confidence", "pose_deg", "faces")}
    about = {"width": found.width, "height": found.height, "backend": found.backend, "notes": list(found.notes)}
    _store().put(_landmark_key(clip), arrays, about)


def tracks_of(
    entry: ClipEntry, *, frame_base: int = 1, on_progress: Callable[[Part, float], None] = lambda part, done: None
) -> Tracks:
    """Return everything that a clip shows over time.

    Args:
        entry: of a cohort's index.
        frame_base: number that the cohort's annotation files give a video's first frame.
        on_progress: takes the part in hand and the fraction of it that is done; what it raises ends the work.

    Raises:
        DivineError: the recording cannot be used; the message says what to do.
    """
    from divine.data.tracks import read_landmarks
    from divine.face.by_hand import compare
    from divine.face.kinematic_repetition import repetitions
    from divine.measuring import measure
    from divine.media import read_sound
    from divine.voice.picture import picture

    clip = open_recording(entry)
    task = entry.task or None
    on_progress("sound", 0.0)
    sound = None if clip.audio is None else read_sound(clip, on_progress=lambda done: on_progress("sound", done))
    on_progress("landmarks", 0.0)
    landmarks = landmarks_of(clip, on_progress=lambda done: on_progress("landmarks", done))
    on_progress("measured", 0.0)
    by_hand = ()
    if landmarks is not None and entry.landmarks is not None:
        by_hand = compare(landmarks, read_landmarks(entry.landmarks, frame_base=frame_base))
    return Tracks(
        clip=clip,
        landmarks=landmarks,
        sound=sound,
        picture=None if sound is None else picture(sound),
        measured=measure(Observation(clip, landmarks, sound), task),
        repetitions=() if landmarks is None else repetitions(landmarks, task),
        by_hand=by_hand,
    )


def _landmark_key(clip: Clip) -> str:
    from divine.features.extract import OBSERVATION_REVISION

    return content_key(kind="landmarks", media=clip.digest, observed=OBSERVATION_REVISION)


def _store() -> Store:
    return Store(home() / "store")
