"""Before the paper's tables are reproduced: how many runs that takes, which can be trained here, what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from divine.records import DivineError
from divine.services.jobs import ReproduceOrder
from divine.services.train_plan import Objection, devices

if TYPE_CHECKING:
    from divine.data.schema import Index
    from divine.evaluation.unit import TaskSet, Unit


class Part(NamedTuple):
    """One of the tables, or the figure."""

    name: str
    runs: int
    here: int
    """Runs whose encoders can be had on this machine."""


class Absent(NamedTuple):
    """An encoder whose features cannot be had."""

    code: str
    why: str


@dataclass(frozen=True)
class TablesPlan:
    """What an order of tables comes to."""

    runs: int
    here: int
    """Runs that can be trained; the rows of the others say why they are empty."""
    members: int
    """Models of each run, folds × seeds; 0 where the cohort cannot be divided as asked."""
    clips: int
    subjects: int
    parts: tuple[Part, ...]
    """All that can be asked for, asked or not."""
    absent: tuple[Absent, ...]
    objections: tuple[Objection, ...]
    notes: tuple[str, ...]


def plan_tables(order: ReproduceOrder, index: Index, *, device: str = "cpu") -> TablesPlan:
    """Look at an order of tables before it is queued. Nothing is extracted or trained.

    Raises:
        DivineError: there is no such table.
    """
    from divine.report.reproduce import EVERYTHING, parse, units_of
    from divine.training.shared_packs import why_absent

    asked = units_of(parse(order.what))
    every = {name: units_of((name,)) for name in EVERYTHING}
    codes = dict.fromkeys(code for units in every.values() for unit in units for code in unit.codes)
    why = {code: found for code in codes if (found := why_absent(index, code)) is not None}
    here = [unit for unit in asked if why.keys().isdisjoint(unit.codes)]
    parts = tuple(
        Part(name, len(units), sum(why.keys().isdisjoint(unit.codes) for unit in units)) for name, units in every.items()
    )
    members, objections, notes = _folds(order, here, index)
    if not here:
        text = "Not one of these runs can be trained: features of their encoders are not here. Extract or fetch some first."
        objections.append(Objection("encoders", text))
    if device not in devices():
        objections.append(Objection("device", f"{device}: is not on this machine. Choose one of {', '.join(devices())}."))
    if index.synthetic:
        notes.append("The cohort is SYNTHETIC: rendered, never recorded. So is whatever comes out.")
    if not any(clip.ratings for clip in index.clips):
        notes.append("The cohort has no ratings: columns of severity will say not rated.")
    needed = {code for unit in asked for code in unit.codes}
    absent = tuple(Absent(code, text) for code, text in why.items() if code in needed)
    return TablesPlan(
        len(asked), len(here), members, len(index.clips), len(index.subjects), parts, absent, tuple(objections), tuple(notes)
    )


def _folds(order: ReproduceOrder, units: list[Unit], index: Index) -> tuple[int, list[Objection], list[str]]:
    """Divide the recordings of every task set that is needed; one that has none leaves its rows empty, which is no obstacle."""
    from divine.data.splits import split
    from divine.training.errors import TrainingError
    from divine.training.spec import restrict

    members, objections, notes = 0, [], []
    sets: dict[TaskSet, None] = dict.fromkeys(unit.tasks for unit in units)
    for tasks in sets:
        try:
            wanted = restrict(index, tasks)
        except TrainingError:
            notes.append(f"No recording of the cohort is of the {tasks} tasks: rows that need one will say failed.")
            continue
        try:
            members = len(split(wanted, order.folds, range(order.seeds)).members)
        except DivineError as error:
            objections.append(Objection("folds", str(error)))
    return members, list(dict.fromkeys(objections)), notes
