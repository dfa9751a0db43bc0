"""What lies in one group's folder of Toronto NeuroFace: videos, sounds, hand annotations and pictures, joined by name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from divine.data.schema import ClipEntry, Problem
from divine.data.tables import is_text
from divine.data.tnf_names import VIDEO_SUFFIXES, clip_key, parse_stem, plain
from divine.measures import TASKS

Clips = dict[str, ClipEntry]
"""One group's clips by ``clip_key``."""

_PICTURE = re.compile(r"(?P<video>.+)_(?P<number>\d{1,9})\.(?:jpe?g|png)", re.IGNORECASE | re.DOTALL)


def subfolders(folder: Path, *names: str) -> list[Path]:
    """Return the folders inside that bear one of the names, in any case and with blanks, hyphens or underscores."""
    wanted = {plain(name) for name in names}
    return [one for one in listed(folder) if plain(one.name) in wanted and one.is_dir()]


def listed(folder: Path) -> list[Path]:
    """Return what is in a folder, in a fixed order, without hidden files and the locks of spreadsheets."""
    return sorted(one for one in folder.iterdir() if not one.name.startswith((".", "~$")))


def find_videos(dataset: str, group: str, folder: Path, clips: Clips, problems: list[Problem]) -> None:
    """Add the videos of a group's folder to ``clips``."""
    found = [one for place in subfolders(folder, "Videos", "Video") for one in listed(place)]
    videos = [one for one in found if one.suffix.lower() in VIDEO_SUFFIXES]
    for path in sorted(videos, key=lambda one: (clip_key(one.name), VIDEO_SUFFIXES.index(one.suffix.lower()), one)):
        name = parse_stem(path.stem)
        key = clip_key(path.name)
        if not is_text(path.name) or name is None:
            what = "the name is not <subject>_<session>_<task>_color; the video was left out"
            problems.append(Problem(path.name, None, "", what, "Rename the file, or describe the cohort by a manifest."))
        elif plain(path.stem).endswith(" depth"):
            what = "pictures of depth are not used; the video was left out"
            problems.append(Problem(path.name, None, "", what, "Nothing, where the colour video is there too.", "warning"))
        elif key in clips:
            what = f"is the same clip as {clips[key].name}; it was left out"
            problems.append(Problem(path.name, None, "", what, "Delete one of the two."))
        else:
            if name.task not in TASKS:
                what = f"task {name.task} is none of {', '.join(TASKS)}; it is in no set of tasks but 'all'"
                problems.append(Problem(path.name, None, "", what, "Correct the name if it is a slip.", "warning"))
            clips[key] = ClipEntry(
                dataset, group, name.subject, name.session, name.task, path.name, video=path, audio_origin="unknown"
            )


def attach_sounds(folder: Path, clips: Clips, problems: list[Problem]) -> None:
    """Give each clip the ``.wav`` whose stem its own stem contains, in any case and without ``_al``; the longest wins.

    Stems are compared by whole words between underscores: ``DDK_PA`` is not contained in ``DDK_PATAKA``.
    """
    places = [*subfolders(folder, "Videos", "Video"), *subfolders(folder, "Audio", "Audios"), folder]
    sounds: dict[str, Path] = {}
    for path in (one for place in places for one in listed(place) if one.suffix.lower() == ".wav"):
        sounds.setdefault(clip_key(path.stem.lower().removesuffix("_al")), path)
    matches: defaultdict[Path, list[str]] = defaultdict(list)
    for key in clips:
        if (best := next((sounds[part] for part in _parts(key) if part in sounds), None)) is not None:
            matches[best].append(key)
    for path in sounds.values():
        keys = matches[path]
        if len(keys) == 1:
            clips[keys[0]] = replace(clips[keys[0]], audio=path, audio_origin="sibling")
        else:
            fits = f"the names of {len(keys)} videos contain" if keys else "no video's name contains"
            what = f"{fits} {path.stem!r}; the sound is not used"
            problems.append(Problem(path.name, None, "", what, "Name it like its video.", "error" if keys else "warning"))


def _parts(key: str) -> Iterator[str]:
    """Yield the runs of words of a stem, longest first."""
    words = key.split("_")
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            yield "_".join(words[start : start + length])


def attach_annotations(folder: Path, clips: Clips, problems: list[Problem]) -> None:
    """Give each clip its files of landmarks and boxes, and the pictures of its annotated frames."""
    for path in _texts(folder, "Landmarks_gt", "Landmarks"):
        if (key := _known(path, clips, problems)) is not None:
            clips[key] = replace(clips[key], landmarks=path)
    for path in _texts(folder, "Bbox_gt", "Bbox"):
        if (key := _known(path, clips, problems)) is not None:
            clips[key] = replace(clips[key], boxes=path)
    pictures: defaultdict[str, dict[int, Path]] = defaultdict(dict)
    for path in (one for place in subfolders(folder, "Frames") for one in listed(place)):
        if match := _PICTURE.fullmatch(path.name):
            pictures[clip_key(match["video"])][int(match["number"])] = path
    for key, numbered in pictures.items():
        if key in clips:
            clips[key] = replace(clips[key], pictures=dict(sorted(numbered.items())))
        else:
            what = f"{len(numbered)} pictures of a video that is not there"
            problems.append(Problem(next(iter(numbered.values())).name, None, "", what, "Add the video.", "warning"))


def _texts(folder: Path, *names: str) -> list[Path]:
    return [one for place in subfolders(folder, *names) for one in listed(place) if one.suffix.lower() == ".txt"]


def _known(path: Path, clips: Clips, problems: list[Problem]) -> str | None:
    key = clip_key(path.name)
    if key in clips:
        return key
    what = "annotates a video that is not there; it is not used"
    problems.append(
        Problem(f"{path.parent.name}/{path.name}", None, "", what, "Add the video, or correct the name.", "warning")
    )
    return None
