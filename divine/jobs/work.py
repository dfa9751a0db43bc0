"""The life of a worker: wait for the device, carry the job out, leave a last word. It obeys a cancel file and SIGTERM."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from divine.jobs.errors import JobError
from divine.jobs.folder import JobFolder, folders
from divine.jobs.lock import is_held, take
from divine.jobs.records import CANCELLED, Order, State, Status
from divine.records import DivineError, OnStep

CarryOut = Callable[[str, Order, OnStep], None]
"""Takes a job's id, what was asked, and whom to tell of a stage, how much of it is done, and of how much."""

_LOOK_EVERY_S = 0.1
_WRITE_EVERY_S = 0.25
_NICE = 5
"""The studio and whoever sits at the machine come first."""


def work(folder: JobFolder, lock: int, carry_out: CarryOut, *, mercy_s: float = 8.0) -> None:
    """Carry one job out.

    Args:
        folder: the job's.
        lock: the open file that holds the job's lock; it is let go after the last word, or when this process dies.
        carry_out: does what is asked.
        mercy_s: a job that was asked to stop and is still there after this long is ended hard: nothing finished is lost.
    """
    os.set_inheritable(lock, False)
    os.nice(_NICE)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    order, status = folder.order(), folder.status()
    over = threading.Event()
    threading.Thread(target=_obey, args=(folder.wish, over, mercy_s), daemon=True).start()
    scribe = _Scribe(folder, status)
    try:
        with _turn(folder, order.device, status.queued_s):
            scribe.say("running")
            carry_out(folder.path.name, order, scribe.step)
            over.set()
            scribe.say("done")
    except KeyboardInterrupt:
        over.set()
        scribe.say("interrupted", CANCELLED)
    except DivineError as error:
        scribe.say("failed", str(error))
    except Exception as error:
        traceback.print_exc()
        log = f"jobs/{folder.path.name}/{folder.log.name}"
        scribe.say("failed", f"An error of the program itself ({type(error).__name__}); {log} in DIVINE_HOME has the details.")
    over.set()
    os.close(lock)  # at once: whoever reads the last word may act on it


class _Scribe:
    """Keeps ``status.json`` and ``events.jsonl`` up with a job, without writing more often than anybody reads."""

    def __init__(self, folder: JobFolder, status: Status) -> None:
        self.folder, self.status = folder, status
        self._written_s = 0.0

    def step(self, stage: str, done: int, total: int) -> None:
        fresh = stage != self.status.stage
        self.status = replace(self.status, stage=stage, done=done, total=total)
        self.folder.tell("step", stage=stage, done=done, total=total)
        if fresh or done == total or time.monotonic() - self._written_s > _WRITE_EVERY_S:
            self._write()

    def say(self, state: State, message: str = "") -> None:
        now_s = time.time()
        when = {"started_s": now_s} if state == "running" else {"ended_s": now_s}
        self.status = replace(self.status, state=state, message=message, **when)
        self._write()
        self.folder.tell(state, pid=os.getpid())

    def _write(self) -> None:
        self.folder.set_status(self.status)
        self._written_s = time.monotonic()


def _obey(wish: Path, over: threading.Event, mercy_s: float) -> None:
    """Interrupt the worker once its cancel file is there; end it hard where it does not listen."""
    while not wish.exists():
        if over.wait(_LOOK_EVERY_S):
            return
    os.kill(os.getpid(), signal.SIGINT)
    if not over.wait(mercy_s):
        os._exit(128 + signal.SIGINT)


@contextlib.contextmanager
def _turn(folder: JobFolder, device: str, queued_s: float) -> Iterator[None]:
    """Hold a device, first come first served. The lock goes with this process, so the next one needs nobody to call it."""
    path = folder.path.parent / "devices" / f"{re.sub(r'[^a-z0-9]+', '-', device.lower())}.lock"
    while True:
        handle = take(path, patience_s=0.0)
        if handle is not None:
            if not _earlier(folder, device, queued_s):
                break
            os.close(handle)
        time.sleep(_LOOK_EVERY_S)
    try:
        yield
    finally:
        os.close(handle)


def _earlier(folder: JobFolder, device: str, queued_s: float) -> bool:
    """Say whether a job that was queued before this one still waits for the same device."""
    mine = (queued_s, folder.path.name)
    for other in folders(folder.path.parent):
        if other == folder or not is_held(other.lock):
            continue
        with contextlib.suppress(JobError):
            status = other.status()
            if status.state == "queued" and (status.queued_s, other.path.name) < mine and other.order().device == device:
                return True
    return False
