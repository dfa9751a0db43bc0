"""From an entry of the index to its opened recording, with the sound that the index chose."""

from __future__ import annotations

from divine.data.errors import DataError
from divine.data.schema import ClipEntry
from divine.records import Clip


def open_entry(entry: ClipEntry) -> Clip:
    """Open the entry's video with its separate sound, if any, or its sound alone.

    Raises:
        DataError: the entry has features only.
        MediaError: a file cannot be opened, or goes beyond the limits.
    """
    from divine.media import open_clip

    recording = entry.video or entry.audio
    if recording is None:
        raise DataError(f"{entry.name}: comes as features, without a recording. Use a system that takes these features.")
    return open_clip(recording, audio=entry.audio if entry.video else None)
