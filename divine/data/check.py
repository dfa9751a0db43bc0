"""Look into every file of a loaded cohort: what cannot be read becomes a problem, and the index learns what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from divine.data.errors import DataError
from divine.data.features import read_features
from divine.data.recording import open_entry
from divine.data.schema import ClipEntry, Index, Loaded, Problem
from divine.data.tracks import read_boxes, read_landmarks
from divine.records import Clip, DivineError


def check(loaded: Loaded, *, probe: bool = False, on_clip: Callable[[int, int], None] = lambda done, count: None) -> Loaded:
    """Read every annotation and feature file; with ``probe``, open every recording too.

    Args:
        loaded: a cohort. Its problems are kept, and its clips too, those that cannot be opened included.
        probe: open the recordings, each in a confined child: slower. A clip then knows its duration and where its sound is.
        on_clip: is told how many clips of how many are done.
    """
    problems = list(loaded.problems)
    clips = []
    for number, entry in enumerate(loaded.index.clips, start=1):
        opened = None
        if probe and (entry.video or entry.audio):
            try:
                opened = open_entry(entry)
            except DivineError as error:
                problems.append(Problem(entry.name, None, "", str(error), "Until then the clip cannot be used."))
        clips.append(_known(entry, opened) if opened else entry)
        problems += _annotations(entry, loaded.index, opened)
        problems += _features(entry)
        on_clip(number, len(loaded.index.clips))
    return Loaded(replace(loaded.index, clips=tuple(clips)), tuple(problems))


def _known(entry: ClipEntry, clip: Clip) -> ClipEntry:
    """Return the entry with what opening it told."""
    if entry.audio is not None:
        return replace(entry, duration_s=clip.duration_s)
    sound = clip.audio
    beside = sound.path if sound and sound.origin == "sibling" else None
    return replace(entry, duration_s=clip.duration_s, audio=beside, audio_origin=sound.origin if sound else "none")


def _annotations(entry: ClipEntry, index: Index, clip: Clip | None) -> Iterator[Problem]:
    frames = clip.video.frames if clip and clip.video else None
    for path, read in ((entry.landmarks, read_landmarks), (entry.boxes, read_boxes)):
        if path is None:
            continue
        name = f"{path.parent.name}/{path.name}"
        try:
            found = read(path, frame_base=index.frame_base)
        except DataError as error:
            what = str(error).removeprefix(f"{path.name}: ")
            yield Problem(name, None, "", what, "Until then the clip has no such annotation.")
            continue
        yield from (replace(one, file=name) for one in found.problems)
        if not len(found.frames):
            yield Problem(name, None, "", "annotates no frame", "Fetch the file again.", "warning")
        elif frames is not None and found.frames[-1] >= frames:
            last = int(found.frames[-1]) + index.frame_base
            what = f"annotates frame {last}, and the video ends with frame {frames - 1 + index.frame_base}"
            remedy = "If this is so everywhere, the files count frames from another number: set the frame base."
            yield Problem(name, None, "Frame", what, remedy, "warning")


def _features(entry: ClipEntry) -> Iterator[Problem]:
    for (modality, name), path in entry.features.items():
        try:
            read_features(path)
        except DataError as error:
            what = str(error).removeprefix(f"{path.name}: ")
            remedy = "Until then the clip cannot be used with them."
            yield Problem(path.name, None, f"features_{modality}_{name}", what, remedy)
