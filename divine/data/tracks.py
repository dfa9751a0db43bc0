"""Hand annotations of single frames: landmarks and face boxes, as Toronto NeuroFace lays them out."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from divine.data.errors import DataError
from divine.data.schema import Problem

_MAX_BYTES = 64 * 1024**2


@dataclass(frozen=True, eq=False)
class FacePoints:
    """68 points of some frames, in the order of time."""

    frames: Int[np.ndarray, " n"]
    """Counted from 0."""
    points_px: Float[np.ndarray, "n 68 2"]
    problems: tuple[Problem, ...]
    """Rows that were left out."""


@dataclass(frozen=True, eq=False)
class FaceBoxes:
    """Left, top, right and bottom of the face in some frames, in the order of time."""

    frames: Int[np.ndarray, " n"]
    """Counted from 0."""
    boxes_px: Float[np.ndarray, "n 4"]
    problems: tuple[Problem, ...]


def read_landmarks(path: Path, *, frame_base: int = 1) -> FacePoints:
    """Read ``Frame, x1, y1, ... x68, y68``: a byte-order mark, blanks and unsorted frames are taken as they come.

    Args:
        path: the file.
        frame_base: number that the file gives a video's first frame, 0 or 1.

    Raises:
        DataError: the file cannot be read, or its header is another one.
    """
    frames, values, problems = _read(path, [f"{axis}{point}" for point in range(1, 69) for axis in "xy"], frame_base)
    return FacePoints(frames, values.reshape(-1, 68, 2), problems)


def read_boxes(path: Path, *, frame_base: int = 1) -> FaceBoxes:
    """Read ``Frame, x1, y1, x2, y2``.

    Raises:
        DataError: the file cannot be read, or its header is another one.
    """
    return FaceBoxes(*_read(path, ["x1", "y1", "x2", "y2"], frame_base))


def _read(path: Path, columns: list[str], frame_base: int) -> tuple[np.ndarray, np.ndarray, tuple[Problem, ...]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path.name}: is larger than {_MAX_BYTES >> 20} MiB. Is this an annotation file?")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror}). Check its permissions and its drive.") from error
    try:
        # other bytes than ASCII can only be damage: they make their row unreadable, and that row is then named
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig", "replace")), skipinitialspace=True))
    except csv.Error as error:
        raise DataError(f"{path.name}: is not a table ({error}). Fetch the file again.") from error
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    while header and not header[-1]:
        header.pop()  # a comma at the end of a line
    if header != ["frame", *columns]:
        raise DataError(
            f"{path.name}: its header is not Frame, {columns[0]}, {columns[1]} ... {columns[-1]}. Fetch the file again."
        )
    found: dict[int, list[float]] = {}
    problems: list[Problem] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            frame, values = _numbers(row, len(columns), frame_base)
        except ValueError as error:
            problems.append(Problem(path.name, number, "", f"{error}; the row was left out", "Correct the row, or delete it."))
            continue
        if frame in found:
            problems.append(
                Problem(
                    path.name, number, "Frame", f"frame {frame + frame_base} occurs twice; the first one counts", "Delete one."
                )
            )
        found.setdefault(frame, values)
    frames = np.array(sorted(found), dtype=np.int64)
    points = np.array([found[frame] for frame in frames.tolist()], dtype=np.float64).reshape(len(frames), len(columns))
    return frames, points, tuple(problems)


def _numbers(row: list[str], count: int, frame_base: int) -> tuple[int, list[float]]:
    """Return the frame, counted from 0, and the values of a row; a ValueError says what is wrong with it."""
    cells = [cell.strip() for cell in row]
    while len(cells) > count + 1 and not cells[-1]:
        cells.pop()
    if len(cells) != count + 1:
        raise ValueError(f"has {len(cells)} cells instead of {count + 1}")
    try:
        frame, *values = (float(cell) for cell in cells)
    except ValueError:
        raise ValueError("holds a cell that is no number") from None
    if not np.isfinite([frame, *values]).all():
        raise ValueError("holds a number that is not finite")
    if not frame.is_integer() or frame < frame_base:
        raise ValueError(f"names frame {cells[0]}, where frames are whole numbers from {frame_base} on")
    return int(frame) - frame_base, values
