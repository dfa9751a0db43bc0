"""Where state lives, and what a recording may be at most."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ASSETS = PROJECT / "assets"
CHECKPOINTS = PROJECT / "checkpoints"


def home() -> Path:
    """Return the folder of all state: ``$DIVINE_HOME``, else ``~/.divine``. It is made on first use."""
    folder = Path(os.environ.get("DIVINE_HOME") or Path.home() / ".divine")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Limits:
    """What a recording may be at most; checked on the probe, before anything is decoded."""

    bytes: int = 2 * 1024**3
    seconds: float = 30 * 60.0
    pixels: int = 4096 * 2304
    frames: int = 216_000
    sample_rate_hz: int = 192_000
    channels: int = 32
    child_memory_bytes: int = 4 * 1024**3
    """Address space of the child that decodes."""
    child_seconds: float = 20 * 60.0
    """Wall time after which the child is ended."""
