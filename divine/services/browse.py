"""What the studio asks of a cohort before anything is computed: load it, look into its files, name its clips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from divine.data.keys import clip_key, key_of

if TYPE_CHECKING:
    from divine.data.schema import Loaded

__all__ = ["clip_key", "key_of", "load_cohort", "look_into"]

OnStep = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and of how much."""


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
