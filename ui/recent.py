"""Which cohorts were opened lately: a small file of this user's own, so that paths never stand in an address."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from pathlib import Path
from typing import NamedTuple

from divine.config import home
from divine.store import StoreError, write_atomically

log = logging.getLogger(__name__)

KEPT = 12
_FILE = "cohorts.json"


class Recent(NamedTuple):
    """A cohort that was opened before."""

    id: str
    path: Path


def id_of(path: Path) -> str:
    """Return a short name of a resolved path that tells nobody the path."""
    return hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:16]


class RecentCohorts:
    """The list, latest first, in ``DIVINE_HOME/cohorts.json`` (readable by this user only)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def list(self) -> tuple[Recent, ...]:
        """Read the list; a damaged file counts as empty."""
        try:
            paths = json.loads((home() / _FILE).read_text())
        except (OSError, ValueError):
            return ()
        known = [Path(path) for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
        return tuple(Recent(id_of(path), path) for path in known)

    def add(self, path: Path) -> None:
        """Put a path first."""
        with self._lock:
            self._write([path, *(one.path for one in self.list() if one.path != path)][:KEPT])

    def remove(self, cohort_id: str) -> None:
        """Forget a path; the cohort itself stays as it is."""
        with self._lock:
            self._write([one.path for one in self.list() if one.id != cohort_id])

    def _write(self, paths: list[Path]) -> None:
        try:
            # `write_atomically` makes its file with mode 0600.
            write_atomically(home() / _FILE, json.dumps([str(path) for path in paths]).encode())
        except (StoreError, OSError, UnicodeEncodeError) as error:  # forgetting a recent cohort is no reason to refuse it
            log.warning("recent cohorts: %s", error)
