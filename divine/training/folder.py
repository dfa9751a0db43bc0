"""What the folder of a run and that of a sweep have in common: one process at a time, and nothing of anybody else's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from divine.jobs.lock import take
from divine.training.errors import TrainingError


@contextmanager
def held(folder: Path, what: str) -> Iterator[None]:
    """Hold the folder of a ``what`` for this process; the kernel lets go however the process ends.

    Raises:
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


def is_in_use(folder: Path) -> bool:
    """Say whether a folder holds anything; a lock, and what a kill left half written, are hidden and do not count."""
    return folder.is_dir() and any(not one.name.startswith(".") for one in folder.iterdir())
