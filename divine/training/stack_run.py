"""The stacked engine of a run: every member of a system trained as one, judged one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from divine.data.splits import Fold
from divine.training.errors import TrainingError
from divine.training.leave import is_finished, leave, teller
from divine.training.loop import Epoch
from divine.training.member import member_seed, schema_and_targets
from divine.training.spec import kind_of
from divine.training.stacked import Member, fit_stacked
from divine.training.work import Work, rows_of


def train_stack(work: Work, folds: Sequence[Fold], device: torch.device | None = None) -> Iterator[Fold]:
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
    schema, targets = schema_and_targets(work)
    whole = work.pack.batch(np.arange(len(work.index.clips)))._replace(targets=targets)
    tellers = [teller(work.run / "events.jsonl", fold) for fold in folds]
    for tell in tellers:
        tell(event="started")

    def on_epoch(place: int, epoch: Epoch) -> None:
        tellers[place](event="epoch", epoch=epoch.number, validation=epoch.validation, best=epoch.best)

    def rows(fold: Fold, part: str) -> torch.Tensor:
        return torch.from_numpy(rows_of(work, fold, part))  # type: ignore[arg-type]

    fitted = fit_stacked(
        whole,
        [Member(rows(fold, "train"), rows(fold, "validation"), member_seed(fold)) for fold in folds],
        schema,
        work.spec.config,
        work.spec.training,
        architecture=architecture,
        precision=work.spec.precision,
        device=device,
        on_epoch=on_epoch,
    )
    for fold, one in zip(folds, fitted, strict=True):
        if not is_finished(work.run, fold):
            leave(work, fold, one)
            yield fold
