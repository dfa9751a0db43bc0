"""The encoders: which there are, bringing their weights, checking them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from divine.config import ASSETS, Limits
from divine.records import DivineError

if TYPE_CHECKING:
    from divine.encoders.bench import Bench
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


def bench_encoders(
    codes: Sequence[str] = (),
    *,
    random: bool = False,
    recording: Path | None = None,
    seconds: float = 4.0,
    on_step: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> tuple[tuple[str, Bench | DivineError], ...]:
    """Measure speed and memory of encoders on this machine, each in a process of its own.

    Args:
        codes: by default those that can run here.
        random: give those that need weights random ones of the published size: good for speed, for nothing else.
        recording: what they are run over; by default the SYNTHETIC example.
        seconds: of it, from its beginning.
        on_step: is told what is being done, how much of it is done, and of how much.

    Raises:
        DivineError: the recording cannot be read, or a code is unknown.
    """
    from divine.encoders import info, registered
    from divine.encoders.bench import bench_all, stretch
    from divine.encoders.random_weights import CODES
    from divine.observe import observe

    every = registered().values()
    chosen = [info(code).code for code in codes] or [
        about.code for about in every if about.present or (random and about.code in CODES)
    ]
    observation = observe(recording or ASSETS / "example.mp4", audio=None, limits=Limits(), on_event=lambda event: None)
    run = bench_all(chosen, stretch(observation, seconds), random=random, on_code=lambda *count: on_step("measuring", *count))
    return tuple(run)
