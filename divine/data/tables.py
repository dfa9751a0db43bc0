"""Spreadsheets that nobody vouches for, CSV, Excel or Parquet, as rows of text that know where they stand."""

from __future__ import annotations

import csv
import datetime
import io
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from divine.data.errors import DataError
from divine.data.tnf_names import plain

MAX_BYTES = 512 * 1024**2
"""Of a table, unpacked: an Excel sheet is an archive, and a small one may unpack to a disk full."""
_HEADER_WITHIN = 10


class Row(NamedTuple):
    """One row: text by heading, blanks trimmed; a cell that is absent is empty."""

    number: int
    """As a spreadsheet numbers rows."""
    cells: dict[str, str]
    surplus: bool
    """Whether it has more cells than there are headings."""


@dataclass(frozen=True)
class Table:
    """A sheet whose first heading row was found. Bytes that are no UTF-8 stand as surrogates (``is_text`` finds them)."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    repeated: tuple[str, ...]
    """Headings that occur twice; the first one counts."""


def is_text(value: str) -> bool:
    """Whether a value is text: not bytes of another encoding, and free of NUL."""
    return "\0" not in value and not any("\ud800" <= one <= "\udfff" for one in value)


def read_table(path: Path, *, heading: str = "") -> Table:
    """Read a table by its suffix: ``.xlsx``, ``.parquet``, else CSV.

    Args:
        path: the file.
        heading: a heading that the header row must hold; titles above it are passed over. Else the first row that is not blank.

    Raises:
        DataError: the file cannot be read, is too large, damaged, or has no header row.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path.name}: is larger than {MAX_BYTES >> 20} MiB. Is this the right file? Split it if it is.")
        readers = {".xlsx": _excel_rows, ".xlsm": _excel_rows, ".parquet": _parquet_rows}
        lines = readers.get(path.suffix.lower(), _csv_rows)(path)
    except OSError as error:
        raise DataError(
            f"{path.name}: cannot be read ({error.strerror or error}). Check its permissions and its drive."
        ) from error
    return _table(path, lines, heading)


def _table(path: Path, lines: Iterable[Sequence[str]], heading: str) -> Table:
    header: list[str] = []
    rows: list[Row] = []
    for number, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line]
        if not any(cells):
            continue
        if header:
            named = {name: cell for name, cell in reversed(list(zip(header, cells, strict=False))) if name}
            surplus = any(cell for cell in cells[len(header) :])
            rows.append(Row(number, {name: named.get(name, "") for name in header if name}, surplus))
        elif not heading or plain(heading) in map(plain, cells):
            header = cells
        elif number > _HEADER_WITHIN:
            break
    if not header:
        wanted = f"no row with the heading {heading!r}" if heading else "no row at all"
        raise DataError(f"{path.name}: has {wanted}. Is this the right file? Export the sheet again.")
    names = tuple(dict.fromkeys(name for name in header if name))
    repeated = tuple(name for name in names if header.count(name) > 1)
    return Table(names, tuple(rows), repeated)


def _csv_rows(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # what Excel calls "Unicode text"
        text = content.decode("utf-16", "replace")
    else:
        text = content.decode("utf-8-sig", "surrogateescape")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise DataError(
            f"{path.name}: is not a table ({error}); a quote may be open. Export it again as CSV, UTF-8."
        ) from error


def _excel_rows(path: Path) -> list[list[str]]:
    import openpyxl

    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MAX_BYTES:
            raise DataError(f"{path.name}: unpacks to {unpacked >> 20} MiB, more than {MAX_BYTES >> 20}. Save only its sheet.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions that we do not read: styles, validation lists
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what a sheet says of its size may be wrong
            return [[_said(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    except (DataError, OSError):
        raise
    except Exception as error:  # openpyxl lets through whatever its archive, XML and number parsers meet
        raise DataError(
            f"{path.name}: is damaged, or no Excel sheet. Open it in a spreadsheet and save it as .xlsx."
        ) from error


def _parquet_rows(path: Path) -> list[list[str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except pa.ArrowException as error:
        raise DataError(f"{path.name}: is damaged, or no Parquet file. Write it again.") from error
    columns = [[_said(value) for value in column.to_pylist()] for column in table.columns]
    return [list(table.column_names), *(list(row) for row in zip(*columns, strict=True))]


def _said(value: object) -> str:
    """Return a cell as the text that a person would type: 3.0 is ``3``, a date is ISO 8601, nothing is empty."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return str(value)
