"""What ``divine encoders list`` and ``verify`` say."""

from __future__ import annotations

from typing import NamedTuple

from divine.encoders.folder import Record, compare, digests, opened, read_record
from divine.encoders.registry import EncoderError, EncoderInfo, info, registered
from divine.weights import encoder_folder, encoder_present


class Entry(NamedTuple):
    """One encoder, and what is here of it."""

    about: EncoderInfo
    present: bool
    revision: str
    """Of the weights that are here; empty where none are, or it is not known."""

    @property
    def command(self) -> str:
        """The command that brings what is missing; empty where nothing is."""
        return "" if self.present else f"divine encoders fetch {self.about.code}"


def catalogue() -> tuple[Entry, ...]:
    """Return every encoder, video before audio, those that need no weights first.

    Raises:
        EncoderError: a record of weights is damaged.
    """
    every = sorted(registered().values(), key=lambda about: (about.modality != "video", about.weights is not None, about.code))
    return tuple(Entry(about, about.present, _revision(about)) for about in every)


def _revision(about: EncoderInfo) -> str:
    if about.weights is None:
        return about.revision
    record = read_record(about.code) if about.present else None
    return "" if record is None else record.revision


def verify(code: str) -> Record | None:
    """Hash an encoder's weights and compare; None for one that needs none. What was never used is recorded.

    Raises:
        EncoderError: no such encoder, no weights, or they are not what they were.
    """
    about = info(code)
    if about.weights is None:
        return None
    if not encoder_present(code):
        raise EncoderError(f"{code}: its weights ({about.weights}) are not here. Run `divine encoders fetch {code}`.")
    record = read_record(code)
    if record is None:
        opened(code, about.weights, confirmed=about.weights.startswith("https://"))
        return read_record(code)
    compare(code, record, digests(encoder_folder(code)))
    return record
