"""What one file holds, found in an isolated child and within limits; nothing decoded is kept."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream as AvVideoStream

from divine.config import Limits
from divine.media.container import Packets, check_file, open_container, picture_stream, sound_stream
from divine.media.errors import LimitError, MediaError, nonsense
from divine.media.isolate import Report, run_isolated
from divine.media.pictures import Pictures
from divine.media.sound import Blocks

_SHORT_S = 0.5
_PROBE_S = 300.0
"""Enough to read the largest file allowed from a slow drive."""


@dataclass(frozen=True)
class PictureFacts:
    """A video stream that at least one picture was decoded from; its size is that of the upright picture."""

    codec: str
    width: int
    height: int
    frames: int
    fps: float
    start_s: float
    end_s: float
    rotation_deg: int


@dataclass(frozen=True)
class SoundFacts:
    """A stream of sound that at least one block was decoded from."""

    codec: str
    sample_rate_hz: int
    channels: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class FileFacts:
    """What one file holds."""

    digest: str
    picture: PictureFacts | None
    sound: SoundFacts | None
    notes: tuple[str, ...]


def file_facts(path: Path, limits: Limits) -> FileFacts:
    """Look at one file.

    Raises:
        LimitError: it goes beyond ``limits``.
        MediaError: it is missing, no recording, or nothing of it can be decoded.
    """
    check_file(path)
    size = path.stat().st_size
    if size > limits.bytes:
        raise LimitError(
            f"{path.name}: has {size / 2**20:.3g} MiB, the limit is {limits.bytes / 2**20:.3g}. Cut or compress the recording."
        )
    in_time = replace(limits, child_seconds=min(limits.child_seconds, _PROBE_S))
    answer = run_isolated(_look, path.absolute(), limits, limits=in_time)
    try:
        return _facts(json.loads(answer))
    except (KeyError, TypeError, ValueError) as error:
        raise nonsense(path.name) from error


def _facts(answer: dict[str, Any]) -> FileFacts:
    """Rebuild the record from a child's JSON, each field with its own type whatever the child sent."""
    digest = str(answer["digest"])
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(digest)
    picture, sound = answer["picture"], answer["sound"]
    kinds: dict[str, type] = {"str": str, "int": int, "float": float}
    made: list[Any] = [
        None if part is None else record(**{key: kinds[kind](part[key]) for key, kind in record.__annotations__.items()})
        for record, part in ((PictureFacts, picture), (SoundFacts, sound))
    ]
    return FileFacts(digest, made[0], made[1], tuple(str(note) for note in answer["notes"]))


def _look(path: Path, limits: Limits, *, report: Report) -> bytes:
    """Check what the header says, count what can be read, then decode one picture and one block of sound."""
    notes: list[str] = []
    with open_container(path) as container:
        video, audio = picture_stream(container), sound_stream(container)
        unknown = [stream for stream in (*container.streams.video, *container.streams.audio) if stream.codec_context is None]
        notes += [f"{path.name}: holds {stream.type} of an unknown codec, which was left out." for stream in unknown]
        if video is None and audio is None:
            raise MediaError(f"{path.name}: holds no picture or sound of a known codec. Export it again as MP4 (H.264, AAC).")
        _check_header(path.name, container, video, audio, limits)
        spans = _walk(path.name, container, video, audio, limits, notes)
        picture = None if video is None else _picture(path, video, spans[video.index], notes)
        sound = None if audio is None else _sound(path, audio, spans[audio.index], notes)
    if picture is None and sound is None:
        raise MediaError(f"{path.name}: nothing of it can be decoded. Export it again as MP4 (H.264, AAC) or WAV.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return json.dumps(asdict(FileFacts(digest, picture, sound, tuple(notes)))).encode()


def _check_header(
    name: str, container: InputContainer, video: AvVideoStream | None, audio: AvAudioStream | None, limits: Limits
) -> None:
    """Refuse what admits to be too much, before anything more is read of it."""
    checks: list[tuple[float, float, str, str]] = [
        ((container.duration or 0) / 1e6, limits.seconds, "s long", "Cut it into shorter clips"),
    ]
    if video is not None:
        checks.append((video.width * video.height, limits.pixels, "pixels a frame", "Scale it down"))
        checks.append((video.frames, limits.frames, "frames", "Cut it into shorter clips"))
    if audio is not None:
        checks.append((audio.rate or 0, limits.sample_rate_hz, "samples of sound a second", "Resample it to 48000 Hz"))
        checks.append((audio.channels, limits.channels, "channels of sound", "Mix it down to one or two"))
    for value, limit, unit, remedy in checks:
        if value > limit:
            raise LimitError(f"{name}: {value:.10g} {unit}, the limit is {limit:.10g}. {remedy}.")


class _Span:
    """What a walk through the packets of one stream found."""

    def __init__(self) -> None:
        self.packets = 0
        self.shown = 0
        """Without those that an edit list hides."""
        self.first_s = float("inf")
        self.last_s = float("-inf")
        self.end_s = float("-inf")


def _walk(
    name: str,
    container: InputContainer,
    video: AvVideoStream | None,
    audio: AvAudioStream | None,
    limits: Limits,
    notes: list[str],
) -> dict[int, _Span]:
    """Read every packet, since a header may lie, or (a browser's WebM) know neither length nor count."""
    streams = [stream for stream in (video, audio) if stream is not None]
    spans = {stream.index: _Span() for stream in streams}
    decoding_times = container.format.name == "avi"  # all that an AVI has
    packets = Packets(container, *streams)
    for packet in packets:
        span = spans[packet.stream_index]
        span.packets += 1
        stamp = packet.dts if decoding_times else packet.pts
        if packet.is_discard or stamp is None or packet.time_base is None:
            continue
        time_s = float(stamp * packet.time_base)
        span.shown += 1
        span.first_s, span.last_s = min(span.first_s, time_s), max(span.last_s, time_s)
        span.end_s = max(span.end_s, time_s + float((packet.duration or 0) * packet.time_base))
        if span.end_s - span.first_s > limits.seconds:
            raise LimitError(f"{name}: longer than {limits.seconds:g} s, the limit. Cut it into shorter clips.")
        if video is not None and packet.stream_index == video.index and span.shown > limits.frames:
            raise LimitError(f"{name}: more than {limits.frames} frames, the limit. Cut it into shorter clips.")
    if video is not None and (spans[video.index].packets < video.frames or packets.torn):
        of = f" of {video.frames}" if video.frames else ""
        notes.append(f"{name}: is damaged or cut off: {spans[video.index].packets}{of} frames can be read.")
    elif packets.torn:
        notes.append(f"{name}: is damaged or cut off, and ends early.")
    read_s = max(span.end_s for span in spans.values()) - min(span.first_s for span in spans.values())
    promised_s = (container.duration or 0) / 1e6
    if video is not None and not notes and promised_s - read_s > _SHORT_S:  # an MP3's promise is only an estimate
        notes.append(
            f"{name}: is damaged or cut off: its header promises {promised_s:.1f} s, {max(read_s, 0):.1f} s can be read."
        )
    return spans


def _picture(path: Path, stream: AvVideoStream, span: _Span, notes: list[str]) -> PictureFacts | None:
    first = None
    try:
        first = next(iter(Pictures(path)), None)
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
    if first is None:
        notes.append(f"{path.name}: its picture ({stream.codec_context.name}) cannot be decoded, and was left out.")
        return None
    ratio = stream.sample_aspect_ratio
    if ratio is not None and ratio not in (0, 1):
        notes.append(f"{path.name}: its pixels are not square ({ratio}); shapes are measured as stored.")
    rotation_deg = round(first.frame.rotation / 90) * 90
    width, height = (stream.width, stream.height) if rotation_deg % 180 == 0 else (stream.height, stream.width)
    length_s = span.last_s - span.first_s
    fps = (span.shown - 1) / length_s if span.shown > 1 and length_s > 0 else float(stream.average_rate or 0)
    # Times of packets and pictures agree but for an AVI's, and for a header that counts from elsewhere: pictures decide.
    start_s = first.time_s
    end_s = start_s + max(span.end_s - span.first_s, length_s + (1 / fps if fps else 0))
    return PictureFacts(stream.codec_context.name, width, height, span.shown, fps, start_s, end_s, rotation_deg)


def _sound(path: Path, stream: AvAudioStream, span: _Span, notes: list[str]) -> SoundFacts | None:
    first = None
    try:
        first = next(iter(Blocks(path)), None)
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
    if first is None:
        notes.append(f"{path.name}: its sound ({stream.codec_context.name}) cannot be decoded, and was left out.")
        return None
    end_s = max(span.end_s, first.time_s + len(first.samples) / first.rate_hz)
    return SoundFacts(stream.codec_context.name, first.rate_hz, stream.channels, first.time_s, end_s)
