"""What tests have workers do."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from divine.records import DivineError


def square(number: int) -> int:
    return number * number


def refuse_threes(number: int) -> int:
    if number % 3 == 0:
        raise DivineError(f"{number}: no threes")
    return number


def break_down(number: int) -> int:
    if number == 2:
        raise ZeroDivisionError("a defect")
    return number


def die_on_two(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_once(path: Path) -> int:
    """Kill the process at the first call for a path, and say so by making it."""
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def note(path: Path) -> int:
    """Take a while, and leave a file behind."""
    time.sleep(0.2)
    path.touch()
    return os.getpid()


def threads(number: int) -> str:
    return os.environ["OMP_NUM_THREADS"]
