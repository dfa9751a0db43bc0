"""What a store holds, as anybody sees it who looks at the files."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digests(home: Path) -> dict[str, str]:
    """Hash every entry, by its key."""
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in (home / "store").rglob("*.safetensors")}


def writings(home: Path) -> dict[str, tuple[int, int]]:
    """Say of every entry when it was written, and as which file."""
    return {path.stem: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (home / "store").rglob("*.safetensors")}
