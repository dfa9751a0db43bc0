"""The sheets beside Toronto NeuroFace's videos: two raters' scores, free metadata, ages and sexes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple, TypeVar

from divine.data import cells
from divine.data.schema import Problem
from divine.data.tables import Row, Table, is_text, read_table
from divine.data.tnf_names import COMPUTED, TOTALS, clip_key, item_of, plain

_SCORE = re.compile(r"(?P<item>[^(]+?)\s*\(\s*(?P<rater>[^)]+?)\s*\)")
_FILE_HEADINGS = ("file name", "filename", "file", "video", "video name", "videoname", "name")
_SUBJECT_HEADINGS = ("subjectid", "subject id", "subject", "id")
_TOLERANCE = 1e-6

T = TypeVar("T")


class RatedClip(NamedTuple):
    """A row of a rating sheet."""

    row: int
    name: str
    subject: str
    scores: dict[tuple[str, str], float]
    """By rater and item."""


class About(NamedTuple):
    """A row of a sheet of metadata."""

    row: int
    key: str
    """A clip's key (``clip_key``), or a subject's id in capitals."""
    cells: dict[str, str]


class Person(NamedTuple):
    """A row of the clinical table."""

    row: int
    subject: str
    age: float | None
    sex: str | None
    more: dict[str, str]


def read_ratings(path: Path, problems: list[Problem]) -> list[RatedClip]:
    """Read ``File Name``, ``Subject ID`` and per rater ``Symmetry (SLP1)`` ... ``Tot (SLP1)``.

    Raises:
        DataError: the sheet cannot be read.
    """
    table = read_table(path, heading="File Name")
    _say_repeated(table, path, problems)
    by_plain = {plain(name): name for name in reversed(table.header)}
    columns = {name: found for name in table.header if (found := _SCORE.fullmatch(name))}
    for name in [name for name, match in columns.items() if item_of(match["item"]) in COMPUTED[len(TOTALS) :]]:
        what = "levels are computed from the items, and are no items; the column was left out"
        problems.append(Problem(path.name, None, name, what, "Delete the column, or give the item another name."))
        del columns[name]
    if not columns:
        what = "has no column such as 'Symmetry (SLP1)': no rating was read"
        problems.append(Problem(path.name, None, "", what, "Fetch the sheet again, or name its columns so."))
    rated = []
    for row in table.rows:
        name = row.cells[by_plain["file name"]]
        if not name:
            problems.append(
                Problem(path.name, row.number, "File Name", "names no video; the row was left out", "Fill in the video's name.")
            )
            continue
        scores: dict[tuple[str, str], float] = {}
        totals: dict[str, tuple[str, float]] = {}
        for column, match in columns.items():
            rater, item = _rater(match), item_of(match["item"])
            if item in TOTALS:
                value = _cell(cells.number, cells.known(row.cells[column]), path, row, column, problems)
                if value is not None:
                    totals[rater] = (column, value)
            elif (value := _cell(cells.score, row.cells[column], path, row, column, problems)) is not None:
                scores[rater, item] = value
        for rater, (column, total) in totals.items():
            given = [value for (one, _), value in scores.items() if one == rater]
            complete = len(given) == sum(_rater(match) == rater for match in columns.values()) - 1
            if complete and abs(sum(given) - total) > _TOLERANCE:
                what = f"total {total:g} is not the sum {sum(given):g} of the items; the items count"
                problems.append(Problem(path.name, row.number, column, what, "Correct the total or the item.", "warning"))
        rated.append(RatedClip(row.number, name, row.cells.get(by_plain.get("subject id", ""), "").upper(), scores))
    return rated


def _rater(match: re.Match[str]) -> str:
    return match["rater"].replace(" ", "").upper()


def read_video_info(path: Path, clips: Collection[str], people: Collection[str], problems: list[Problem]) -> list[About]:
    """Read a sheet of metadata whose columns nobody documented: the one that names clips or people is found by its content.

    Raises:
        DataError: the sheet cannot be read.
    """
    table = read_table(path)
    _say_repeated(table, path, problems)
    by_clip = _best(table, lambda text: clip_key(text) in clips)
    by_person = _best(table, lambda text: text.upper() in people)
    column = by_clip or by_person or next((name for name in table.header if plain(name) in _FILE_HEADINGS), None)
    if column is None:
        what = "no column names videos or subjects of this group: its metadata was not read"
        problems.append(Problem(path.name, None, "", what, "Name the videos in a column 'File Name'.", "warning"))
        return []
    found = []
    for row in table.rows:
        name = row.cells[column]
        key = name.upper() if column == by_person and not by_clip else clip_key(name)
        about = {heading: text for heading, text in row.cells.items() if heading != column and text}
        found.append(About(row.number, key, about))
    return found


def _best(table: Table, known: Callable[[str], bool]) -> str | None:
    counts = {name: sum(known(row.cells[name]) for row in table.rows) for name in table.header}
    best = max(table.header, key=lambda name: counts[name])
    return best if counts[best] else None


def read_people(path: Path, problems: list[Problem]) -> list[Person]:
    """Read ``SubjectID, AgeSession, Gender`` and whatever else the table says of a subject; all but the id may be absent.

    Raises:
        DataError: the table cannot be read.
    """
    table = read_table(path)
    _say_repeated(table, path, problems)
    who = next((name for name in table.header if plain(name) in _SUBJECT_HEADINGS), None)
    if who is None:
        what = "no column SubjectID: its ages and sexes were not read"
        problems.append(Problem(path.name, None, "SubjectID", what, "Name the column of ids SubjectID."))
        return []
    age = next((name for name in table.header if plain(name).startswith("age")), None)
    sex = next((name for name in table.header if plain(name) in ("gender", "sex")), None)
    found = []
    for row in table.rows:
        for heading, text in row.cells.items():
            if not is_text(text):
                what = "is not UTF-8; the cell was left out"
                problems.append(Problem(path.name, row.number, heading, what, "Save the table as CSV, UTF-8."))
                row.cells[heading] = ""
        years = _cell(cells.age, row.cells[age], path, row, age, problems) if age else None
        more = {name: text for name, text in row.cells.items() if name not in (who, age, sex) and text}
        found.append(Person(row.number, row.cells[who].upper(), years, cells.sex(row.cells[sex]) if sex else None, more))
    return found


def _cell(read: Callable[[str], T], text: str, path: Path, row: Row, column: str, problems: list[Problem]) -> T | None:
    try:
        return read(text) if text else None
    except ValueError as error:
        problems.append(Problem(path.name, row.number, column, f"{error}; it was left out", "Correct the cell."))
        return None


def _say_repeated(table: Table, path: Path, problems: list[Problem]) -> None:
    what = "this heading occurs twice; the first column counts"
    problems.extend(Problem(path.name, None, name, what, "Rename one.") for name in table.repeated)
