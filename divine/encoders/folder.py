"""A folder of published weights: found, and the same as when it was first used.

``divine.json`` inside it says where the weights came from, at which revision, and what every file hashes to. Fetching
writes it; for a folder that was carried here without one, the first use does. Every later use compares.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from divine.encoders.registry import EncoderError
from divine.store import write_atomically
from divine.weights import encoder_folder, encoder_present

RECORD = "divine.json"


@dataclass(frozen=True)
class Record:
    """What was brought."""

    source: str
    revision: str
    """The commit or version at the source; empty where the folder came by another way."""
    sha256: dict[str, str]
    """By path inside the folder."""


def opened(code: str, source: str, *, confirmed: bool = False) -> Path:
    """Return the folder of an encoder's weights, checked against its record; the first use makes the record.

    Args:
        code: the encoder.
        source: where its weights are published.
        confirmed: refuse a folder without a record, because loading it could run code.

    Raises:
        EncoderError: there is no such folder, or a file is missing, changed or new since.
        StoreError: the record cannot be written.
    """
    folder = encoder_folder(code)
    if not encoder_present(code):
        raise EncoderError(f"{code}: its weights ({source}) are not here. Run `divine encoders fetch {code}`.")
    record = read_record(code)
    if record is None:
        if confirmed:
            raise EncoderError(
                f"{code}: nothing says where the weights in {folder} came from, and loading them could run code. If you "
                f"trust them, move the folder elsewhere and run `divine encoders fetch {code} --from FOLDER`."
            )
        write_record(folder, Record(source, "", digests(folder)))
        return folder
    compare(code, record, digests(folder))
    return folder


def compare(code: str, record: Record, found: dict[str, str]) -> None:
    """Check the digests of a folder's files against its record.

    Raises:
        EncoderError: they differ.
    """
    for what, names in (
        ("missing", record.sha256.keys() - found.keys()),
        ("new", found.keys() - record.sha256.keys()),
        ("changed", {name for name in record.sha256.keys() & found.keys() if record.sha256[name] != found[name]}),
    ):
        if names:
            raise EncoderError(
                f"{code}: {', '.join(sorted(names))} {what} in {encoder_folder(code)} since its weights were first used. "
                f"Restore the folder, or remove it and run `divine encoders fetch {code}`."
            )


def digests(folder: Path) -> dict[str, str]:
    """Hash every file of a folder, by its path inside; the record and hidden files are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and str(name) != RECORD and not any(part.startswith(".") for part in name.parts):
            with path.open("rb") as file:
                found[name.as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def read_record(code: str) -> Record | None:
    """Return what is known of an encoder's weights, or None.

    Raises:
        EncoderError: the record is damaged.
    """
    path = encoder_folder(code) / RECORD
    if not path.is_file():
        return None
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        sha256 = {str(name): str(digest) for name, digest in about["sha256"].items()}
        return Record(str(about["source"]), str(about["revision"]), sha256)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncoderError(f"{code}: {path} is damaged. Run `divine encoders fetch {code}` again.") from error


def identity(code: str) -> str:
    """Hash what is known of an encoder's weights: part of the key of what was made with them; empty where nothing is."""
    record = read_record(code)
    return "" if record is None else hashlib.sha256(json.dumps(record.sha256, sort_keys=True).encode()).hexdigest()


def write_record(folder: Path, record: Record) -> None:
    """Write down what was brought.

    Raises:
        StoreError: the folder cannot be written.
    """
    write_atomically(folder / RECORD, json.dumps(asdict(record), indent=1, sort_keys=True).encode())
