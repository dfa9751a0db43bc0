"""Write Toronto NeuroFace's layout: where each file belongs, and the sheets and tracks that lie beside the videos."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from openpyxl import Workbook

from divine.data.errors import DataError
from divine.data.schema import SYNTHETIC_MARK, Rating
from divine.data.tnf_names import FOLDERS, ITEM_HEADINGS, ITEMS, SHEETS
from divine.store import write_atomically


class Rated(NamedTuple):
    """A row of the rating sheet."""

    name: str
    """The video's full file name."""
    subject: str
    ratings: tuple[Rating, ...]
    """Scores in the order of the sheet's items."""


class Person(NamedTuple):
    """A row of the clinical table; ``more`` are further columns, such as ``Type`` or ``Facial asymmetry``."""

    subject: str
    age: float | None = None
    sex: str | None = None
    more: Mapping[str, str] = {}


def group_folder(root: Path, group: str) -> Path:
    """Return the folder of a group.

    Raises:
        DataError: this layout knows no such group.
    """
    if group not in FOLDERS:
        raise DataError(f"{group!r}: Toronto NeuroFace's layout has the groups {', '.join(FOLDERS)}. Use a manifest instead.")
    return root / FOLDERS[group]


def video_path(root: Path, group: str, subject: str, session: str, task: str, suffix: str = ".avi") -> Path:
    """Return where a video belongs."""
    return group_folder(root, group) / "Videos" / f"{subject}_{session}_{task}_color{suffix}"


def audio_path(video: Path) -> Path:
    """Return where the separate sound of a video belongs."""
    return video.with_name(video.stem.removesuffix("_color") + ".wav")


def landmarks_path(root: Path, group: str, video: Path) -> Path:
    """Return where the landmarks of a video belong."""
    return group_folder(root, group) / "Landmarks_gt" / f"{video.stem}.txt"


def boxes_path(root: Path, group: str, video: Path) -> Path:
    """Return where the face boxes of a video belong."""
    return group_folder(root, group) / "Bbox_gt" / f"{video.stem}.txt"


def write_landmarks(
    path: Path, frames: Int[np.ndarray, " n"], points_px: Float[np.ndarray, "n 68 2"], *, frame_base: int = 1
) -> None:
    """Write hand-annotated landmarks of some frames (counted from 0 here), to a thousandth of a pixel."""
    header = ["Frame", *(f"{axis}{point}" for point in range(1, 69) for axis in "xy")]
    _write_track(path, header, frames + frame_base, points_px.reshape(len(frames), -1))


def write_boxes(path: Path, frames: Int[np.ndarray, " n"], boxes_px: Float[np.ndarray, "n 4"], *, frame_base: int = 1) -> None:
    """Write face boxes (left, top, right, bottom) of some frames (counted from 0 here), to a thousandth of a pixel."""
    _write_track(path, ["Frame", "x1", "y1", "x2", "y2"], frames + frame_base, boxes_px)


def _write_track(path: Path, header: list[str], frames: np.ndarray, values: np.ndarray) -> None:
    rows = [[str(int(frame)), *(f"{value:.3f}" for value in row)] for frame, row in zip(frames, values, strict=True)]
    write_atomically(path, _csv([header, *rows]))


def write_ratings(root: Path, group: str, rows: Sequence[Rated], *, items: Sequence[str] = ITEMS) -> Path:
    """Write a group's rating sheet: per rater the items and their sum, a blank column between raters.

    Raises:
        DataError: a rating has not one score per item.
    """
    raters = sorted({rating.rater for row in rows for rating in row.ratings}) or ["SLP1", "SLP2"]
    header: list[str | float | None] = ["File Name", "Subject ID"]
    for number, rater in enumerate(raters):
        header += [None] * (number > 0) + [f"{ITEM_HEADINGS.get(item, item)} ({rater})" for item in items] + [f"Tot ({rater})"]
    book = [header]
    for row in rows:
        given = {rating.rater: rating.scores for rating in row.ratings}
        line: list[str | float | None] = [row.name, row.subject]
        for number, rater in enumerate(raters):
            scores = given.get(rater, (None,) * len(items))
            if len(scores) != len(items):
                raise DataError(f"{row.name}: {rater} gave {len(scores)} scores for the {len(items)} items {', '.join(items)}.")
            known = [score for score in scores if score is not None]
            line += [None] * (number > 0) + [*scores, sum(known) if len(known) == len(items) else None]
        book.append(line)
    path = group_folder(root, group) / f"SLP_Assessment_{SHEETS[group]}.xlsx"
    _write_sheet(path, book)
    return path


def write_video_info(root: Path, group: str, rows: Sequence[tuple[str, Mapping[str, str]]]) -> Path:
    """Write free metadata per video name."""
    columns = sorted({column for _, about in rows for column in about})
    path = group_folder(root, group) / f"VideoInfoFile_{SHEETS[group]}.xlsx"
    lines = [[name, *(about.get(column) for column in columns)] for name, about in rows]
    _write_sheet(path, [["File Name", *columns], *lines])
    return path


def write_people(root: Path, group: str, people: Sequence[Person]) -> Path:
    """Write ages and sexes. The release has this table for stroke only; the loader reads it in any group."""
    columns = sorted({column for person in people for column in person.more})
    lines = [
        [
            one.subject,
            "" if one.age is None else f"{one.age:g}",
            one.sex or "",
            *(one.more.get(column, "") for column in columns),
        ]
        for one in people
    ]
    path = group_folder(root, group) / f"VID_DATASET_Clinical information_{FOLDERS[group]}.csv"
    write_atomically(path, _csv([["SubjectID", "AgeSession", "Gender", *columns], *lines]))
    return path


def mark_synthetic(root: Path, about: str) -> None:
    """Mark a cohort as rendered, not recorded: its index, and all that is made of it, say so."""
    write_atomically(root / SYNTHETIC_MARK, f"SYNTHETIC. No patient stands behind these files.\n{about}\n".encode())


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _write_sheet(path: Path, rows: Sequence[Sequence[str | float | None]]) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            if value is None:
                continue
            cell = sheet.cell(number, column, value)
            if isinstance(value, str):
                cell.data_type = "s"  # text that begins with "=" stays text
    content = io.BytesIO()
    book.save(content)
    write_atomically(path, content.getvalue())
