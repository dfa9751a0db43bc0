"""Long work that goes on without whoever asked: queue it, list it, cancel it, go on with it.

A job names one of the kinds below and the arguments of its function; there is no other way to have something executed.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from divine.config import home
from divine.data.schema import Folds
from divine.evaluation.unit import Objective, Setting, TaskSet
from divine.models.config import Precision
from divine.training.spec import Engine

if TYPE_CHECKING:
    from divine.jobs.queue import Queue
    from divine.jobs.records import Job, Order
    from divine.records import OnStep

_WORKER = "divine.services.worker"


@dataclass(frozen=True)
class TrainOrder:
    """The arguments of ``services.train``; the run lies in the home, under the job's id."""

    data: str
    encoders: str
    system: str = "divine"
    tasks: TaskSet = "all"
    folds: Folds = 5
    seeds: int = 5
    epochs: int = field(default=50, metadata={"before": 50})
    objective: Objective = "M"
    baselines: tuple[str, ...] = ()
    modalities: Setting = "audio+video"
    """What training, validation and test are given."""
    precision: Precision = field(default="float32", metadata={"before": "float32"})
    engine: Engine = field(default="auto", metadata={"before": "auto"})
    workers: int | None = None

    @property
    def title(self) -> str:
        return f"{self.system} {self.encoders} on {_cohort(self.data)}"


@dataclass(frozen=True)
class SweepOrder:
    """The arguments of ``services.sweep_units`` and ``services.sweep``; the sweep lies in the home, under the job's id."""

    data: str
    systems: tuple[str, ...]
    video: tuple[str, ...] = ()
    audio: tuple[str, ...] = ()
    objectives: tuple[Objective, ...] = ("M",)
    tasks: tuple[TaskSet, ...] = ("all",)
    train_modalities: tuple[Setting, ...] = field(default=("audio+video",), metadata={"before": ["audio+video"]})
    baselines: tuple[str, ...] = ()
    folds: Folds = 5
    seeds: int = 5
    epochs: int = field(default=50, metadata={"before": 50})
    workers: int | None = None

    @property
    def title(self) -> str:
        return f"sweep of {', '.join(self.systems)} on {_cohort(self.data)}"


@dataclass(frozen=True)
class ExtractOrder:
    """The arguments of ``services.extract``."""

    data: str
    encoders: str
    workers: int | None = None

    @property
    def title(self) -> str:
        return f"features {self.encoders} of {_cohort(self.data)}"


@dataclass(frozen=True)
class ReproduceOrder:
    """The arguments of ``services.reproduce``; tables and runs lie in the home, under the job's id."""

    data: str
    what: str = "all"
    folds: Folds = 5
    seeds: int = 5
    epochs: int = 50
    workers: int | None = None

    @property
    def title(self) -> str:
        return f"the paper's tables on {_cohort(self.data)}"


JobOrder = TrainOrder | SweepOrder | ExtractOrder | ReproduceOrder


def _cohort(data: str) -> str:
    """Name a cohort as people do: a manifest is called after its folder."""
    path = Path(data)
    return path.parent.name if path.stem == "manifest" else path.name


def _train(job_id: str, order: TrainOrder, on_step: OnStep) -> None:
    from divine.services.cohort import train
    from divine.services.run_results import evaluation

    _clear_half_written(run_folder(job_id))
    train(
        Path(order.data),
        run_folder(job_id),
        encoders=order.encoders,
        system=order.system,
        tasks=order.tasks,
        folds=order.folds,
        seeds=order.seeds,
        epochs=order.epochs,
        objective=order.objective,
        baselines=order.baselines,
        modalities=order.modalities,
        precision=order.precision,
        engine=order.engine,
        workers=order.workers,
        on_step=on_step,
    )
    on_step("evaluating", 0, 1)
    evaluation(run_folder(job_id))  # kept, so that the Runs page need not wait for it
    on_step("evaluating", 1, 1)


def _sweep(job_id: str, order: SweepOrder, on_step: OnStep) -> None:
    from divine.services.study import sweep, sweep_units

    units = sweep_units(
        order.systems,
        video=order.video,
        audio=order.audio,
        objectives=order.objectives,
        tasks=order.tasks,
        train_modalities=order.train_modalities,
        baselines=order.baselines,
    )
    place = sweep_folder(job_id)
    _clear_half_written(place)
    asked = {"folds": order.folds, "seeds": order.seeds, "epochs": order.epochs, "workers": order.workers}
    sweep(Path(order.data), place, units, **asked, on_step=on_step)


def _clear_half_written(folder: Path) -> None:
    """Remove what a kill left of the very first file: a folder that holds something else is refused, and rightly."""
    if not (folder / "spec.json").exists():
        for rest in folder.glob(".spec.json.*"):
            rest.unlink()


def _extract(job_id: str, order: ExtractOrder, on_step: OnStep) -> None:
    from divine.services.cohort import extract

    extract(Path(order.data), order.encoders, workers=order.workers, on_step=on_step)


def _reproduce(job_id: str, order: ReproduceOrder, on_step: OnStep) -> None:
    from divine.services.study import reproduce

    place = reproduction_folder(job_id)
    _clear_half_written(place / "sweep")
    asked = {"folds": order.folds, "seeds": order.seeds, "epochs": order.epochs, "workers": order.workers}
    reproduce(order.what, Path(order.data), place, **asked, on_step=on_step)


KINDS: dict[str, tuple[type, Callable[..., None]]] = {
    "train": (TrainOrder, _train),
    "sweep": (SweepOrder, _sweep),
    "extract": (ExtractOrder, _extract),
    "reproduce": (ReproduceOrder, _reproduce),
}
"""Everything that a job can be: the record of its arguments, and what carries it out."""


def submit(order: JobOrder, *, device: str = "cpu") -> Job:
    """Queue work; it starts when its device is free, and needs neither this process nor a browser to go on.

    Raises:
        DivineError: the home cannot be written.
    """
    from divine.jobs.records import Order
    from divine.models.codec import to_json

    order = dataclasses.replace(order, data=str(Path(order.data).resolve()))
    kind = next(name for name, (record, _) in KINDS.items() if isinstance(order, record))
    return _queue().submit(Order(kind, to_json(order), order.title, device))


def jobs() -> tuple[Job, ...]:
    """List every job as it stands, the newest first."""
    return _queue().all()


def job(job_id: str) -> Job:
    """Return one job as it stands.

    Raises:
        JobError: there is none of this id.
    """
    return _queue().get(job_id)


def cancel_job(job_id: str) -> Job:
    """Stop a job and wait until it has; what it finished is kept.

    Raises:
        JobError: there is none of this id, or it does not stop.
    """
    return _queue().cancel(job_id)


def resume_job(job_id: str) -> Job:
    """Go on with a job that was cut off, cancelled or failed, or that left runs out; nothing finished is done again.

    Raises:
        JobError: there is none of this id.
    """
    return _queue().resume(job_id, again=left_out(job(job_id)) > 0)


def left_out(job: Job) -> int:
    """Return how many runs a sweep or a reproduction that is done left out: what they need was not here, or they failed."""
    from divine.training.errors import TrainingError
    from divine.training.sweep_folder import Sweep

    places = {"sweep": sweep_folder(job.id), "reproduce": reproduction_folder(job.id) / "sweep"}
    if job.order.kind not in places or job.status.state != "done":
        return 0
    try:
        return sum(one.state != "done" for one in Sweep(places[job.order.kind]).status().units)
    except TrainingError:
        return 0  # it was deleted or damaged: the Runs page says so


def remove_job(job_id: str) -> None:
    """Forget a job that is over; what it made stays.

    Raises:
        JobError: there is none of this id, or it is still at work.
    """
    _queue().remove(job_id)


def run_folder(job_id: str) -> Path:
    """Return where the run of a job lies."""
    return home() / "runs" / job_id


def sweep_folder(job_id: str) -> Path:
    """Return where the sweep of a job lies."""
    return home() / "sweeps" / job_id


def reproduction_folder(job_id: str) -> Path:
    """Return where the paper's tables of a job lie, and the runs that they are made of."""
    return home() / "reproductions" / job_id


def show_device(device: str) -> None:
    """Let this process see the GPU that its job waited for, or none: what trains on a processor must not take another's GPU.

    Call it before anything imports torch. A number counts among the GPUs that this process was shown.
    """
    kind, _, number = device.partition(":")
    shown = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    mine = shown.split(",")[int(number or 0)] if shown else number or "0"
    os.environ["CUDA_VISIBLE_DEVICES"] = mine if kind == "cuda" else ""


def carry_out(job_id: str, order: Order, on_step: OnStep) -> None:
    """Do what a job asks; called by the worker only.

    Raises:
        DivineError: the order is of no known kind, or its work failed.
    """
    from divine.jobs.errors import JobError
    from divine.models.codec import from_json

    if order.kind not in KINDS:
        raise JobError(f"{order.kind}: no such kind of job. This version knows {', '.join(KINDS)}.")
    record, function = KINDS[order.kind]
    show_device(order.device)
    function(job_id, from_json(record, dict(order.arguments), "spec.json"), on_step)


def _queue() -> Queue:
    from divine.jobs.queue import Queue

    return Queue(home() / "jobs", _WORKER)
