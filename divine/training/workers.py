"""Members side by side: one process per core, each on one thread, none outliving its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")

_PR_SET_PDEATHSIG = 1


def side_by_side(function: Callable[[Item], None], items: Sequence[Item], workers: int) -> Iterator[Item]:
    """Call ``function`` on every item, ``workers`` at a time, and yield each item as it is finished.

    What a call raises is raised here, and the rest is left undone. With one worker everything stays in this process.
    """
    if workers == 1 or len(items) == 1:
        for item in items:
            function(item)
            yield item
        return
    with ProcessPoolExecutor(
        min(workers, len(items)), get_context("spawn"), initializer=_begin, initargs=(os.getpid(),)
    ) as pool:
        futures = {pool.submit(function, item): item for item in items}
        try:
            for future in as_completed(futures):
                future.result()
                yield futures[future]
        except BaseException:
            for process in (pool._processes or {}).values():
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before it could be told
            os._exit(1)
