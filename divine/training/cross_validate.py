"""Folds × seeds → a run: resumable to the member, the same predictions however often it was killed."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from divine.compute import Workers, cores, in_process, processes
from divine.data.load import load_clips
from divine.data.schema import Index, Loaded
from divine.data.splits import Fold, Split, read_split, split, write_split
from divine.features.batches import Pair
from divine.features.cohort import CohortFeatures, modalities_of
from divine.features.pack import pack, packed_in
from divine.store import Store, write_atomically
from divine.training.baselines import BASELINES
from divine.training.cohort import cutoffs_of
from divine.training.errors import TrainingError
from divine.training.folder import keep_to
from divine.training.leave import folder, is_finished, is_table
from divine.training.member import Beside, refit_beside, train_member
from divine.training.run import Run, Status
from divine.training.spec import Engine, RunSpec, kind_of, restrict
from divine.training.work import Work


class Step(NamedTuple):
    """How far a run is: clips extracted, or members trained."""

    stage: str
    done: int
    total: int


OnStep = Callable[[Step], None]


def cross_validate(
    spec: RunSpec,
    run: Run,
    store: Store,
    *,
    workers: Workers | int | None = None,
    engine: Engine = "auto",
    on_step: OnStep = lambda _: None,
) -> None:
    """Carry out a run, or go on with one that was cut off; what is finished is not done again.

    Args:
        spec: what is asked.
        run: its folder.
        store: of features.
        workers: where members are trained: so many processes of this machine, as many as there are cores by default, or the
            workers of a cluster, which reach data, store and run by the same paths.
        engine: whether networks train one by one on the workers, or as one stack here.
        on_step: is told how far the run is.

    Raises:
        ComputeError: the workers cannot be used, or died.
        DataError: the cohort cannot be loaded or split.
        LeakError: a subject stands on two sides.
        TrainingError: another process is at work on the run, it was asked something else, the cohort has changed since it was
            begun, or training failed.
    """
    unknown = [name for name in spec.baselines if name not in BASELINES]
    if unknown:
        raise TrainingError(f"{unknown[0]}: no such baseline. Choose of {', '.join(BASELINES)}.")
    loaded = load_clips(Path(spec.data), frame_base=spec.frame_base)
    index = restrict(loaded.index, spec.tasks)
    made = split(index, spec.folds, range(spec.seeds))
    with run.locked():
        run.begin(spec)
        keep_to(run.folder, index)
        made = _stored_split(run, made, index)
        tell = functools.partial(Status, total=len(made.members), proof=made.proof, synthetic=index.synthetic)
        count = sum(is_finished(run.folder, fold) for fold in made.members)
        run.set_status(tell(state="running", done=count))
        try:
            place = _place(workers)
            work = prepare(spec, run, index, store, workers, on_step)
            tell = functools.partial(tell, notes=_notes(loaded, work))
            place.check([run.folder])
            left = [fold for fold in made.members if not is_finished(run.folder, fold)]
            on_step(Step("training", count, len(made.members)))
            for _ in _trained(work, made, left, place, engine):
                count += 1
                run.set_status(tell(state="running", done=count))
                on_step(Step("training", count, len(made.members)))
            _refit_baselines(work, made, place, on_step)
            _gather(work, run, made)
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            message = "" if interrupted else str(error)
            run.set_status(tell(state="interrupted" if interrupted else "failed", done=count, message=message))
            raise
        run.set_status(tell(state="done", done=count))


def _notes(loaded: Loaded, work: Work) -> tuple[str, ...]:
    """Say what of the cohort is left out: whoever reads the numbers has to know whom they are not of."""
    errors = sum(problem.severity == "error" for problem in loaded.problems)
    without = int((~work.pack.present().any(axis=1)).sum())
    notes = []
    if errors:
        notes.append(
            f"{errors} {'error' if errors == 1 else 'errors'} in the cohort: `divine data check` says what is left out."
        )
    if without:
        have = f"{without} of {len(work.index.clips)} clips {'has' if without == 1 else 'have'}"
        notes.append(f"{have} no features of {work.spec.encoders}: neither trained on nor judged.")
    return tuple(notes)


def _stored_split(run: Run, made: Split, index: Index) -> Split:
    if run.split_file.is_file():
        return read_split(run.split_file, index, proof=made.proof)
    write_split(made, run.split_file)
    return made


def prepare(
    spec: RunSpec,
    run: Run,
    index: Index,
    store: Store,
    workers: Workers | int | None = None,
    on_step: OnStep = lambda _: None,
) -> Work:
    """Extract a run's features and pack them, where that is not done yet.

    Raises:
        ComputeError: the workers cannot be used, or died.
        TrainingError: none of the encoders is of the modalities to train with, or no clip has features of them.
        StoreError: the run's folder cannot be written.
    """
    pair = Pair.parse(spec.encoders, modalities_of(index))
    given = spec.train_modalities.split("+")
    if not any(modality in given for modality, _ in pair.named):
        raise TrainingError(f"{spec.encoders}: of {spec.train_modalities} alone nothing is left to train on. Leave it out.")
    features = CohortFeatures(index, pair, store)
    place = run.folder / "features"
    if packed_in(place) is None:
        features.extract(workers=workers, on_clip=lambda done, total: on_step(Step("features", done, total)))
    packed = pack(features, place, max_steps=spec.config.max_steps)
    kept = {modality: dim for modality, dim in packed.dims.items() if modality in given}
    if not kept:
        raise TrainingError(f"no clip has {spec.train_modalities} features of {spec.encoders}: choose other modalities.")
    packed = dataclasses.replace(packed, dims=kept)
    return Work(run.folder, spec, index, packed, cutoffs_of(index, index.subjects))


def _trained(work: Work, made: Split, left: Sequence[Fold], place: Workers, engine: Engine) -> Iterator[Fold]:
    """Train the members that are left, and yield each as it is finished."""
    if left and stacks(work.spec, engine):
        from divine.training.stack_run import train_stack

        yield from train_stack(work, made.members)
        return
    for done in place.each(functools.partial(train_member, work), left):
        done.result()
        yield done.item


def stacks(spec: RunSpec, engine: Engine) -> bool:
    """Say whether a run's members train as one stack: where it was asked, or by default where there is a GPU."""
    if engine == "auto":
        import torch

        return kind_of(spec.system).architecture is not None and torch.cuda.is_available()
    return engine == "stacked"


def _place(workers: Workers | int | None) -> Workers:
    """One worker is this process itself; more are processes, each on its share of the cores."""
    if workers is None or isinstance(workers, int):
        count = workers or cores()
        return in_process(1) if count == 1 else processes(count)
    return workers


def _refit_baselines(work: Work, made: Split, place: Workers, on_step: OnStep) -> None:
    every = [Beside(fold, name) for name in work.spec.baselines for fold in made.members]
    left = [one for one in every if not is_table(one.path(work))]
    for count, done in enumerate(place.each(functools.partial(refit_beside, work), left), start=len(every) - len(left) + 1):
        done.result()
        on_step(Step("baselines", count, len(every)))


def _gather(work: Work, run: Run, made: Split) -> None:
    """Put the members' tables together, in the split's order, and the baselines beside them."""
    places = [folder(run.folder, fold) for fold in made.members]
    for name in ("history", "predictions"):
        paths = [path for place in places if (path := place / f"{name}.parquet").is_file()]
        if name == "predictions":
            paths += [Beside(fold, baseline).path(work) for baseline in work.spec.baselines for fold in made.members]
        parts = [_table(path) for path in paths]
        if parts:  # what is refitted has no history
            write_atomically(run.folder / f"{name}.parquet", pd.concat(parts, ignore_index=True).to_parquet())


def _table(path: Path) -> pd.DataFrame:
    """Read what a member left.

    Raises:
        TrainingError: it is damaged in its middle, where nobody had looked.
    """
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path.parent.name}/{path.name}: is damaged. Delete it and give the command again.") from error
