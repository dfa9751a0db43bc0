"""The table of clips that failed and why: written beside the store, as JSON for programs and as CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from divine.features.batches import Pair, Several
from divine.features.clips import Failure
from divine.store import Store, content_key, write_atomically


@dataclass(frozen=True)
class Table:
    """What the latest extraction of some encoders over a cohort came to."""

    data: str
    encoders: tuple[str, ...]
    clips: int
    done: int
    kept: int
    failures: tuple[Failure, ...]


def table_path(store: Store, data: Path, pair: Pair | Several) -> Path:
    """Return where the table of a cohort and some encoders lies."""
    key = content_key(data=str(data.resolve()), encoders=str(pair))
    return store.root.parent / "extractions" / f"{key[:16]}.json"


def write_table(path: Path, table: Table) -> None:
    """Write a table as JSON, and its failures beside it as CSV.

    Raises:
        StoreError: it cannot be written.
    """
    document = asdict(table) | {"failures": [failure._asdict() for failure in table.failures]}
    write_atomically(path, json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(Failure._fields)
    writer.writerows([_inert(cell) for cell in failure] for failure in table.failures)
    write_atomically(path.with_suffix(".csv"), text.getvalue().encode("utf-8", "replace"))


def _inert(cell: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula: names come from files that nobody vouches for."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
