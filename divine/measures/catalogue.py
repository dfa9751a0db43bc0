"""The one catalogue of clinical measures: face and voice, by name."""

from __future__ import annotations

from collections.abc import Iterable

from divine.measures.face import FACE
from divine.measures.info import TASKS, MeasureInfo
from divine.measures.voice import VOICE
from divine.records import DivineError, Modality


class MeasureError(DivineError):
    """The catalogue of measures is wrong, or was asked for what it does not hold."""


def index(entries: Iterable[MeasureInfo]) -> dict[str, MeasureInfo]:
    """Return the entries by name, in their order.

    Raises:
        MeasureError: two entries share a name.
    """
    catalogue: dict[str, MeasureInfo] = {}
    for entry in entries:
        if entry.name in catalogue:
            raise MeasureError(f"measure {entry.name!r} stands twice in the catalogue: rename one of them")
        catalogue[entry.name] = entry
    return catalogue


CATALOGUE: dict[str, MeasureInfo] = index((*FACE, *VOICE))


def applicable(modality: Modality, task: str | None) -> tuple[MeasureInfo, ...]:
    """Return the measures that mean something for a task, in the catalogue's order.

    Without a task, or with one this project does not know, that is all but those which need a known task.
    """
    entries = tuple(entry for entry in CATALOGUE.values() if entry.modality == modality)
    if task in TASKS:
        return tuple(entry for entry in entries if task in entry.tasks)
    return tuple(entry for entry in entries if not entry.needs_task)
