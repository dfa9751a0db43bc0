"""Write a whole index in Toronto NeuroFace's layout."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from divine.data.errors import DataError
from divine.data.schema import ClipEntry, Index
from divine.data.tnf_names import parse_stem
from divine.data.tnf_write import (
    Person,
    Rated,
    audio_path,
    boxes_path,
    group_folder,
    landmarks_path,
    mark_synthetic,
    video_path,
    write_people,
    write_ratings,
    write_video_info,
)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name where the disk can, else copy it; a name that is taken is left as it is."""
    if target.exists():
        return
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copy2(source, target)


def write_tnf(index: Index, root: Path, *, place: Callable[[Path, Path], None] = link_or_copy) -> Path:
    """Write an index so that ``load_tnf`` reads the same one back.

    Ages and sexes go into a clinical table per group (the release has one for stroke only), other metadata into the sheet of
    video information. ``split`` and ``features`` have no place in this layout.

    Args:
        index: a cohort with the groups, items and videos of this layout.
        root: the new folder.
        place: puts a recording of the index to its new place; hard links by default.

    Raises:
        DataError: a clip has no video, or a name that this layout cannot say.
        StoreError: the disk is full or the folder cannot be written.
    """
    for group in index.groups:
        clips = [clip for clip in index.clips if clip.group == group]
        folder = group_folder(root, group)
        for clip in clips:
            for put, files in ((place, _media(clip, root)), (shutil.copyfile, _annotations(clip, root))):
                for source, target in files:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    put(source, target)
        names = {clip.name: _target(clip, root).name for clip in clips}
        if index.items:
            rated = [Rated(names[clip.name], clip.subject, clip.ratings) for clip in clips if clip.ratings]
            write_ratings(root, group, rated, items=index.items)
        if any(clip.metadata for clip in clips):
            write_video_info(root, group, [(names[clip.name], clip.metadata) for clip in clips])
        people = {clip.subject: Person(clip.subject, clip.age, clip.sex) for clip in clips}
        if any(one.age is not None or one.sex for one in people.values()):
            write_people(root, group, list(people.values()))
        folder.mkdir(parents=True, exist_ok=True)
    if index.synthetic:
        mark_synthetic(root, f"Written from {index.root.name}.")
    return root


def _target(clip: ClipEntry, root: Path) -> Path:
    """Return where the clip's video belongs."""
    if clip.video is None:
        raise DataError(f"{clip.name}: has no video, and this layout lists clips by their videos. Write a manifest instead.")
    path = video_path(root, clip.group, clip.subject, clip.session, clip.task, clip.video.suffix)
    if path.parent != group_folder(root, clip.group) / "Videos" or parse_stem(path.stem) != (
        clip.subject,
        clip.session,
        clip.task,
    ):
        remedy = "Use ids and sessions without underscores and slashes, in capitals."
        raise DataError(f"{clip.name}: subject, session and task cannot be read back from {path.name!r}. {remedy}")
    return path


def _media(clip: ClipEntry, root: Path) -> Iterator[tuple[Path, Path]]:
    video = _target(clip, root)
    if clip.video is not None:
        yield clip.video, video
    if clip.audio is not None:
        yield clip.audio, audio_path(video)


def _annotations(clip: ClipEntry, root: Path) -> Iterator[tuple[Path, Path]]:
    """Yield what people edit: a hard link would change the original too, so these are copied."""
    video = _target(clip, root)
    if clip.landmarks is not None:
        yield clip.landmarks, landmarks_path(root, clip.group, video)
    if clip.boxes is not None:
        yield clip.boxes, boxes_path(root, clip.group, video)
    for number, picture in clip.pictures.items():
        yield picture, group_folder(root, clip.group) / "Frames" / f"{video.name}_{number}{picture.suffix}"
