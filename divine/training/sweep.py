"""Many runs on one cohort: features made once, units side by side, each done once, the rest going on where one fails."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from divine.compute import cores, processes
from divine.data.load import load_clips
from divine.data.schema import Index
from divine.evaluation.unit import TaskSet, Unit
from divine.features.batches import Pair
from divine.features.cohort import modalities_of
from divine.features.pack import Pack
from divine.features.width import widest
from divine.records import DivineError
from divine.store import Store, write_atomically
from divine.training.cross_validate import OnStep, Step, cross_validate, stacks
from divine.training.errors import TrainingError
from divine.training.folder import keep_to
from divine.training.run import Run
from divine.training.shared_packs import extract_all, link, pack_of, why_absent
from divine.training.spec import RunSpec, configure, restrict
from divine.training.sweep_folder import Sweep, SweepSpec, SweepState, SweepStatus, UnitState, UnitStatus


class _Task(NamedTuple):
    """All that a worker needs to carry out a unit."""

    unit: Unit
    spec: RunSpec
    run: Run
    store: Path


def sweep(
    asked: SweepSpec, place: Sweep, store: Store, *, workers: int | None = None, on_step: OnStep = lambda _: None
) -> SweepStatus:
    """Carry out a sweep, or go on with one that was cut off; a unit that fails is written down and tried again next time.

    Units are carried out side by side, or, where few are left, one after the other with their members side by side.

    Args:
        asked: the sweep. Units of an earlier sweep in the same folder under the same protocol stay part of it.
        place: its folder.
        store: of features.
        workers: how many units or members at a time; as many as there are cores by default.
        on_step: is told how many clips are extracted, then how many units are settled.

    Raises:
        DataError: the cohort cannot be loaded.
        TrainingError: another process is at work on the sweep, the folder holds another, or the cohort has changed since.
    """
    index = load_clips(Path(asked.data)).index
    with place.locked():
        asked = place.begin(asked)
        keep_to(place.folder, index)
        progress = _Progress(place, asked, index.synthetic)
        try:
            tasks = list(_prepare(asked, index, store, progress, workers, on_step))
            on_step(progress.step)
            for unit, message in _carry_out(tasks, workers or cores()):
                progress.set(unit, "failed" if message else "done", message)
                on_step(progress.step)
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            progress.end("interrupted" if interrupted else "failed", "" if interrupted else str(error))
            raise
        return progress.end("done")


class _Progress:
    """How every unit stands, in memory and on disk."""

    def __init__(self, place: Sweep, asked: SweepSpec, synthetic: bool) -> None:
        self.place, self.synthetic = place, synthetic
        self._units = {
            unit: UnitStatus(unit.name, "done" if _is_done(place.run(unit), unit) else "waiting") for unit in asked.units
        }
        self._write("running", "")

    @property
    def step(self) -> Step:
        settled = sum(one.state != "waiting" for one in self._units.values())
        return Step("runs", settled, len(self._units))

    def state(self, unit: Unit) -> UnitState:
        return self._units[unit].state

    def set(self, unit: Unit, state: UnitState, message: str = "") -> None:
        self._units[unit] = UnitStatus(unit.name, state, message)
        self.place.tell(unit.name, state, message)
        self._write("running", "")

    def end(self, state: SweepState, message: str = "") -> SweepStatus:
        return self._write(state, message)

    def _write(self, state: SweepState, message: str) -> SweepStatus:
        status = SweepStatus(state, tuple(self._units.values()), self.synthetic, message)
        self.place.set_status(status)
        return status


def _is_done(run: Run, unit: Unit) -> bool:
    try:
        return run.status().state == "done" and set(unit.baselines) <= set(run.spec().baselines)
    except TrainingError:
        return False  # never begun


def _prepare(
    asked: SweepSpec, index: Index, store: Store, progress: _Progress, workers: int | None, on_step: OnStep
) -> Iterator[_Task]:
    """Extract and pack what the units need; those whose features cannot be had are settled here."""
    left = [unit for unit in asked.units if progress.state(unit) != "done"]
    codes = tuple(dict.fromkeys(code for unit in left for code in unit.codes))
    absent = {code: why for code in codes if (why := why_absent(index, code)) is not None}
    here = [code for code in codes if code not in absent]
    known = [code for code in dict.fromkeys(code for unit in asked.units for code in unit.codes) if code not in absent]
    extract_all(index, here, store, workers=workers, on_clip=lambda done, total: on_step(Step("features", done, total)))

    @functools.cache
    def packed(code: str, tasks: TaskSet, steps: int) -> Pack:
        folder = progress.place.features / f"{tasks}-{steps}"
        return pack_of(restrict(index, tasks), code, known, store, folder, max_steps=steps)

    for unit in left:
        missing = next((absent[code] for code in unit.codes if code in absent), None)
        if missing is not None:
            progress.set(unit, "absent", missing)
            continue
        try:
            spec, run = _spec_of(asked, unit, index), progress.place.run(unit)
            run.begin(spec)
            link([packed(code, spec.tasks, spec.config.max_steps) for code in unit.codes], run.folder / "features")
        except DivineError as error:
            progress.set(unit, "failed", str(error))
            continue
        yield _Task(unit, spec, run, store.root)


def _spec_of(asked: SweepSpec, unit: Unit, index: Index) -> RunSpec:
    pair = Pair.parse(unit.encoders, modalities_of(index))
    return RunSpec(
        data=asked.data,
        encoders=unit.encoders,
        config=configure(unit.system, unit.objective, widest(index, pair)),
        system=unit.system,
        objective=unit.objective,
        tasks=unit.tasks,
        folds=asked.folds,
        seeds=asked.seeds,
        baselines=unit.baselines,
        training=asked.training,
        train_modalities=unit.train_modalities,
    )


def _carry_out(tasks: Sequence[_Task], count: int) -> Iterator[tuple[Unit, str]]:
    """Carry out every task, and yield each unit with what went wrong, if anything did, as it is finished.

    A GPU takes one run at a time, whose members train on it as one stack.
    """
    if count == 1 or len(tasks) < 2 * count or any(stacks(task.spec, "auto") for task in tasks):
        yield from ((task.unit, _attempt(task, count)) for task in tasks)
        return
    for done in processes(count).each(_attempt_alone, tasks):
        lost = done.outcome
        yield done.item.unit, str(lost) if isinstance(lost, DivineError) else lost


def _attempt_alone(task: _Task) -> str:
    return _attempt(task, 1)


def _attempt(task: _Task, workers: int) -> str:
    """Train a unit; return why it failed, or nothing. A defect must not take the other units with it: it goes to the log."""
    try:
        cross_validate(task.spec, task.run, Store(task.store), workers=workers)
    except DivineError as error:
        return str(error)
    except Exception as error:
        write_atomically(task.run.folder / "log.txt", traceback.format_exc().encode())
        return f"{type(error).__name__}: {error}; see {task.run.folder.name}/log.txt"
    return ""
