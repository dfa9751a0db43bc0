"""Where batches come from: clips by number, so that a cohort need not lie in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Int
from torch import Tensor

from divine.models.batch import Batch, Targets, take
from divine.training.errors import TrainingError


@runtime_checkable
class Source(Protocol):
    """Clips that can be fetched by number. Features are raw: standardisation belongs to training."""

    @property
    def targets(self) -> Targets:
        """What is known of all clips, in their order."""
        ...

    def batch(self, index: Int[Tensor, " n"]) -> Batch:
        """Return the clips at ``index``, in that order, targets included."""
        ...


class MemorySource:
    """A cohort that was collated whole."""

    def __init__(self, batch: Batch) -> None:
        """Hold ``batch``.

        Raises:
            TrainingError: it has no targets.
        """
        if batch.targets is None:
            raise TrainingError("these clips carry no targets: training and validation need them.")
        self._batch, self.targets = batch, batch.targets

    def batch(self, index: Int[Tensor, " n"]) -> Batch:
        return take(self._batch, index)


def count(source: Source) -> int:
    """Number of clips."""
    return len(source.targets.diagnosis)


def in_order(source: Source, chunk: int = 128) -> Iterator[Batch]:
    """All clips in their order, ``chunk`` at a time."""
    for index in torch.arange(count(source)).split(chunk):
        yield source.batch(index)


def shuffled(source: Source, size: int, generator: torch.Generator) -> Iterator[Batch]:
    """All clips once, in random order, in as few batches of at most ``size`` as will do, of nearly equal size.

    Equal sizes keep a single left-over clip from standing alone in a batch; none is dropped.
    """
    order = torch.randperm(count(source), generator=generator)
    for index in order.tensor_split(-(-len(order) // size)):
        yield source.batch(index)
