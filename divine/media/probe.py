"""A recording, and the sound that belongs to it, to one ``Clip``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal, NamedTuple

from divine.config import Limits
from divine.media.errors import MediaError
from divine.media.facts import FileFacts, SoundFacts, file_facts
from divine.records import AudioStream, Clip, VideoStream

_WIDE_BAND_HZ = 16_000
_APART_S = 1.0


class _Source(NamedTuple):
    """Where the sound of a clip comes from."""

    path: Path
    file: FileFacts
    sound: SoundFacts
    origin: Literal["embedded", "sibling", "given"]


def open_clip(path: Path, *, audio: Path | None = None, limits: Limits | None = None) -> Clip:
    """Probe a recording: a video, or a sound alone.

    Sound is looked for in this order, and a note says what was found: ``audio`` if given; beside a video, a ``.wav`` that
    ``sibling_sound`` names; the recording's own stream. A separate file of sound starts with the clip's clock.

    Raises:
        LimitError: a file goes beyond ``limits``; nothing of it was decoded.
        MediaError: a file is missing, no recording, or nothing of it can be decoded.
    """
    limits = limits or Limits()
    own = file_facts(path, limits)
    notes = list(own.notes)
    source = _sound_of(path, own, audio, limits, notes)
    notes += _remarks(own, source)

    picture = own.picture
    spans = [(picture.start_s, picture.end_s)] if picture is not None else []
    video = stream = None
    if picture is not None:
        video = VideoStream(
            path=path.absolute(),
            codec=picture.codec,
            width=picture.width,
            height=picture.height,
            frames=picture.frames,
            fps=picture.fps,
            start_s=picture.start_s,
            rotation_deg=picture.rotation_deg,
        )
    if source is not None:
        # Only a sound that lies in one file with the picture shares its clock: an MP3's own 25 ms of delay mean nothing.
        shared = source.path == path and picture is not None
        start_s = source.sound.start_s if shared else 0.0
        spans.append((start_s, start_s + source.sound.end_s - source.sound.start_s))
        stream = AudioStream(
            path=source.path.absolute(),
            codec=source.sound.codec,
            sample_rate_hz=source.sound.sample_rate_hz,
            channels=source.sound.channels,
            start_s=start_s,
            origin=source.origin,
        )
    return Clip(
        name=path.name,
        digest=_digest(own, source),
        duration_s=max(end_s for _, end_s in spans) - min(start_s for start_s, _ in spans),
        video=video,
        audio=stream,
        notes=tuple(notes),
    )


def sibling_sound(path: Path) -> Path | None:
    """Find the ``.wav`` beside a video whose stem the video's stem contains, in any case, its suffix ``_al`` dropped.

    It is contained as whole words (``clip1`` is not in ``clip10``); the longest such name wins.
    """
    try:
        beside = [entry for entry in path.parent.iterdir() if entry.suffix.lower() == ".wav" and entry.is_file()]
    except OSError:  # a folder that may be entered but not listed: what lies in it belongs to nobody we can name
        return None
    stem = path.stem.lower()
    fitting = [entry for entry in beside if re.search(rf"(?<![^\W_]){re.escape(_plain(entry))}(?![^\W_])", stem)]
    return max(fitting, key=lambda entry: (len(entry.stem), entry.name), default=None)


def _plain(path: Path) -> str:
    return path.stem.lower().removesuffix("_al")


def _sound_of(path: Path, own: FileFacts, given: Path | None, limits: Limits, notes: list[str]) -> _Source | None:
    """Choose the sound, and note the choice."""
    if given is not None:
        file = file_facts(given, limits)
        if file.sound is None:
            raise MediaError(f"{given.name}: holds no sound. Give a WAV, or nothing to use the recording's own sound.")
        notes += [*file.notes, f"Sound: the file given, {given.name}."]
        return _Source(given, file, file.sound, "given")
    sibling = sibling_sound(path) if own.picture is not None else None
    if sibling is not None:
        try:
            file = file_facts(sibling, limits)
        except MediaError as error:
            notes.append(f"The sound beside the video was not used: {error}")
        else:
            if file.sound is not None:
                notes += [*file.notes, f"Sound: {sibling.name}, which lies beside the video."]
                return _Source(sibling, file, file.sound, "sibling")
    if own.sound is not None:
        notes.append("Sound: the recording's own.")
        return _Source(path, own, own.sound, "embedded")
    notes.append("Sound: none; only what the picture tells is assessed.")
    return None


def _remarks(own: FileFacts, source: _Source | None) -> list[str]:
    """Say what a reader of the numbers should know."""
    remarks = []
    if own.picture is None:
        remarks.append("Picture: none; only what the sound tells is assessed.")
    if source is not None and source.sound.sample_rate_hz < _WIDE_BAND_HZ:
        rate_hz = source.sound.sample_rate_hz
        remarks.append(f"Sound was recorded at {rate_hz} Hz: nothing above {rate_hz // 2} Hz can be measured.")
    if source is not None and own.picture is not None:
        picture_s = own.picture.end_s - own.picture.start_s
        sound_s = source.sound.end_s - source.sound.start_s
        if abs(picture_s - sound_s) > _APART_S:
            remarks.append(f"Picture lasts {picture_s:.1f} s and sound {sound_s:.1f} s: check that they belong together.")
    return remarks


def _digest(own: FileFacts, source: _Source | None) -> str:
    """One file: its own SHA-256. Two: the SHA-256 over both digests."""
    if source is None or source.file is own:
        return own.digest
    return hashlib.sha256(f"{own.digest}{source.file.digest}".encode()).hexdigest()
