"""Decoding ahead: the next frames are made in a thread while this one is looked at (both leave the interpreter free)."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
DEPTH = 4
"""Frames in hand at most, so that memory does not grow with a clip."""


def ahead(source: Iterable[Item], depth: int = DEPTH) -> Iterator[Item]:
    """Yield the items of ``source`` in order, made up to ``depth`` ahead in a thread; what it raises is raised here."""
    ready: queue.Queue[tuple[Item | None, BaseException | None, bool]] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: Item | None, error: BaseException | None, last: bool) -> None:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                ready.put((item, error, last), timeout=0.1)
                return

    def work() -> None:
        try:
            for item in source:
                put(item, None, False)
                if stopped.is_set():
                    return
            put(None, None, True)
        except BaseException as error:  # it belongs to whoever takes the items
            put(None, error, True)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        while True:
            item, error, last = ready.get()
            if error is not None:
                raise error
            if last:
                return
            yield item  # pyright: ignore[reportReturnType]
    finally:
        stopped.set()
        worker.join()
