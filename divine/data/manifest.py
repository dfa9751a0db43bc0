"""Any cohort: a table with a row per clip, CSV or Parquet, to an index."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from divine.data import cells
from divine.data.assemble import Draft, assemble
from divine.data.errors import DataError
from divine.data.features import SUFFIXES
from divine.data.schema import ClipEntry, Loaded, Problem, Severity
from divine.data.tables import Row, Table, is_text, read_table
from divine.data.tnf_names import COMPUTED, ITEMS, diagnosis, is_healthy, item_of, plain
from divine.measures import TASKS
from divine.records import Modality

COLUMNS = ("subject", "group", "dataset", "session", "task", "video", "audio", "age", "sex", "split")
_RATING = re.compile(r"rating_(?P<item>.+)_(?P<rater>[^_]+)", re.IGNORECASE)
_OF_NOBODY = re.compile(r"rating_(?P<item>[^_]+|" + "|".join(name for name in ITEMS if "_" in name) + ")", re.IGNORECASE)
"""A rating whose heading lacks the rater, an item's own underscores aside."""
_FEATURES = re.compile(r"features_(?P<modality>video|audio)_(?P<name>.+)", re.IGNORECASE)

T = TypeVar("T")


def load_manifest(path: Path, *, frame_base: int = 1) -> Loaded:
    """Load a manifest; whatever cannot be used becomes a problem, and the rest loads.

    Args:
        path: the manifest. The paths in it are relative to its folder, and stay inside.
        frame_base: number of a video's first frame in annotation files.

    Raises:
        DataError: the file cannot be read, or lacks one of the columns ``subject`` and ``group``.
    """
    table = read_table(path)
    reader = _Reader(path, table)
    drafts = [draft for row in table.rows if (draft := reader.draft(row)) is not None]
    if not table.rows:
        reader.say(None, "", "lists no clip", "Add a row per clip.")
    groups = sorted(set(reader.groups.values()), key=lambda group: (is_healthy(group), group))
    return assemble(reader.folder, "manifest", drafts, reader.problems, groups=groups, frame_base=frame_base)


@dataclass(frozen=True)
class _Columns:
    """Which heading means what."""

    known: dict[str, str]
    ratings: dict[str, tuple[str, str]]
    """Rater and item by heading."""
    computed: tuple[str, ...]
    """Ratings of what is computed from the items: left out."""
    features: dict[str, tuple[Modality, str]]
    metadata: tuple[str, ...]


def _columns(table: Table, path: Path) -> _Columns:
    known = {name.casefold(): name for name in reversed(table.header) if name.casefold() in COLUMNS}
    missing = [name for name in ("subject", "group") if name not in known]
    if missing:
        heads = ", ".join(table.header)[:200]
        raise DataError(f"{path.name}: has no column {' and no column '.join(missing)} (but {heads}). Add it: docs/data.md.")
    rated = {
        name: (match["rater"], item_of(match["item"]))
        for name in table.header
        if (match := _RATING.fullmatch(name)) and not _OF_NOBODY.fullmatch(name)
    }
    ratings = {name: key for name, key in rated.items() if key[1] not in COMPUTED}
    features: dict[str, tuple[Modality, str]] = {
        name: (cast(Modality, match["modality"].lower()), match["name"])
        for name in table.header
        if (match := _FEATURES.fullmatch(name))
    }
    taken = {*known.values(), *rated, *features}
    metadata = tuple(name for name in table.header if name not in taken)
    return _Columns(known, ratings, tuple(name for name in rated if name not in ratings), features, metadata)


class _Reader:
    """Turns rows into clips, and notes what was left out of them."""

    def __init__(self, path: Path, table: Table) -> None:
        self.path, self.folder = path, path.parent.resolve()
        self.columns = _columns(table, path)
        self.problems: list[Problem] = []
        self.groups: dict[str, str] = {}
        """The spelling that was met first, by what all spellings share."""
        for name in table.repeated:
            self.say(None, name, "this heading occurs twice; the first column counts", "Rename one.")
        for name in (name for name in table.header if not is_text(name)):
            self.say(None, name, "the heading is not UTF-8", "Save the manifest as CSV, UTF-8.")
        for name in self.columns.computed:
            what = "totals and levels are computed from the items, and are no items; the column was left out"
            self.say(None, name, what, "Delete the column, or give the item another name.")
        for name in self.columns.metadata:
            match = _OF_NOBODY.fullmatch(name)
            if match is None or item_of(match["item"]) in COMPUTED:
                continue
            what = "names no rater, so it is kept as metadata and rates nothing"
            self.say(None, name, what, f"If it is a rating, call it {name}_<rater>, such as {name}_SLP1.", "warning")

    def say(self, row: int | None, column: str, what: str, remedy: str, severity: Severity = "error") -> None:
        self.problems.append(Problem(self.path.name, row, column, what, remedy, severity))

    def draft(self, row: Row) -> Draft | None:
        """Return the row's clip, or None where nothing of it can be judged."""
        if row.surplus:
            what = "has more cells than there are headings, so they cannot be told apart; the row was left out"
            self.say(row.number, "", what, "Put quotes around cells that hold a comma.")
            return None
        for column in (name for name, text in row.cells.items() if not is_text(text)):
            self.say(row.number, column, "is not UTF-8; the cell was left out", "Save the manifest as CSV, UTF-8.")
            row.cells[column] = ""
        subject, group = self._known(row, "subject"), self._known(row, "group")
        if not subject or not group:
            self.say(row.number, "group" if subject else "subject", "is empty; the row was left out", "Fill it in.")
            return None
        media = {name: self._file(row, self.columns.known.get(name)) for name in ("video", "audio")}
        features = {key: path for name, key in self.columns.features.items() if (path := self._file(row, name, SUFFIXES))}
        first = next((path for path in (*media.values(), *features.values()) if path is not None), None)
        if first is None:
            what = "has no recording and no features that can be used; the row was left out"
            self.say(row.number, "", what, "Give it a video, an audio file or features.")
            return None
        task = self._known(row, "task")
        entry = ClipEntry(
            dataset=self._known(row, "dataset") or self.path.stem,
            group=self.groups.setdefault(diagnosis(group), group),
            subject=subject,
            session=self._known(row, "session"),
            task=next((code for code in TASKS if plain(code) == plain(task)), task),
            name=first.relative_to(self.folder).as_posix(),
            video=media["video"],
            audio=media["audio"],
            audio_origin="given" if media["audio"] else "unknown" if media["video"] else "none",
            age=self._cell(cells.age, row, self.columns.known.get("age")),
            sex=self._cell(cells.sex, row, self.columns.known.get("sex")),
            split=self._cell(cells.part, row, self.columns.known.get("split")),
            features=features,
            metadata={name: row.cells[name] for name in self.columns.metadata if row.cells[name] and is_text(name)},
            row=row.number,
        )
        scores = {
            key: score
            for name, key in self.columns.ratings.items()
            if (score := self._cell(cells.score, row, name)) is not None
        }
        return Draft(entry, self.path.name, row.number, scores)

    def _known(self, row: Row, name: str) -> str:
        return row.cells.get(self.columns.known.get(name, ""), "")

    def _cell(self, read: Callable[[str], T], row: Row, column: str | None) -> T | None:
        try:
            return read(row.cells[column]) if column and row.cells[column] else None
        except ValueError as error:
            self.say(row.number, column or "", f"{error}; it was left out", "Correct the cell.")
            return None

    def _file(self, row: Row, column: str | None, suffixes: tuple[str, ...] = ()) -> Path | None:
        """Return the file that a cell names; a path of an untrusted table must not lead out of its folder."""
        text = row.cells[column].replace("\\", "/") if column else ""
        if not text:
            return None
        try:
            path = (self.folder / text).resolve()
            inside, there = path.is_relative_to(self.folder), path.is_file()
        except (OSError, ValueError, RuntimeError) as error:
            self.say(row.number, column or "", f"{text!r} is no path ({error}); it was left out", "Correct the path.")
            return None
        if not inside:
            what = f"{text!r} leads out of the manifest's folder; it was left out"
            self.say(row.number, column or "", what, "Put the file into the folder, and give its path from there.")
        elif not there:
            self.say(row.number, column or "", f"{text!r}: there is no such file", "Correct the path, or add the file.")
        elif suffixes and path.suffix.lower() not in suffixes:
            what = f"{text!r} is none of {', '.join(suffixes)}; it was left out"
            self.say(row.number, column or "", what, "Save the features in one of these formats.")
        else:
            return path
        return None
