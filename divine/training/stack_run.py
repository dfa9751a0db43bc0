"""The stacked engine of a run: every member of a system trained as one, judged one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from divine.compute import in_process
from divine.data.schema import Part
from divine.data.splits import Fold
from divine.models.batch import Batch
from divine.models.config import Schema
from divine.training.errors import TrainingError
from divine.training.leave import is_finished, leave, teller
from divine.training.loop import Epoch, Fitted
from divine.training.member import member_seed, schema_and_targets
from divine.training.spec import kind_of
from divine.training.stacked import Member, fit_stacked
from divine.training.work import Work, rows_of


class Ensemble(NamedTuple):
    """What a run's members train on."""

    schema: Schema
    whole: Batch
    """Every clip with its targets, raw, on the CPU."""
    members: list[Member]


def assemble(work: Work, folds: Sequence[Fold]) -> Ensemble:
    """Read a run's clips into memory, and say who trains on which."""
    schema, targets = schema_and_targets(work)
    whole = work.pack.batch(np.arange(len(work.index.clips)))._replace(targets=targets)

    def rows(fold: Fold, part: Part) -> torch.Tensor:
        return torch.from_numpy(rows_of(work, fold, part))

    return Ensemble(schema, whole, [Member(rows(one, "train"), rows(one, "validation"), member_seed(one)) for one in folds])


def train_stack(work: Work, folds: Sequence[Fold]) -> Iterator[Fold]:
    """Train all members of a run as one stack, and yield each that was not finished before as soon as it is written.

    A run that was cut off trains its whole stack again, so that a member's random numbers do not depend on which others were
    finished; what was written stays.

    Raises:
        TrainingError: the system is refitted and has no networks, or training failed.
        StoreError: the run's folder cannot be written.
    """
    architecture = kind_of(work.spec.system).architecture
    if architecture is None:
        raise TrainingError(f"{work.spec.system} has no network to stack: leave the engine to be chosen, or choose members.")
    ensemble = assemble(work, folds)
    tellers = [teller(work.run / "events.jsonl", fold) for fold in folds]
    for tell in tellers:
        tell(event="started")

    def on_epoch(place: int, epoch: Epoch) -> None:
        tellers[place](event="epoch", epoch=epoch.number, validation=epoch.validation, best=epoch.best)

    fitted = fit_stacked(
        ensemble.whole,
        ensemble.members,
        ensemble.schema,
        work.spec.config,
        work.spec.training,
        architecture=architecture,
        precision=work.spec.precision,
        on_epoch=on_epoch,
    )

    def judge(member: tuple[Fold, Fitted]) -> Fold:
        torch.set_num_threads(1)  # as a member that is trained alone: the members lie side by side
        leave(work, *member)
        return member[0]

    left = [member for member in zip(folds, fitted, strict=True) if not is_finished(work.run, member[0])]
    for done in in_process().each(judge, left):
        yield done.result()
