"""The paper's tables filled with our runs: every number ours beside theirs, with its interval and its tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, NamedTuple

from divine.evaluation.compare import PRIMARY, Comparison, Sizes, compare
from divine.evaluation.evaluate import Estimate, Level, Result, evaluate
from divine.evaluation.paper import METRICS, Cell, Column, PaperTable, Row
from divine.evaluation.significance import holm
from divine.evaluation.table import Predictions
from divine.evaluation.unit import Unit

Why = Literal["", "weights absent", "failed", "not trained", "not rated"]


class Outcome(NamedTuple):
    """What became of a run: how to read its predictions, or why there are none."""

    read: Callable[[], Predictions] | None
    why: Why = ""
    message: str = ""


@dataclass(frozen=True)
class Judged:
    """What finished runs came to: tables share runs, and none has to be judged twice, since a finished run does not change."""

    results: dict[tuple[Unit, str, str], dict[Level, Result]] = field(default_factory=dict)
    """By run, system and setting."""
    against: dict[tuple[Unit, str, str, Unit], tuple[Comparison, ...]] = field(default_factory=dict)
    """By run, system and setting, and the run that it was tested against."""


class Number(NamedTuple):
    """One cell."""

    ours: Estimate | None
    """Per clip; None where there is none, and ``why`` says why."""
    per_subject: Estimate | None
    printed: float | None
    why: Why = ""
    message: str = ""
    """What is known of why, such as which weights are missing."""


class Against(NamedTuple):
    """A row against its baseline on one metric."""

    metric: str
    comparison: Comparison
    holm_p: float | None
    """Corrected over the rows of the table that were tested on this metric."""


class FilledRow(NamedTuple):
    """A row, a number per column."""

    row: Row
    numbers: tuple[Number, ...]
    against: tuple[Against, ...] = ()


class FilledTable(NamedTuple):
    """A table of the paper with our numbers."""

    table: PaperTable
    rows: tuple[FilledRow, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.table.columns


def fill(
    table: PaperTable, outcome: Callable[[Unit], Outcome], sizes: Sizes | None = None, judged: Judged | None = None
) -> FilledTable:
    """Fill a table.

    Args:
        table: which.
        outcome: gives the predictions of a run.
        sizes: of the members, for the corrected t-test.
        judged: what these runs came to before; what is new is added to it.
    """
    kept = judged or Judged()
    outcomes = cache(outcome)

    @cache
    def predictions(unit: Unit) -> Predictions | None:
        read = outcomes(unit).read
        return None if read is None else read()

    def results(cell: Cell) -> dict[Level, Result]:
        if outcomes(cell.unit).read is None:
            return {}
        key = cell.unit, cell.system, cell.modalities
        if key not in kept.results and (found := predictions(cell.unit)) is not None:
            rows = found.where(system=cell.system, modalities=cell.modalities)
            judged_now = () if rows.frame.empty else evaluate(rows, tasks=cell.unit.tasks)
            kept.results[key] = {one.level: one for one in judged_now}
        return kept.results.get(key, {})

    def number(cell: Cell) -> Number:
        by_level, found = results(cell), outcomes(cell.unit)
        clip, subject = (by_level[level].metrics.get(cell.metric) if by_level else None for level in ("clip", "subject"))
        return Number(clip, subject, cell.printed, found.why or ("" if clip is not None else "not rated"), found.message)

    def against(row: Row) -> tuple[Comparison, ...]:
        cell = row.cells[0]
        if row.against is None or any(outcomes(unit).read is None for unit in (cell.unit, row.against)):
            return ()
        key = cell.unit, cell.system, cell.modalities, row.against
        if key not in kept.against:
            ours, theirs = predictions(cell.unit), predictions(row.against)
            if ours is None or theirs is None:
                return ()
            kept.against[key] = _compared(cell, ours, row.against, theirs, sizes)
        return kept.against[key]

    tested = [against(row) for row in table.rows]
    raised = {metric: _raised(tested, metric) for metric in PRIMARY}
    rows = tuple(
        FilledRow(
            row,
            tuple(number(cell) for cell in row.cells),
            tuple(Against(one.metric, one, raised[one.metric].get(place)) for one in tested[place]),
        )
        for place, row in enumerate(table.rows)
    )
    return FilledTable(table, rows)


def best(filled: FilledTable, place: int, level: Level = "clip") -> float | None:
    """Return our best number of a column: picked on test scores, and to be labelled so."""
    values = [row.numbers[place].ours if level == "clip" else row.numbers[place].per_subject for row in filled.rows]
    known = [one.mean for one in values if one is not None]
    higher = filled.columns[place].metric in METRICS[:2]
    return (max if higher else min)(known, default=None)


def _compared(cell: Cell, ours: Predictions, against: Unit, theirs: Predictions, sizes: Sizes | None) -> tuple[Comparison, ...]:
    setting = {"part": "test", "modalities": cell.modalities}
    first, second = ours.where(system=cell.system, **setting), theirs.where(system=against.system, **setting)
    found = compare(first, second, level="clip", setting=cell.modalities, sizes=sizes)
    return tuple(one for one in found if one.metric in PRIMARY)


def _raised(tested: list[tuple[Comparison, ...]], metric: str) -> dict[int, float | None]:
    """Correct one metric's tests over the rows of a table."""
    places = [place for place, row in enumerate(tested) if any(one.metric == metric for one in row)]
    raw = [next(one.wilcoxon_p for one in tested[place] if one.metric == metric) for place in places]
    adjusted = holm(p_values=[float("nan") if p is None else p for p in raw])
    return {place: None if p is None else value for place, p, value in zip(places, raw, adjusted, strict=True)}
