"""What the studio asks of a cohort before anything is computed: load it, look into its files, name its clips."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from divine.data.schema import ClipEntry, Loaded

OnStep = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and of how much."""

_KEY = 20
"""Hexadecimal digits of a clip's key: 80 bits, so two of a million clips share one with a chance below 1 in 10^12."""


def load_cohort(data: Path, *, frame_base: int = 1) -> Loaded:
    """Load a cohort's index without opening any recording.

    Raises:
        DivineError: there is nothing that can be loaded.
    """
    from divine.data.load import load

    return load(data, frame_base=frame_base)


def look_into(loaded: Loaded, *, probe: bool = False, on_step: OnStep = lambda what, done, total: None) -> Loaded:
    """Read every annotation and feature file of a loaded cohort; with ``probe``, open every recording too."""
    from divine.data.check import check

    return check(loaded, probe=probe, on_clip=lambda done, total: on_step("checking", done, total))


def clip_key(entry: ClipEntry) -> str:
    """Return a clip's stable key, safe in an address: ids and file names of a cohort are anybody's text."""
    return key_of(entry.dataset, entry.group, entry.subject, entry.name)


def key_of(dataset: str, group: str, subject: str, name: str) -> str:
    """Return the key of the clip that a row of a prediction table names by these four."""
    return hashlib.sha256(json.dumps([dataset, group, subject, name]).encode()).hexdigest()[:_KEY]
