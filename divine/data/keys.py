"""Names of clips that are safe in an address: ids and file names of a cohort are anybody's text."""

from __future__ import annotations

import hashlib
import json

from divine.data.schema import ClipEntry

_DIGITS = 20
"""Hexadecimal: 80 bits, so two of a million clips share a key with a chance below 1 in 10^12."""


def clip_key(entry: ClipEntry) -> str:
    """Return a clip's key: the same wherever the cohort lies."""
    return key_of(entry.dataset, entry.group, entry.subject, entry.name)


def key_of(dataset: str, group: str, subject: str, name: str) -> str:
    """Return the key of the clip that a row of a prediction table names by these four."""
    text = json.dumps([dataset, group, subject, name])
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
