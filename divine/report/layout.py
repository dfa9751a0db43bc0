"""A filled table → headings, cells and footnotes as text: what Markdown and LaTeX both print."""

from __future__ import annotations

from dataclasses import dataclass

from divine.evaluation.evaluate import Estimate, Level
from divine.evaluation.filled import Against, FilledRow, FilledTable, Number, best
from divine.evaluation.paper_notes import notes_of
from divine.records import NOTICE, SYNTHETIC_NOTICE

SHORT = {"accuracy": "A", "macro_f1": "F1", "mae_total": "M", "rmse_total": "R"}
UNITS = {"accuracy": "%", "macro_f1": "%", "mae_total": "points", "rmse_total": "points"}
UP = ("accuracy", "macro_f1")
PROTOCOL = (5, 5, 50)
"""The paper's folds, seeds and epochs: anything else is a reduced protocol."""
BLOCKS = {"paper": "The paper's pair", "own": "Beyond the paper", "rivals": "Beyond the paper: other systems"}


@dataclass(frozen=True)
class Stamp:
    """What must stand on everything that a reproduction writes."""

    cohort: str
    synthetic: bool
    test_encoders: bool
    """Whether some rows come from encoders made for tests."""
    folds: int | str
    seeds: int
    epochs: int
    absent: tuple[str, ...] = ()
    """Codes of the encoders whose features could not be had."""

    @property
    def reduced(self) -> bool:
        return (self.folds, self.seeds, self.epochs) != PROTOCOL

    @property
    def lines(self) -> tuple[str, ...]:
        """Say it, the gravest first."""
        seeds = f"{self.seeds} {'seed' if self.seeds == 1 else 'seeds'}"
        protocol = f"{self.folds} folds by subject, {seeds}, at most {self.epochs} {'epoch' if self.epochs == 1 else 'epochs'}"
        found = [f"Ours: {self.cohort}; {protocol}."]
        if self.reduced:
            found.insert(0, "REDUCED PROTOCOL: the paper's is 5 folds, 5 seeds, 50 epochs. These numbers are a quick pass.")
        if self.test_encoders:
            found.insert(0, "TEST: rows marked TEST come from tiny random encoders and mean nothing.")
        if self.synthetic:
            found.insert(0, SYNTHETIC_NOTICE)
        if self.absent:
            found.append(f"Without features here: {', '.join(self.absent)}. `divine encoders fetch CODE` brings weights.")
        return (*found, NOTICE)


@dataclass(frozen=True)
class Line:
    """One printed line of a table."""

    label: str
    whose: str
    """``ours`` or ``paper``."""
    cells: tuple[str, ...]
    bold: tuple[bool, ...]
    block: str


def percent(metric: str, value: float) -> float:
    """Return a number in the unit that the paper prints it in."""
    return 100 * value if metric in UP else value


def title(filled: FilledTable) -> str:
    """Name a table."""
    return f"Table {filled.table.number}. {filled.table.title}"


def headings(filled: FilledTable) -> tuple[str, ...]:
    """Return a heading per column, without its group."""
    return tuple(f"{SHORT[one.metric]} {UNITS[one.metric]} {'↑' if one.metric in UP else '↓'}" for one in filled.columns)


def lines(filled: FilledTable) -> tuple[Line, ...]:
    """Return two lines per row that the paper has, ours and its own, and one for others."""
    bests = [best(filled, place) for place in range(len(filled.columns))]
    found = []
    for row in filled.rows:
        metrics = [column.metric for column in filled.columns]
        bold = tuple(one.ours is not None and one.ours.mean == top for one, top in zip(row.numbers, bests, strict=True))
        cells = tuple(_ours(number, metric) for number, metric in zip(row.numbers, metrics, strict=True))
        found.append(Line(row.row.label, "ours", cells, bold, row.row.block))
        if any(number.printed is not None for number in row.numbers):
            printed = tuple("" if number.printed is None else f"{number.printed:.2f}" for number in row.numbers)
            found.append(Line(row.row.label, "paper", printed, (False,) * len(printed), row.row.block))
    return tuple(found)


TEST_HEADINGS = (
    "",
    "difference",
    "95 % interval",
    "p, Wilcoxon over subjects (Holm)",
    "p, corrected t",
    "p, over runs (dependent)",
)


def tests(filled: FilledTable) -> tuple[tuple[str, ...], ...]:
    """Return a line per row and metric that was tested against the row's baseline."""
    return tuple(_test(row, one) for row in filled.rows for one in row.against)


def footnotes(filled: FilledTable, level: Level = "clip") -> tuple[str, ...]:
    """Return what must be said below: how to read it, and where the paper contradicts itself."""
    reading = (
        "Ours: mean ± standard deviation over folds × seeds [95 % bootstrap interval over subjects, of the value "
        "on predictions averaged over seeds, all folds together: with few subjects the mean may lie outside it], "
        f"per {level}."
    )
    picked = "Bold: our best number of the column, picked on test scores."
    against = (f"Tested against {filled.table.against}, named beforehand.",) if filled.table.against else ()
    return (reading, picked, *against, *notes_of(filled.table.number))


def _ours(number: Number, metric: str) -> str:
    if number.ours is None:
        return number.why or "–"
    return _estimate(number.ours, metric)


def _estimate(one: Estimate, metric: str) -> str:
    mean, std, _, low, high = (percent(metric, value) for value in one)
    digits = 1 if metric in UP else 2
    return f"{mean:.{digits}f} ± {std:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _test(row: FilledRow, one: Against) -> tuple[str, ...]:
    c = one.comparison
    scale = percent(one.metric, 1.0)
    p_values = (one.holm_p, c.corrected_t_p, c.runs_p)
    return (
        f"{row.row.label}, {SHORT[one.metric]} {UNITS[one.metric]}",
        f"{scale * c.difference:+.2f}",
        f"{scale * c.low:+.2f} to {scale * c.high:+.2f}",
        *("–" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}" for p in p_values),
    )
