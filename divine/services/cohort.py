"""A cohort: make a synthetic one, check, extract, train, evaluate."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divine.config import home
from divine.records import OnStep

if TYPE_CHECKING:
    from divine.data.schema import Folds, Loaded
    from divine.evaluation.unit import Objective, Setting, TaskSet
    from divine.features.cohort import Extraction
    from divine.models.config import Precision
    from divine.training.run import Status
    from divine.training.spec import Engine


def _nobody(what: str, done: int, total: int) -> None:
    """Listen to nothing."""


def synthesise(
    out: Path,
    *,
    subjects: int = 36,
    tasks: Sequence[str] | None = None,
    seconds: float = 6.0,
    fps: float = 50.0,
    seed: int = 0,
    workers: int | None = None,
    on_step: OnStep = _nobody,
) -> int:
    """Render a SYNTHETIC cohort in Toronto NeuroFace's layout, or go on with one; return its number of recordings.

    Raises:
        DivineError: the cohort cannot be made as asked, or ``out`` holds something else.
    """
    from divine.synthetic.cohort import Plan, make_cohort

    plan = Plan(subjects=subjects, seconds=seconds, fps=fps, seed=seed)
    if tasks:
        plan = dataclasses.replace(plan, tasks=tuple(tasks))
    cohort = make_cohort(
        out,
        plan,
        workers=workers or os.cpu_count() or 1,
        on_progress=lambda done, total, name: on_step(f"rendering {name}".strip(), done, total),
    )
    return len(cohort.clips)


def check(data: Path, *, frame_base: int = 1, probe: bool = True, on_step: OnStep = _nobody) -> Loaded:
    """Load a cohort and look into every file of it: its index, and the table of problems.

    Raises:
        DivineError: there is nothing that can be loaded.
    """
    from divine.data.check import check as run
    from divine.data.load import load

    return run(load(data, frame_base=frame_base), probe=probe, on_clip=lambda done, total: on_step("checking", done, total))


def extract(
    data: Path,
    encoders: str,
    *,
    workers: int | None = None,
    processes: bool = False,
    cluster: str | None = None,
    on_step: OnStep = _nobody,
) -> Extraction:
    """Run encoders, ``KI,AC`` or any others, over a cohort; what is finished is not done again.

    In threads of this process (media are decoded in children), in ``processes``, or on the Dask ``cluster`` whose scheduler
    listens at an address; its workers reach the data and ``DIVINE_HOME`` by the same paths.

    Raises:
        DivineError: the cohort cannot be loaded, an encoder is unknown or cannot run, the store cannot be written, or the
            cluster cannot be used.
    """
    from divine import compute
    from divine.data.load import load_clips
    from divine.features.batches import Several
    from divine.features.cohort import CohortFeatures, modalities_of
    from divine.store import Store

    index = load_clips(data.resolve()).index
    chosen = Several.parse(encoders, modalities_of(index))
    at_work = compute.cluster(cluster) if cluster else (compute.processes if processes else compute.in_process)(workers)
    features = CohortFeatures(index, chosen, Store(home() / "store"))
    return features.extract(workers=at_work, on_clip=lambda done, total: on_step("extracting", done, total))


def train(
    data: Path,
    run: Path,
    *,
    encoders: str,
    system: str = "divine",
    tasks: TaskSet = "all",
    folds: Folds = 5,
    seeds: int = 5,
    epochs: int = 50,
    objective: Objective = "M",
    baselines: Sequence[str] = (),
    modalities: Setting = "audio+video",
    precision: Precision = "float32",
    engine: Engine = "auto",
    workers: int | None = None,
    cluster: str | None = None,
    on_step: OnStep = _nobody,
) -> Status:
    """Train folds × seeds of one system, or go on with a run that was cut off; return how far it is: done.

    In processes of this machine, or on the Dask ``cluster`` whose scheduler listens at an address; its workers reach the data,
    the run and ``DIVINE_HOME`` by the same paths.

    Raises:
        DivineError: the cohort cannot be loaded or split, a subject stands on two sides, training failed, or the cluster cannot
            be used.
    """
    from divine import compute
    from divine.data.load import load_clips
    from divine.features.batches import Pair
    from divine.features.cohort import modalities_of
    from divine.features.width import widest
    from divine.store import Store
    from divine.training.config import TrainingConfig
    from divine.training.cross_validate import cross_validate
    from divine.training.run import Run
    from divine.training.spec import RunSpec, configure

    index = load_clips(data).index
    pair = Pair.parse(encoders, modalities_of(index))
    spec = RunSpec(
        data=str(data.resolve()),
        encoders=str(pair),
        config=configure(system, objective, widest(index, pair)),
        system=system,
        objective=objective,
        tasks=tasks,
        folds=folds,
        seeds=seeds,
        baselines=tuple(dict.fromkeys(baselines)),
        training=TrainingConfig(max_epochs=epochs),
        train_modalities=modalities,
        precision=precision,
    )
    place = Run(run.resolve())
    at_work = compute.cluster(cluster) if cluster else workers
    cross_validate(spec, place, Store(home() / "store"), workers=at_work, engine=engine, on_step=lambda step: on_step(*step))
    return place.status()


def evaluate(run: Path) -> dict[str, Any]:
    """Evaluate a finished run, in the shape of ``divine evaluate --json``.

    Raises:
        DivineError: the folder holds no finished run, or its split was altered.
    """
    from divine.evaluation.evaluate import evaluate as score
    from divine.report.run import run_document
    from divine.training.run import Run

    place = Run(run)
    place.verify()
    spec = place.spec()
    return run_document(place, score(place.predictions(), tasks=spec.tasks))
