"""One member of a run: one fold of one seed, trained and judged, written so that it is there whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import torch

from divine.compute.memory import keep_freed_memory
from divine.data.schema import Part
from divine.data.splits import Fold
from divine.features.pack import PackSource
from divine.models.batch import Targets
from divine.models.config import Schema
from divine.store import write_atomically
from divine.training.baselines import BASELINES
from divine.training.cohort import schema_of, targets_of
from divine.training.leave import folder, leave, teller
from divine.training.loop import fit
from divine.training.spec import kind_of
from divine.training.work import Work, rows_of


def train_member(work: Work, fold: Fold) -> None:
    """Train and judge one member on one thread, and write what it leaves: predictions last.

    A trained system leaves its checkpoint and history; one that is refitted from its spec and seed leaves what it chose.

    Raises:
        TrainingError: training failed.
        StoreError: the run's folder cannot be written.
    """
    architecture = kind_of(work.spec.system).architecture
    if architecture is None:
        _refit_member(work, fold)
    else:
        _train_network(work, fold, architecture)


class Beside(NamedTuple):
    """A baseline of one member of a run of another system."""

    fold: Fold
    name: str

    def path(self, work: Work) -> Path:
        """Return where its predictions lie."""
        return folder(work.run, self.fold) / "baselines" / f"{self.name}.parquet"


def refit_beside(work: Work, one: Beside) -> None:
    """Judge a member's clips by a baseline, and write its predictions.

    Raises:
        TrainingError: it cannot be fitted.
        StoreError: the run's folder cannot be written.
    """
    write_atomically(one.path(work), BASELINES[one.name](work, one.fold).table.to_parquet())


def _refit_member(work: Work, fold: Fold) -> None:
    judged = BASELINES[work.spec.system](work, fold)
    place = folder(work.run, fold)
    chosen = [one._asdict() for one in judged.choices]
    recipe = {"system": work.spec.system, "fold": fold.fold, "seed": fold.seed, "chosen": chosen}
    write_atomically(place / "recipe.json", json.dumps(recipe, indent=1).encode())
    write_atomically(place / "predictions.parquet", judged.table.to_parquet())
    teller(work.run / "events.jsonl", fold)(event="finished")


def _train_network(work: Work, fold: Fold, architecture: str) -> None:
    torch.set_num_threads(1)  # the same bytes, however many members run side by side
    keep_freed_memory()
    schema, everything = schema_and_targets(work)

    def source(part: Part) -> PackSource:
        rows = rows_of(work, fold, part)
        return PackSource(work.pack, rows, Targets(*(one[torch.from_numpy(rows)] for one in everything)))

    tell = teller(work.run / "events.jsonl", fold)
    tell(event="started")
    fitted = fit(
        source("train"),
        source("validation"),
        schema,
        work.spec.config,
        work.spec.training,
        member_seed(fold),
        architecture=architecture,
        precision=work.spec.precision,
        on_epoch=lambda epoch: tell(event="epoch", epoch=epoch.number, validation=epoch.validation, best=epoch.best),
    )
    leave(work, fold, fitted)


def schema_and_targets(work: Work) -> tuple[Schema, Targets]:
    """Return what a run's models must say, and what is known of every clip."""
    schema = schema_of(work.index, video_dim=work.pack.dim("video"), audio_dim=work.pack.dim("audio"))
    return schema, targets_of(work.index, schema, work.cutoffs)


def member_seed(fold: Fold) -> int:
    """Return the seed of a member's weights, order, dropout and latents."""
    return fold.seed * 1000 + fold.fold
