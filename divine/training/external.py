"""A trained run on another cohort, untouched: nothing of it is trained, chosen or rescaled on the new subjects."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from divine import encoders
from divine.data.duplicates import shared_content
from divine.data.errors import DataError
from divine.data.load import load
from divine.data.schema import Index
from divine.evaluation.table import Predictions
from divine.features.batches import Pair
from divine.features.cohort import CohortFeatures, modalities_of
from divine.features.pack import Pack, pack
from divine.store import Store
from divine.training.checkpoint import Checkpoint
from divine.training.checkpoint import load as load_checkpoint
from divine.training.cross_validate import OnStep, Step
from divine.training.ensemble import Sum, members_of
from divine.training.errors import TrainingError
from divine.training.predict import infer_clips, predict_with
from divine.training.rows import clip_columns, prediction_columns
from divine.training.run import Run
from divine.training.spec import RunSpec, restrict
from divine.training.work import SETTINGS


@dataclass(frozen=True, eq=False)
class External:
    """What the ensemble of a run's members says of another cohort."""

    predictions: Predictions
    """One row per clip and setting, under fold and seed -1."""
    members: int
    subjects: int
    clips: int
    synthetic: bool
    """Whether either cohort was rendered."""
    notes: tuple[str, ...]
    """What a reader must know: subjects who share a name with the run's own, severity that cannot be compared."""


def judge_cohort(
    run: Run, data: Path, store: Store, *, workers: int | None = None, on_step: OnStep = lambda _: None
) -> External:
    """Judge the clips of another cohort by every member of a run, each with its own standardisation, and average what they say.

    Severity levels are cut where the run cut them.

    Raises:
        DataError: the cohort cannot be loaded.
        TrainingError: the run is not finished, members of it are missing, or the cohort has a diagnosis that it never learned.
        EncoderError: an encoder is not the one that the run was trained with.
    """
    spec = run.spec()
    places = members_of(run)
    status = run.status()
    first = load_checkpoint(places[0])
    index, notes = _comparable(restrict(load(data, frame_base=spec.frame_base).index, spec.tasks), first)
    notes += (*_same_names(index, run), *_same_files(index, Path(spec.data)))
    pair = Pair.parse(spec.encoders, modalities_of(index))
    _same_encoders(first, index)
    features = CohortFeatures(index, pair, store)
    features.extract(workers=workers, on_clip=lambda done, total: on_step(Step("features", done, total)))
    with tempfile.TemporaryDirectory() as folder:
        packed = pack(features, Path(folder), max_steps=spec.config.max_steps)
        known = {modality: dim for modality, dim in packed.dims.items() if modality in first.model.schema.dims}
        packed = dataclasses.replace(packed, dims=known)
        lines = list(_lines(index, packed, spec, first, _members(places, on_step)))
    frame = pd.DataFrame(lines)
    return External(
        predictions=Predictions(frame),
        members=len(places),
        subjects=len(frame[["dataset", "group", "subject"]].drop_duplicates()),
        clips=len(frame[["dataset", "group", "subject", "clip"]].drop_duplicates()),
        synthetic=status.synthetic or index.synthetic,
        notes=notes,
    )


def _members(places: Sequence[Path], on_step: OnStep) -> Iterator[Checkpoint]:
    for done, place in enumerate(places, start=1):
        yield load_checkpoint(place)
        on_step(Step("judging", done, len(places)))


def _comparable(index: Index, checkpoint: Checkpoint) -> tuple[Index, tuple[str, ...]]:
    """Check that the cohort's diagnoses are the model's, and drop ratings of other items or another scale."""
    schema, notes = checkpoint.model.schema, []
    strange = [group for group in index.groups if group not in schema.classes]
    if strange:
        raise TrainingError(
            f"{index.root.name}: has the diagnosis {strange[0]!r}, and this run knows {', '.join(schema.classes)}. "
            "Give the groups the names that the run uses (the manifest's column group)."
        )
    missing = [name for name in schema.classes if name not in index.groups]
    if missing:
        notes.append(f"nobody here is {' or '.join(missing)}: metrics are over the other diagnoses")
    if schema.items and (set(index.items) != set(schema.items) or index.scale != schema.scale):
        notes.append(
            f"severity is not compared: the run knows {', '.join(schema.items)} on {schema.scale[0]}-{schema.scale[1]}"
        )
        clips = tuple(dataclasses.replace(clip, ratings=()) for clip in index.clips)
        index = dataclasses.replace(index, clips=clips, items=(), raters=())
    return index, tuple(notes)


def _same_names(index: Index, run: Run) -> Iterator[str]:
    """Note who bears the name of somebody that the run has seen; a dataset is often but a file's name, and proves nothing."""
    frame = run.predictions().frame
    own = set(frame[["dataset", "group", "subject"]].drop_duplicates().itertuples(index=False, name=None))
    same = {person for person in index.subjects if tuple(person) in own}
    if same:
        yield f"{len(same)} subjects have the names of subjects of the run: if they are the same people, this is no validation"
    ids = {(group, subject) for _, group, subject in own}
    alike = sum((person.group, person.subject) in ids for person in index.subjects if person not in same)
    if alike:
        yield f"{alike} subjects have the group and id of subjects of the run, in another dataset: they may be the same people"


def _same_files(index: Index, data: Path) -> Iterator[str]:
    """Note clips that the run's own cohort holds too, under whatever names."""
    try:
        own = load(data).index
    except DataError:
        yield f"{data.name}: the run's own cohort is not here, so nobody can tell whether clips of it are among these"
        return
    files = [{path.resolve() for path in clip.files} for clip in index.clips]
    shared = shared_content(set().union(*files), (path.resolve() for clip in own.clips for path in clip.files))
    count = sum(bool(paths & shared) for paths in files)
    if count:
        yield f"{count} clips are files of the run's own cohort, which it has seen: of these this is no validation"


def _same_encoders(checkpoint: Checkpoint, index: Index) -> None:
    brought = modalities_of(index)
    for one in checkpoint.encoders:
        revision = "given" if one.code in brought else encoders.info(one.code).revision
        if revision != one.revision:
            raise TrainingError(
                f"{one.code}: the run was trained with revision {one.revision}, here it is {revision}. "
                "Use the same, or train again."
            )


def _lines(
    index: Index, packed: Pack, spec: RunSpec, first: Checkpoint, members: Iterator[Checkpoint]
) -> Iterator[dict[str, object]]:
    """Judge every clip in every setting; a clip that has none of a setting's modalities is left out of it."""
    settings = [one for one in SETTINGS if set(one) <= set(packed.dims)]
    rows = np.flatnonzero(packed.present().any(axis=1))
    sums: dict[tuple[str, int], Sum] = {}
    count = 0
    for member in members:
        count += 1
        for inferred in infer_clips(member, packed, rows):
            for setting in settings:
                for row, one in predict_with(member, inferred, setting):
                    key = ("+".join(setting), row)
                    sums[key] = sums[key].plus(one) if key in sums else Sum.of(one)
    about = {
        "part": "test",
        "fold": -1,
        "seed": -1,
        "system": spec.system,
        "objective": spec.objective,
        "encoders": spec.encoders,
    }
    for (setting, row), total in sums.items():
        said = prediction_columns(total.mean(count))
        yield clip_columns(index, row, first.cutoffs) | about | {"modalities": setting} | said
