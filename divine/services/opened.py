"""Folders elsewhere that were opened in the studio: a list in the home, and an id for each that tells nobody its path."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

_LIST = "opened.json"
_ID_DIGITS = 16


def opened(root: Path) -> list[Path]:
    """Read which folders are listed beside those that lie in ``root``; a damaged list counts as empty."""
    try:
        listed = json.loads((root / _LIST).read_text())
    except (OSError, ValueError):
        return []
    return [Path(one) for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def keep(root: Path, folders: list[Path]) -> None:
    """Write the list anew."""
    from divine.store import write_atomically

    write_atomically(root / _LIST, json.dumps([str(one) for one in folders]).encode())


def id_of(folder: Path, root: Path) -> str:
    """Return a folder's id: its name in ``root``, a hash of its path elsewhere."""
    if folder.parent == root:
        return folder.name
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:_ID_DIGITS]
