"""Confusion matrices whose cells know their clips: of the diagnosis, of the severity level, and of both together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Int

from divine.evaluation.table import PERSON, Predictions
from divine.records import LEVELS

Kind = Literal["diagnosis", "level", "combined"]


class ClipRef(NamedTuple):
    """A clip in a cell."""

    dataset: str
    group: str
    subject: str
    clip: str
    times: int
    """How many seeds' members put it there."""


@dataclass(frozen=True, eq=False)
class Confusion:
    """Rows are what is true, columns what was predicted; every clip counts once per seed."""

    kind: Kind
    labels: tuple[str, ...]
    counts: Int[np.ndarray, "l l"]
    _cells: dict[tuple[str, str], tuple[ClipRef, ...]]

    def clips(self, target: str, prediction: str) -> tuple[ClipRef, ...]:
        """Return the clips of a cell, those that most seeds agree on first; none where the cell is empty."""
        return self._cells.get((target, prediction), ())

    @cached_property
    def shares(self) -> np.ndarray:
        """Return the share of each row that a cell holds; zero in a row without clips."""
        rows = self.counts.sum(axis=1, keepdims=True)
        return np.divide(self.counts, rows, out=np.zeros(self.counts.shape), where=rows > 0)


def confusion(predictions: Predictions, kind: Kind) -> Confusion | None:
    """Count the test rows of one system in one setting.

    ``combined`` has a label per unaffected group, and one per affected group and level (healthy, and two disorders at three
    levels, in Toronto NeuroFace). Groups are affected where any of their clips has a level. Clips whose level is unknown are
    left out of ``level`` and, if their group is affected, of ``combined``.

    Args:
        predictions: rows of one system and modality setting; other parts than ``test`` are left out.
        kind: of what.

    Returns:
        The matrix, or None where the table cannot give it: its cohort was not rated, or the system says no level.
    """
    frame = predictions.where(part="test").frame
    if kind == "diagnosis":
        return _count(kind, predictions.classes, frame, frame["target"], frame["prediction"])
    if not {"target_level", "predicted_level"} <= set(frame.columns) or not frame["predicted_level"].notna().any():
        return None
    if kind == "level":
        return _count(kind, LEVELS, frame, frame["target_level"], frame["predicted_level"])
    affected = {str(group) for group, levels in frame.groupby("target")["target_level"] if levels.notna().any()}
    labels = [
        label
        for name in sorted(predictions.classes, key=lambda one: one in affected)
        for label in ([f"{name}, {level}" for level in LEVELS] if name in affected else [name])
    ]
    target = _join(frame["target"], frame["target_level"], affected)
    return _count(kind, tuple(labels), frame, target, _join(frame["prediction"], frame["predicted_level"], affected))


def _join(group: pd.Series, level: pd.Series, affected: set[str]) -> pd.Series:
    """Name group and level; nothing where an affected group's level is unknown."""
    joined = (group.astype(str) + ", " + level.astype(object)).where(level.notna())
    return joined.where(group.isin(list(affected)), group)


def _count(kind: Kind, labels: tuple[str, ...], frame: pd.DataFrame, target: pd.Series, said: pd.Series) -> Confusion:
    placed = frame[[*PERSON, "clip"]].assign(_target=target, _said=said)
    placed = placed[placed["_target"].isin(labels) & placed["_said"].isin(labels)]
    number = {label: place for place, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    cells = {}
    for key, rows in placed.groupby(["_target", "_said"], sort=True):
        true, given = (str(one) for one in key)
        counts[number[true], number[given]] = len(rows)
        times = rows.groupby([*PERSON, "clip"], sort=True).size().sort_values(ascending=False, kind="stable")
        who = zip(times.index.tolist(), times.tolist(), strict=True)
        cells[true, given] = tuple(ClipRef(*map(str, names), times=int(n)) for names, n in who)
    return Confusion(kind, labels, counts, cells)
