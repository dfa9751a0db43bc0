"""Workers that are processes of this machine: each has its share of cores, dies with its parent, and may die without harm."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from divine.compute.workers import TRIES, Done, Item, Result, attempt, lost, unstartable

_PR_SET_PDEATHSIG = 1
_PARTING_S = 5.0


@dataclass(frozen=True)
class Processes:
    """So many processes, spawned when there is work for them and ended when there is none."""

    count: int
    threads: int = 1
    """How many threads numerical libraries may use in each."""

    def check(self, paths: Sequence[Path]) -> None:
        """Find nothing to check: processes share code and disk with this one."""

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Done[Item, Result]]:
        waiting, again = iter(items), deque[tuple[Item, int]]()
        busy: dict[Any, _Hand] = {}
        idle: list[_Hand] = []
        try:
            while True:
                while len(busy) < self.count:
                    taken = again.popleft() if again else next(((item, 1) for item in islice(waiting, 1)), None)
                    if taken is None:
                        break
                    hand = idle.pop() if idle else _Hand(function, self.threads)
                    busy[hand.channel] = hand
                    hand.take(*taken)
                if not busy:
                    return
                for channel in wait(list(busy)):
                    hand = busy[channel]
                    try:
                        outcome = hand.answer()
                    except (EOFError, ConnectionError):
                        del busy[channel]
                        failed = hand.failed_by_itself()
                        hand.end()
                        if failed:
                            raise unstartable() from None
                        if hand.tries < TRIES:
                            again.append((hand.item, hand.tries + 1))
                        else:
                            yield Done(hand.item, lost(hand.item))
                        continue
                    idle.append(busy.pop(channel))
                    yield Done(hand.item, outcome)
        finally:
            for hand in (*idle, *busy.values()):
                hand.end()


class _Hand:
    """One process, and the item that it has in hand."""

    def __init__(self, function: Callable[[Any], Any], threads: int) -> None:
        context = multiprocessing.get_context("spawn")  # the caller may hold threads of a server or of torch
        self.channel, its_channel = context.Pipe()
        arguments = (its_channel, pickle.dumps(function), os.getpid(), threads)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        its_channel.close()

    def take(self, item: Any, tries: int) -> None:
        """Hand an item over."""
        self.item, self.tries = item, tries
        with contextlib.suppress(ConnectionError):  # it died in between: listening will tell
            self.channel.send(item)

    def answer(self) -> Any:
        """Return what came of the item.

        Raises:
            EOFError: the process died.
            Exception: what the function raised that is no ``DivineError``.
        """
        raised, outcome, trace = self.channel.recv()
        if raised:
            outcome.add_note(trace)
            raise outcome
        return outcome

    def failed_by_itself(self) -> bool:
        """Say of one that died whether an error ended it, not a signal: then it never came to its item."""
        self._process.join(_PARTING_S)
        return (self._process.exitcode or 0) > 0

    def end(self) -> None:
        """End the process, at work or not."""
        self.channel.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _serve(channel: Connection, function: bytes, parent: int, threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before it could be told
            os._exit(1)
    for library in ("OMP", "OPENBLAS", "MKL"):  # which read it once, when the function's module imports them
        os.environ.setdefault(f"{library}_NUM_THREADS", str(threads))
    call = pickle.loads(function)  # noqa: S301  our own parent's
    while True:
        try:
            item = channel.recv()
        except (EOFError, ConnectionError):
            return
        channel.send_bytes(_answer(call, item))


def _answer(function: Callable[[Any], Any], item: Any) -> bytes:
    try:
        return pickle.dumps((False, attempt(function, item), ""))
    except Exception as error:
        trace = traceback.format_exc()
        with contextlib.suppress(Exception):
            message = pickle.dumps((True, error, trace))
            pickle.loads(message)  # noqa: S301  some exceptions can be written and not read
            return message
        return pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {error}"), trace))
