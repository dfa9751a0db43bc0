"""A study: many runs, what they show beside each other and beside the paper, and on another cohort."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divine.config import home

if TYPE_CHECKING:
    from divine.evaluation.calibration import Bin
    from divine.evaluation.confusion import Confusion, Kind
    from divine.evaluation.evaluate import Result
    from divine.report.comparison import Versus

OnStep = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and of how much."""


def _nobody(what: str, done: int, total: int) -> None:
    """Listen to nothing."""


def compare(first: Path, second: Path) -> Versus:
    """Compare two finished runs on the same people; ``comparison_document`` is what ``divine compare --json`` prints.

    Raises:
        DivineError: one is not finished, or they are of different cohorts, tasks or splits.
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
        DivineError: the folder holds no finished run.
    """
    from divine.evaluation.confusion import confusion
    from divine.training.run import Run

    place = Run(run)
    return confusion(place.predictions().where(system=place.spec().system, modalities=modalities), kind)


def run_calibration(run: Path, *, modalities: str, bins: int = 10) -> tuple[Bin, ...]:
    """Return the reliability curve of a finished run's own system, on predictions averaged over seeds.

    Raises:
        DivineError: the folder holds no finished run.
    """
    from divine.evaluation.arrays import Arrays
    from divine.evaluation.calibration import reliability
    from divine.training.run import Run

    place = Run(run)
    tested = place.predictions().where(part="test", system=place.spec().system, modalities=modalities)
    arrays = Arrays.of(tested.over_seeds())
    return reliability(target=arrays.target, probability=arrays.probability, bins=bins)
