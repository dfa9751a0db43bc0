"""A study: many runs, what they show beside each other and beside the paper, and on another cohort."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divine.config import home
from divine.records import OnStep

if TYPE_CHECKING:
    from divine.data.schema import Folds
    from divine.evaluation.calibration import Bin
    from divine.evaluation.confusion import Confusion, Kind
    from divine.evaluation.evaluate import Result
    from divine.evaluation.filled import FilledTable
    from divine.evaluation.table import Predictions
    from divine.evaluation.unit import Objective, Setting, TaskSet, Unit
    from divine.report.ceiling import ItemAgreement
    from divine.report.comparison import Versus
    from divine.training.sweep_folder import SweepStatus


def _nobody(what: str, done: int, total: int) -> None:
    """Listen to nothing."""


def compare(first: Path, second: Path) -> Versus:
    """Compare two finished runs on the same people; ``comparison_document`` is what ``divine compare --json`` prints.

    Raises:
        DivineError: one is not finished, they are of different cohorts, tasks or splits, or they learned nothing in common.
    """
    from divine.report.comparison import compare_runs
    from divine.training.run import Run

    return compare_runs(Run(first), Run(second))


def comparison_document(versus: Versus) -> dict[str, Any]:
    """Put a comparison into the shape of ``divine compare --json``."""
    from divine.report.comparison import comparison_document as document

    return document(versus)


def validate(run: Path, data: Path, *, workers: int | None = None, on_step: OnStep = _nobody) -> dict[str, Any]:
    """Judge another cohort by a finished run, untouched, in the shape of ``divine validate --json``.

    Raises:
        DivineError: the run is not finished, its encoders are others here, or the cohort has a diagnosis that it never learned.
    """
    from divine.report.comparison import validation_document
    from divine.store import Store
    from divine.training.external import judge_cohort
    from divine.training.run import Run

    place = Run(run)
    place.verify()
    store = Store(home() / "store")
    found = judge_cohort(place, data, store, workers=workers, on_step=lambda step: on_step(*step))
    return validation_document(place, data, found)


def run_metrics(run: Path) -> tuple[Result, ...]:
    """Return every metric of a finished run with its interval, per system, setting and level.

    Raises:
        DivineError: the folder holds no finished run, or its split was altered.
    """
    from divine.evaluation.evaluate import evaluate
    from divine.training.run import Run

    place = Run(run)
    place.verify()
    return evaluate(place.predictions(), tasks=place.spec().tasks)


def run_confusion(run: Path, kind: Kind, *, modalities: str) -> Confusion | None:
    """Return a confusion matrix of a finished run's own system, whose cells list their clips; None where it has no levels.

    Raises:
        DivineError: the folder holds no finished run, or it judged nothing with these modalities.
    """
    from divine.evaluation.confusion import confusion

    return confusion(_tested(run, modalities), kind)


def run_calibration(run: Path, *, modalities: str, bins: int = 10) -> tuple[Bin, ...]:
    """Return the reliability curve of a finished run's own system, on predictions averaged over seeds.

    Raises:
        DivineError: the folder holds no finished run, or it judged nothing with these modalities.
    """
    from divine.evaluation.arrays import Arrays
    from divine.evaluation.calibration import reliability

    arrays = Arrays.of(_tested(run, modalities).over_seeds())
    return reliability(target=arrays.target, probability=arrays.probability, bins=bins)


def _tested(run: Path, modalities: str) -> Predictions:
    """Return the test rows of a run's own system in one setting.

    Raises:
        DivineError: the folder holds no finished run, or it judged nothing with these modalities.
    """
    from divine.services.runs import RunError
    from divine.training.run import Run

    place = Run(run)
    own = place.predictions().where(part="test", system=place.spec().system)
    found = own.where(modalities=modalities)
    if found.frame.empty:
        there = ", ".join(sorted(own.frame["modalities"].unique()))
        raise RunError(f"{place.folder.name}: judged nothing with {modalities[:40]!r}. Ask for one of {there}.")
    return found


def sweep_units(
    systems: Sequence[str],
    *,
    video: Sequence[str] = (),
    audio: Sequence[str] = (),
    objectives: Sequence[Objective] = ("M",),
    tasks: Sequence[TaskSet] = ("all",),
    train_modalities: Sequence[Setting] = ("audio+video",),
    baselines: Sequence[str] = (),
) -> tuple[Unit, ...]:
    """List the runs of a sweep: every system on every pair, or, where it reads one encoder, on every encoder.

    Raises:
        DivineError: there is no such system, no encoder is given, or nothing comes of what is asked.
    """
    from divine.evaluation.unit import Unit
    from divine.training.errors import TrainingError
    from divine.training.spec import kind_of

    if not video and not audio:
        raise TrainingError("a sweep needs encoders: give --video, --audio, or both.")
    alone = (*video, *audio)
    pairs = tuple(f"{one}+{other}" for one, other in itertools.product(video, audio)) if video and audio else alone
    units = tuple(
        Unit(system, encoders, objective, task_set, kept, tuple(baselines))
        for system in systems
        for encoders in (alone if kind_of(system).single else pairs)
        for objective, task_set, kept in itertools.product(objectives, tasks, train_modalities)
        if kept == "audio+video" or "+" in encoders  # of one encoder there is nothing to remove
    )
    if not units:
        raise TrainingError(
            f"{', '.join(systems) or 'no system'} on {', '.join(alone)}, given {', '.join(train_modalities) or 'nothing'}: "
            "no run comes of it. A system that reads one encoder is trained on audio+video: on all that it reads."
        )
    return units


def sweep(
    data: Path,
    run: Path,
    units: Sequence[Unit],
    *,
    folds: Folds = 5,
    seeds: int = 5,
    epochs: int = 50,
    workers: int | None = None,
    on_step: OnStep = _nobody,
) -> SweepStatus:
    """Carry out many runs on one cohort, or go on with a sweep that was cut off; a run that fails keeps no other back.

    Raises:
        DivineError: the cohort cannot be loaded, or the folder holds another sweep.
    """
    from divine.store import Store
    from divine.training.config import TrainingConfig
    from divine.training.sweep import sweep as carry_out
    from divine.training.sweep_folder import Sweep, SweepSpec

    asked = SweepSpec(str(data.resolve()), tuple(units), folds, seeds, TrainingConfig(max_epochs=epochs))
    store = Store(home() / "store")
    return carry_out(asked, Sweep(run), store, workers=workers, on_step=lambda step: on_step(*step))


def reproduce(
    what: str,
    data: Path,
    out: Path,
    *,
    folds: Folds = 5,
    seeds: int = 5,
    epochs: int = 50,
    test_encoders: bool = False,
    workers: int | None = None,
    on_step: OnStep = _nobody,
) -> tuple[Path, ...]:
    """Write the paper's tables, ``table1`` to ``table9``, ``figure3`` or ``all``, ours beside its own; return the files.

    Raises:
        DivineError: there is no such table, the cohort cannot be loaded, or the folder holds another reproduction.
    """
    from divine.report.reproduce import Protocol, parse
    from divine.report.reproduce import reproduce as carry_out
    from divine.store import Store

    protocol = Protocol(folds, seeds, epochs, test_encoders)
    store = Store(home() / "store")
    return carry_out(parse(what), data, out, protocol, store, workers=workers, on_step=lambda step: on_step(*step))


def paper_table(out: Path, number: int) -> FilledTable:
    """Return one of the paper's tables from the runs of a reproduction that are there, finished or not.

    Raises:
        DivineError: the folder holds no reproduction, or the paper has no such table.
    """
    from divine.report.reproduce import Reproduction, filled_table

    return filled_table(Reproduction(out), number)


def rater_agreement(data: Path) -> tuple[ItemAgreement, ...]:
    """Return how well a cohort's raters agree, per item and in total: the ceiling for severity.

    Raises:
        DivineError: the cohort cannot be loaded.
    """
    from divine.data.load import load
    from divine.report.ceiling import rater_agreement as agreement

    return agreement(load(data).index)
