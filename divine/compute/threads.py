"""Workers that are threads of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from divine.compute.workers import Done, Item, Result, attempt
from divine.records import DivineError


@dataclass(frozen=True)
class Threads:
    """So many threads; one is the caller's own."""

    count: int

    def check(self, paths: Sequence[Path]) -> None:
        """Find nothing to check: it is this process."""

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Done[Item, Result]]:
        waiting = iter(items)
        if self.count == 1:
            yield from (Done(item, attempt(function, item)) for item in waiting)
            return
        pool = ThreadPoolExecutor(self.count, "divine")
        futures: dict[Future[Result | DivineError], Item] = {}
        try:
            while True:
                for item in islice(waiting, 2 * self.count - len(futures)):
                    futures[pool.submit(attempt, function, item)] = item
                if not futures:
                    return
                for future in wait(futures, return_when=FIRST_COMPLETED).done:
                    yield Done(futures.pop(future), future.result())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
