"""The paper's tables and figure as the page draws them. Pure functions; numbers are in the paper's unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from divine.evaluation.confusion import Confusion
from divine.evaluation.evaluate import Estimate
from divine.evaluation.filled import FilledRow, FilledTable, Number, best
from divine.evaluation.paper import Cell
from divine.evaluation.paper_notes import FIGURE, notes_of
from divine.evaluation.unit import Unit
from divine.report.figure3 import Drawn
from divine.report.layout import BLOCKS, TEST_HEADINGS, UNITS, UP, footnotes, percent, tests
from divine.services.reproductions import ReproductionEntry

RunOf = Callable[[Unit], str]
_TEST = " (TEST)"
"""How the label of a row ends whose encoders were made for tests."""


def about(entry: ReproductionEntry) -> dict[str, Any]:
    """Say which reproduction it is, under which protocol, and how far each table is."""
    found: dict[str, Any] = {
        "id": entry.id,
        "name": entry.name,
        "ours": entry.ours,
        "state": entry.state,
        "message": entry.message,
        "created_s": entry.created_s,
        "asked": entry.asked and entry.asked._asdict(),
        "parts": [one._asdict() for one in entry.parts],
    }
    stamp = entry.stamp
    if stamp is None:
        return found | {"marks": []}
    marks = {"SYNTHETIC": stamp.synthetic, "TEST": stamp.test_encoders, "REDUCED PROTOCOL": stamp.reduced}
    return found | {
        "cohort": stamp.cohort,
        "folds": stamp.folds,
        "seeds": stamp.seeds,
        "epochs": stamp.epochs,
        "marks": [mark for mark, holds in marks.items() if holds],
        "lines": list(stamp.lines[:-1]),  # the last is the notice, which stands on every page
    }


def table(filled: FilledTable, run_of: RunOf) -> dict[str, Any]:
    """Put a filled table into rows of cells, ours beside the paper's."""
    units = {cell.unit: None for row in filled.rows for cell in row.row.cells}
    places = {unit: place for place, unit in enumerate(units)}
    columns = filled.columns
    bests = [(best(filled, place), best(filled, place, "subject")) for place in range(len(columns))]
    return {
        "number": filled.table.number,
        "title": filled.table.title,
        "columns": [
            {"group": one.group, "metric": one.metric, "unit": UNITS[one.metric], "up": one.metric in UP} for one in columns
        ],
        "runs": [_unit(unit) | {"id": run_of(unit)} for unit in units],
        "rows": [_row(row, filled, bests, places) for row in filled.rows],
        "blocks": BLOCKS,
        "tests": {
            "against": filled.table.against,
            "group": columns[0].group,
            "headings": TEST_HEADINGS,
            "rows": [list(line) for line in tests(filled)],
        },
        "notes": {level: list(footnotes(filled, level)) for level in ("clip", "subject")},
    }


def figure(drawn: Mapping[str, tuple[Drawn, ...]], run_of: RunOf) -> dict[str, Any]:
    """Put the confusion matrices into shares and counts."""
    return {
        "figures": [{"name": stem, "panels": [_panel(one, run_of) for one in panels]} for stem, panels in drawn.items()],
        "notes": list(notes_of(FIGURE)),
    }


def _row(
    row: FilledRow, filled: FilledTable, bests: list[tuple[float | None, float | None]], places: dict[Unit, int]
) -> dict[str, Any]:
    cells = [
        _cell(cell, number, column.metric, top) | {"run": places[cell.unit]}
        for cell, number, column, top in zip(row.row.cells, row.numbers, filled.columns, bests, strict=True)
    ]
    label, made_up, rest = row.row.label.partition(_TEST)
    return {"label": label + rest, "test": bool(made_up), "block": row.row.block, "cells": cells}


def _cell(cell: Cell, number: Number, metric: str, top: tuple[float | None, float | None]) -> dict[str, Any]:
    both = {"clip": number.ours, "subject": number.per_subject}
    return {
        "system": cell.system,
        "modalities": cell.modalities,
        "printed": number.printed,
        "why": number.why,
        "message": number.message,
        "best": {level: one is not None and one.mean == best for (level, one), best in zip(both.items(), top, strict=True)},
    } | {level: _estimate(metric, one) for level, one in both.items()}


def _estimate(metric: str, one: Estimate | None) -> list[float] | None:
    return None if one is None else [round(percent(metric, value), 4) for value in one]


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "system": unit.system,
        "encoders": unit.encoders,
        "objective": unit.objective,
        "tasks": unit.tasks,
        "train_modalities": unit.train_modalities,
    }


def _panel(drawn: Drawn, run_of: RunOf) -> dict[str, Any]:
    panel, counted = drawn.panel, drawn.confusion
    label, made_up, rest = panel.label.partition(_TEST)
    return {
        "letter": panel.letter,
        "label": label + rest,
        "test": bool(made_up),
        "run": _unit(panel.unit) | {"id": run_of(panel.unit)},
        "modalities": panel.modalities,
        "why": drawn.why,
    } | ({} if counted is None else _matrix(counted))


def _matrix(counted: Confusion) -> dict[str, Any]:
    return {
        "labels": list(counted.labels),
        "counts": counted.counts.tolist(),
        "shares": counted.shares.round(6).tolist(),
    }
