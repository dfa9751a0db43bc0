"""Confusion matrices of a run, per clip or per subject, and who stands in a cell."""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from divine.data.keys import key_of
from divine.services.runs import RunError

if TYPE_CHECKING:
    from divine.evaluation.confusion import Confusion, Kind
    from divine.evaluation.evaluate import Level
    from divine.evaluation.table import Predictions


class CellClip(NamedTuple):
    """A clip, by the key that its Session page knows."""

    key: str
    name: str
    task: str
    seeds: int
    """How many seeds' members judged it so; 0 where the subject was judged, not the clip."""


@dataclass(frozen=True)
class CellSubject:
    """Somebody in a cell, with the clips that are meant."""

    group: str
    subject: str
    seeds: int
    """How many seeds' members judged the subject so; of clips, the most of any."""
    clips: tuple[CellClip, ...]


def confusion_of(folder: Path, kind: Kind, *, modalities: str, level: Level) -> Confusion | None:
    """Return a confusion matrix of a run's own system; None where there is none of this kind.

    Per subject there is one of the diagnosis only: the mean probability over a subject's clips decides, and a subject's
    severity has no such level.

    Raises:
        DivineError: the run is not finished.
    """
    from divine.evaluation.confusion import confusion

    rows = _rows(folder, modalities)
    if level == "subject":
        return confusion(rows.by_subject(), kind) if kind == "diagnosis" else None
    return confusion(rows, kind)


def cell(folder: Path, kind: Kind, *, modalities: str, level: Level, row: int, column: int) -> tuple[CellSubject, ...]:
    """Return who stands in the cell of a confusion matrix, by its row (true) and column (predicted).

    Raises:
        DivineError: the run is not finished, or has no such cell.
    """
    found = confusion_of(folder, kind, modalities=modalities, level=level)
    if found is None or not (0 <= row < len(found.labels) and 0 <= column < len(found.labels)):
        raise RunError("The run has no such cell.")
    frame = _rows(folder, modalities).frame[["dataset", "group", "subject", "clip", "task"]].drop_duplicates()
    tasks = {tuple(map(str, one[:4])): str(one[4]) for one in frame.itertuples(index=False)}
    refs = found.clips(found.labels[row], found.labels[column])
    who: dict[tuple[str, str, str], list[CellClip]] = defaultdict(list)
    times: dict[tuple[str, str, str], int] = defaultdict(int)
    for ref in refs:
        person = (ref.dataset, ref.group, ref.subject)
        times[person] = max(times[person], ref.times)
        meant = [(*person, ref.clip)] if level == "clip" else [one for one in tasks if one[:3] == person]
        seeds = ref.times if level == "clip" else 0
        who[person] += [CellClip(key_of(*one), one[3], tasks[one], seeds) for one in meant]
    return tuple(CellSubject(one[1], one[2], times[one], tuple(clips)) for one, clips in who.items())


def _rows(folder: Path, modalities: str) -> Predictions:
    path = folder / "predictions.parquet"
    found = _tested(folder, path.stat().st_mtime_ns if path.is_file() else 0).where(modalities=modalities)
    if not len(found.frame):
        raise RunError(f"The run judged nothing with {modalities[:40]}.")
    return found


@functools.lru_cache(maxsize=8)
def _tested(folder: Path, mtime_ns: int) -> Predictions:
    """Read the test rows of a run's own system, once for as long as they stay as they are."""
    from divine.training.run import Run

    run = Run(folder)
    return run.predictions().where(part="test", system=run.spec().system)
