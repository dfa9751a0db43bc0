"""Which clips of a cohort were looked at, and whether each is fit to be judged: a table in one JSON file.

To look at a clip takes seconds, so what was found is kept; a file that has changed since counts as never looked at.
"""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import Any, NamedTuple

from divine.data.keys import clip_key
from divine.data.schema import ClipEntry
from divine.records import Check, Quality
from divine.store import write_atomically

_FORMAT = 2
"""2: the mouth is followed where every point of it can be used; a table of before would say less."""


class _Stamp(NamedTuple):
    """What tells that a clip's files are the ones that were looked at."""

    size: int
    changed_ns: int
    """0 where it does not matter: a file that is shipped gets a new time with every checkout."""


class Judged:
    """The table of one cohort. Every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Read the table at ``path``; none, or a damaged one, counts as empty."""
        self.path = path
        self._lock = threading.Lock()
        self._known: dict[str, tuple[_Stamp, Quality]] = {}
        try:
            content = json.loads(path.read_text())
            if content["format"] == _FORMAT:
                for key, (size, changed_ns, checks) in content["clips"].items():
                    self._known[key] = (_Stamp(size, changed_ns), _read(checks))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._known.clear()

    def get(self, entry: ClipEntry) -> Quality | None:
        """Return what was found of a clip, if its files are still the same."""
        known = self._known.get(clip_key(entry))
        if known is None:
            return None
        stamp, quality = known
        now = _stamp(entry)
        same = now is not None and stamp.size == now.size and stamp.changed_ns in (0, now.changed_ns)
        return quality if same else None

    def put(self, entry: ClipEntry, quality: Quality, *, shipped: bool = False) -> None:
        """Take what was found of a clip; ``save`` makes it last."""
        stamp = _stamp(entry)
        if stamp is not None:
            with self._lock:
                self._known[clip_key(entry)] = (_Stamp(stamp.size, 0) if shipped else stamp, quality)

    def save(self) -> None:
        """Write the table.

        Raises:
            StoreError: the disk is full or the folder cannot be written.
        """
        with self._lock:
            clips = {key: [*stamp, _plain(quality)] for key, (stamp, quality) in sorted(self._known.items())}
            lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in clips.items())
            write_atomically(self.path, f'{{"format": {_FORMAT}, "clips": {{\n{lines}\n}}}}\n'.encode())


def _stamp(entry: ClipEntry) -> _Stamp | None:
    files = [file for file in (entry.video, entry.audio) if file is not None]
    try:
        facts = [file.stat() for file in files]
    except OSError:
        return None
    return _Stamp(sum(one.st_size for one in facts), max((one.st_mtime_ns for one in facts), default=0)) if facts else None


def _plain(quality: Quality) -> list[list[str | float | bool | None]]:
    return [[name, value if math.isfinite(value) else None, *rest] for name, value, *rest in quality.checks]


def _read(checks: list[list[Any]]) -> Quality:
    return Quality(tuple(Check(name, math.nan if value is None else value, *rest) for name, value, *rest in checks))
