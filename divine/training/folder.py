"""What the folder of a run and that of a sweep have in common: one process at a time, nothing of anybody else's, one cohort."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from divine.data.keys import clip_key
from divine.data.schema import ClipEntry, Index
from divine.jobs.lock import take
from divine.store import write_atomically
from divine.training.errors import TrainingError


@contextmanager
def held(folder: Path, what: str) -> Iterator[None]:
    """Hold the folder of a ``what`` for this process; the kernel lets go however the process ends.

    Raises:
        StoreError: the folder cannot be made or written.
        TrainingError: another process is at work on it.
    """
    lock = take(folder / ".lock")
    if lock is None:
        raise TrainingError(f"{folder.name}: another process is at work on this {what}. Wait for it.")
    try:
        os.utime(lock)  # when work was last begun: what was told before is of somebody who is gone
        yield
    finally:
        os.close(lock)


def is_spec_of(content: bytes, part: str) -> bool:
    """Say whether a ``spec.json`` speaks of a ``part``: only a sweep's has ``units``, only a run's a ``system``."""
    try:
        return part in json.loads(content)
    except (ValueError, TypeError):
        return False  # damaged: whoever reads it says so


def is_in_use(folder: Path) -> bool:
    """Say whether a folder holds anything; a lock, and what a kill left half written, are hidden and do not count."""
    return folder.is_dir() and any(not one.name.startswith(".") for one in folder.iterdir())


def keep_to(folder: Path, index: Index) -> None:
    """Note which clips a folder's work learns from, and what of each; once there is any, refuse a cohort that changed.

    Packed features are found by a clip's place, and members that were trained before and after a change would not be of one
    run: so members alone hold the cohort too, where features were deleted to be packed anew. Nobody can be told from the note
    (``cohort.json``): it holds keys and digests.

    Raises:
        TrainingError: the cohort has changed; says how.
        StoreError: the note cannot be written.
    """
    note, now = folder / "cohort.json", {clip_key(clip): _digest(clip) for clip in index.clips}
    begun = any(any(folder.glob(made)) for made in ("features/**/pack.json", "members/*", "runs/*/members/*"))
    if not note.is_file() or not begun:
        write_atomically(note, json.dumps(now, indent=1).encode() + b"\n")
        return
    try:
        before: dict[str, str] = dict(json.loads(note.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(f"{folder.name}/cohort.json: is damaged ({error}). Choose another folder.") from error
    if before == now:
        return
    counts = {
        "added": len(now.keys() - before.keys()),
        "gone": len(before.keys() - now.keys()),
        "with other ratings, age, sex, session, task or part": sum(
            before[key] != now[key] for key in before.keys() & now.keys()
        ),
    }
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    raise TrainingError(
        f"{folder.name}: the cohort's clips have changed since this was begun ({said}); what is trained would not fit what "
        "comes. Choose another folder to train on the cohort as it is, or put it back as it was to go on."
    )


def _digest(clip: ClipEntry) -> str:
    """Return a digest of all that training takes from a clip besides its features."""
    learned = [clip.ratings, clip.age, clip.sex, clip.session, clip.task, clip.split]
    return hashlib.sha256(json.dumps(learned).encode()).hexdigest()[:16]
