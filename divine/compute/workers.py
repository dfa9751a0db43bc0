"""What workers promise, wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar, runtime_checkable

from divine.records import DivineError

TRIES = 3
"""Processes that one item may cost; on a cluster, how often its scheduler may give it up."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class ComputeError(DivineError):
    """Workers cannot be reached, are not what they should be, or died."""


@dataclass(frozen=True)
class Done(Generic[Item, Result]):
    """An item, and what came of it."""

    item: Item
    outcome: Result | DivineError

    def result(self) -> Result:
        """Return the result.

        Raises:
            DivineError: there is none, and this says why.
        """
        if isinstance(self.outcome, DivineError):
            raise self.outcome
        return self.outcome


@runtime_checkable
class Workers(Protocol):
    """Where work is done. Functions, items and results must be picklable for all but threads."""

    def check(self, paths: Sequence[Path]) -> None:
        """Make sure that every worker has this code, the same ``DIVINE_HOME``, and sees ``paths``.

        Raises:
            ComputeError: one has not, with what to do.
        """
        ...

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Done[Item, Result]]:
        """Call ``function`` on every item and yield each as it is finished; items are taken as workers need them.

        Whoever stops listening, or is interrupted, ends the rest.

        Raises:
            ComputeError: the workers are gone.
        """
        ...


def attempt(function: Callable[[Item], Result], item: Item) -> Result | DivineError:
    """Call ``function``; an error that was raised on purpose is returned."""
    try:
        return function(item)
    except DivineError as error:
        return error


def lost(item: object) -> ComputeError:
    """Make the error for an item whose workers died."""
    return ComputeError(
        f"{str(item)[:200]}: the processes that took it were ended from outside, time and again, perhaps for want of memory. "
        "Use fewer workers, or leave it out."
    )


def unstartable() -> ComputeError:
    """Make the error for processes that end before they take an item."""
    return ComputeError(
        "A worker process could not start; its own error stands above. A script that uses several workers does its work "
        'under `if __name__ == "__main__":`, because every worker imports the script; or use one worker.'
    )
