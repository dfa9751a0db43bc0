"""A content-addressed store: a key is a hash of everything that went in, a value is arrays and a small JSON."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from divine.records import DivineError


class StoreError(DivineError):
    """The store cannot be read or written."""


def content_key(**parts: str | int | float | bool | None) -> str:
    """Hash what went in (media digest, encoder, revision, settings) to a key; the order of parts does not matter."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, allow_nan=False).encode()).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write to a temporary file beside ``path``, flush it to the disk, then rename: a reader sees all or nothing.

    Raises:
        StoreError: the disk is full or the folder cannot be written.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        remedy = "Free space or choose another DIVINE_HOME."
        raise StoreError(f"{path.name}: cannot be written ({error.strerror}). {remedy}") from error


class Store:
    """Arrays under content keys in one folder; entries are written whole and never change."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def tidy(self) -> None:
        """Remove what writers that were killed left half-written; a file younger than a day may still be in the making."""
        for path in self.root.glob("??/.*"):
            with contextlib.suppress(FileNotFoundError):  # another process tidies too
                if path.stat().st_mtime < time.time() - 24 * 3600:
                    path.unlink()

    def path(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.safetensors"

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_file()

    def put(self, key: str, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any] | None = None) -> None:
        """Keep ``arrays`` and ``about`` (anything JSON can say) under ``key``."""
        from safetensors.numpy import save

        tidy = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
        write_atomically(self.path(key), save(tidy, metadata={"about": json.dumps(dict(about or {}), sort_keys=True)}))

    def get(self, key: str) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Return the arrays and what was said about them, or None; an entry that does not parse counts as absent."""
        from safetensors import SafetensorError, safe_open

        path = self.path(key)
        if not path.is_file():
            return None
        try:
            with safe_open(path, framework="numpy") as file:
                names = file.keys()
                return {name: file.get_tensor(name) for name in names}, json.loads(file.metadata()["about"])
        except (SafetensorError, KeyError, TypeError, ValueError):
            path.unlink(missing_ok=True)
            return None
