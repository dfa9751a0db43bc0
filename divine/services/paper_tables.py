"""The paper's tables as pages show them: from the runs that are there, each judged once while they become more."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from divine.evaluation.paper import FIGURES
from divine.services.reproductions import ReproductionEntry, ReproductionError
from divine.services.runs import run_id_of

if TYPE_CHECKING:
    from divine.evaluation.filled import FilledTable, Judged
    from divine.evaluation.unit import Unit
    from divine.report.figure3 import Drawn

TABLE_KINDS = {"csv": "text/csv", "md": "text/markdown", "tex": "application/x-tex"}
FIGURE_KINDS = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png", "csv": "text/csv"}
"""As what a table and a figure can be had."""


class File(NamedTuple):
    """A table or a figure to take along."""

    content: bytes
    media_type: str


@dataclass
class _Desk:
    """What was computed of one reproduction."""

    judged: Judged
    filled: dict[int, tuple[bytes, FilledTable]] = field(default_factory=dict)
    """By number: the status that it was filled under, and the table."""
    drawn: dict[str, tuple[bytes, tuple[Drawn, ...]]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


def filled(entry: ReproductionEntry, number: int) -> FilledTable:
    """Return one of the paper's tables, from the runs that are there.

    Raises:
        DivineError: the paper has no such table, or the reproduction is damaged.
    """
    from divine.report.reproduce import filled_table

    desk, status = _desk_of(entry), _status(entry.folder)
    with desk.lock:
        if number not in desk.filled or desk.filled[number][0] != status:
            desk.filled[number] = status, filled_table(entry.place, number, desk.judged)
        return desk.filled[number][1]


def panels(entry: ReproductionEntry, stem: str) -> tuple[Drawn, ...]:
    """Return the confusion matrices of ``figure3``, or of ``figure3-own``.

    Raises:
        DivineError: the reproduction is damaged.
    """
    from divine.report.reproduce import drawn_panels

    desk, status = _desk_of(entry), _status(entry.folder)
    with desk.lock:
        if stem not in desk.drawn or desk.drawn[stem][0] != status:
            desk.drawn[stem] = status, drawn_panels(entry.place, stem)
        return desk.drawn[stem][1]


def file_of(entry: ReproductionEntry, stem: str, kind: str) -> File:
    """Return a table or a figure as a file, as ``divine reproduce`` writes it, from the runs that are there.

    Raises:
        DivineError: there is no such file, or the reproduction is damaged.
    """
    from divine.report import figure3, tables
    from divine.report.reproduce import EVERYTHING, figure_of, stamp_of

    kinds = FIGURE_KINDS if stem in FIGURES else TABLE_KINDS
    if stem not in (*EVERYTHING, *FIGURES) or kind not in kinds:
        raise ReproductionError(f"{stem[:20]}.{kind[:8]}: no such file of a reproduction.")
    if stem in FIGURES:
        drawn = panels(entry, stem)
        if kind == "csv":
            return File(figure3.as_csv(drawn).encode(), kinds[kind])
        with _desk_of(entry).lock:
            return File(figure3.render(figure_of(entry.place, stem, drawn), kind), kinds[kind])
    write = {"csv": tables.as_csv, "md": tables.as_markdown, "tex": tables.as_latex}[kind]
    return File(write(filled(entry, int(stem.removeprefix("table"))), stamp_of(entry.place)).encode(), kinds[kind])


def run_of(entry: ReproductionEntry, unit: Unit) -> str:
    """Return the id under which the run of a unit is found."""
    return run_id_of(entry.place.sweep.run(unit).folder)


def _status(folder: Path) -> bytes:
    return (folder / "sweep" / "status.json").read_bytes()


def _desk_of(entry: ReproductionEntry) -> _Desk:
    return _desk(entry.folder, (entry.folder / "sweep").stat().st_ino)  # another folder in its place is another reproduction


@lru_cache(maxsize=16)
def _desk(folder: Path, inode: int) -> _Desk:
    """Keep what was computed of a folder."""
    from divine.evaluation.filled import Judged

    return _Desk(Judged())
