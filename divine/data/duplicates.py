"""Files whose content is the same, found without reading what cannot be: by size, then by a sample, then by digest."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path

_SAMPLE = 4096


def same_content(paths: Iterable[Path]) -> list[tuple[Path, ...]]:
    """Group files that hold the same bytes, or are the same file; empty and missing files are the same as nothing.

    Thousands of clips cost a look at each file's size; only files of one size are sampled, only equal samples read whole.
    """
    readable = [(path, size) for path in dict.fromkeys(paths) if (size := _size(path))]
    groups = _split([path for path, _ in readable], dict(readable).__getitem__)
    for identity in (_sample, _digest):
        groups = [part for group in groups for part in _split(group, identity)]
    return [tuple(group) for group in groups]


def shared_content(paths: Iterable[Path], others: Iterable[Path]) -> set[Path]:
    """Return those of ``paths`` that are one of the others, or hold the same bytes; paths must be resolved."""
    mine, theirs = set(paths), set(others)
    return (mine & theirs) | {
        path for alike in same_content(sorted(mine | theirs)) if theirs.intersection(alike) for path in mine.intersection(alike)
    }


def _split(paths: Sequence[Path], identity: Callable[[Path], Hashable]) -> list[list[Path]]:
    found: defaultdict[Hashable, list[Path]] = defaultdict(list)
    for path in paths:
        found[identity(path)].append(path)
    return [group for group in found.values() if len(group) > 1]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # a missing file is reported by whoever named it
        return 0


def _sample(path: Path) -> Hashable:
    try:
        with path.open("rb") as file:
            start = file.read(_SAMPLE)
            size = path.stat().st_size
            file.seek(size // 2)
            middle = file.read(_SAMPLE)
            file.seek(max(0, size - _SAMPLE))
            return hashlib.sha256(start + middle + file.read(_SAMPLE)).digest()
    except OSError:
        return path  # equal to no other: opening the clip will say why it cannot be read


def _digest(path: Path) -> Hashable:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return path
