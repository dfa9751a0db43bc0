"""Advisory locks that the kernel lets go however their holder dies. A lock belongs to an open file: a child can inherit it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from divine.store import StoreError

_PATIENCE_S = 0.2
"""A look at a lock holds it for an instant; whoever wants it tries for longer than that."""


def take(path: Path, *, patience_s: float = _PATIENCE_S) -> int | None:
    """Take a lock and return the open file that holds it, or None where another process has it.

    Raises:
        StoreError: its folder cannot be made or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(
            f"{path.parent}: is no folder that can be written ({error.strerror}). Choose another folder."
        ) from error
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                return None
            time.sleep(0.005)


def is_held(path: Path) -> bool:
    """Say whether somebody holds a lock, without keeping it from anybody else who asks the same."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
