"""The encoders: which there are, bringing their weights, checking them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from divine.encoders.catalogue import Entry
    from divine.encoders.folder import Record


def encoders() -> tuple[Entry, ...]:
    """List every encoder and whether its weights are here.

    Raises:
        DivineError: a record of weights is damaged.
    """
    from divine.encoders.catalogue import catalogue

    return catalogue()


def fetch_weights(
    code: str, *, folder: Path | None = None, on_step: Callable[[str, int, int], None] = lambda what, done, total: None
) -> Record:
    """Bring an encoder's weights, from its source or from a folder that was carried here; a broken download is gone on with.

    Raises:
        DivineError: the encoder needs no weights, or they cannot be brought.
    """
    from divine.encoders.fetch import fetch

    return fetch(code, folder=folder, on_progress=lambda done, total: on_step(f"fetching {code}", done, total or done))


def verify_weights(code: str) -> Record | None:
    """Hash an encoder's weights and compare them with their record; None for one that needs none.

    Raises:
        DivineError: no such encoder, no weights, or they are not what they were.
    """
    from divine.encoders.catalogue import verify

    return verify(code)
