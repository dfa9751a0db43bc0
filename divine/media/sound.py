"""The sound of a clip: one channel of float32 on the clip's clock, at its own rate or resampled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import soxr
from av.error import EOFError as NothingLeft
from av.error import FFmpegError
from jaxtyping import Float

from divine.config import Limits
from divine.media.container import Packets, open_container, sound_stream
from divine.media.errors import LimitError, MediaError, nonsense
from divine.media.isolate import Report, run_isolated
from divine.media.parcel import pack, unpack
from divine.records import AudioStream, Clip, Sound

_GAP_S = 0.05
"""Time stamps stray by up to a block of a codec that rounds them; a hole longer than this is filled with silence."""


class Block(NamedTuple):
    """Consecutive samples."""

    time_s: float
    rate_hz: int
    samples: Float[np.ndarray, " n"]


def read_sound(
    clip: Clip, *, rate_hz: int | None = None, limits: Limits | None = None, on_progress: Report | None = None
) -> Sound:
    """Decode the sound of ``clip`` in an isolated child: the mean of its channels, not normalised.

    Args:
        clip: as ``open_clip`` returned it.
        rate_hz: resample to this rate (soxr, high quality); the recording's own by default.
        limits: of the child, and of the length of the sound.
        on_progress: takes the fraction done, 0 to 1.

    Raises:
        MediaError: the clip has no sound, or none of it can be decoded.
    """
    if clip.audio is None:
        raise MediaError(f"{clip.name}: holds no sound. Choose a recording with sound, or give its sound as a file.")
    limits = limits or Limits()
    answer = run_isolated(_read, clip, clip.audio, rate_hz, limits, limits=limits, on_progress=on_progress)
    arrays, about = unpack(answer, clip.name)
    try:
        return Sound(
            samples=arrays["samples"].astype(np.float32, copy=False),
            rate_hz=int(about["rate_hz"]),
            start_s=clip.audio.start_s,
            notes=tuple(str(note) for note in about["notes"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise nonsense(clip.name) from error


def _read(clip: Clip, audio: AudioStream, rate_hz: int | None, limits: Limits, *, report: Report) -> bytes:
    sound = decode_sound(audio, rate_hz, limits.seconds, lambda time_s: report(time_s / max(clip.duration_s, 1e-3)))
    return pack({"samples": sound.samples}, {"rate_hz": sound.rate_hz, "notes": sound.notes})


def decode_sound(audio: AudioStream, rate_hz: int | None, most_s: float, report: Report) -> Sound:
    """Decode, fill holes, and resample piece by piece, so that only the result is ever held whole.

    For use inside an isolated child; ``report`` takes the seconds done.

    Raises:
        LimitError: it is longer than ``most_s``.
        MediaError: none of it can be decoded.
    """
    name = audio.path.name
    blocks = Blocks(audio.path)
    resampler: soxr.ResampleStream | None = None
    pieces: list[np.ndarray] = []
    origin_s, own_rate_hz, taken, filled = 0.0, 0, 0, 0
    for time_s, block_rate_hz, samples in blocks:
        if not own_rate_hz:
            origin_s, own_rate_hz = time_s, block_rate_hz
            if rate_hz not in (None, own_rate_hz):
                resampler = soxr.ResampleStream(own_rate_hz, rate_hz, 1, dtype="float32", quality="HQ")
        late = round((time_s - origin_s) * own_rate_hz) - taken
        if taken + len(samples) + max(late, 0) > most_s * own_rate_hz:
            raise LimitError(f"{name}: its sound is longer than {most_s:g} s, the limit. Cut it into shorter clips.")
        if late > _GAP_S * own_rate_hz:
            filled += late
            samples = np.pad(samples, (late, 0))
        elif late < -_GAP_S * own_rate_hz:
            samples = samples[-late:]
        taken += len(samples)
        pieces.append(samples if resampler is None else resampler.resample_chunk(samples))
        report(taken / own_rate_hz)
    if not taken:
        raise MediaError(f"{name}: its sound cannot be decoded. Export it again as WAV.")
    if resampler is not None:
        pieces.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    notes = blocks.notes
    if filled:
        notes += (f"{name}: {filled / own_rate_hz:.2f} s of sound are missing in between; silence stands there.",)
    return Sound(samples=np.concatenate(pieces), rate_hz=rate_hz or own_rate_hz, start_s=audio.start_s, notes=notes)


class Blocks:
    """The sound of a file, block by block, as far as it decodes; iterate once, then read ``notes``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Block]:
        broken, end_s = 0, 0.0
        with open_container(self._path) as container:
            stream = sound_stream(container)
            if stream is None:
                raise MediaError(f"{self._path.name}: holds no sound. Choose a recording with sound.")
            packets = Packets(container, stream)
            rate_hz = 0
            for frame in _decoded(packets, stream.codec_context):
                if frame is None or frame.sample_rate != (rate_hz or frame.sample_rate):
                    broken += 1
                    continue
                rate_hz = frame.sample_rate
                block = Block(end_s if frame.time is None else frame.time, rate_hz, mono(frame))
                end_s = block.time_s + len(block.samples) / rate_hz
                yield block
        faults = (
            (broken, f"damaged blocks of sound left out: {broken}"),
            (packets.torn, f"the file is damaged after {end_s:.2f} s, and the rest of its sound cannot be read"),
        )
        self.notes = tuple(f"{self._path.name}: {what}." for happened, what in faults if happened)


def _decoded(packets: Packets, codec: av.AudioCodecContext) -> Iterator[av.AudioFrame | None]:
    """Yield every frame that decodes, and None for each fault."""
    for packet in packets:
        try:
            yield from codec.decode(packet)
        except FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            yield None
    try:
        yield from codec.decode(None)
    except NothingLeft:
        return


def mono(frame: av.AudioFrame) -> Float[np.ndarray, " n"]:
    """Average the channels of a decoded frame as float32 in [-1, 1]; what is not a number becomes silence."""
    values = frame.to_ndarray()
    channels = frame.layout.nb_channels
    values = values if frame.format.is_planar else values.reshape(-1, channels).T
    samples = values.astype(np.float32)
    if values.dtype == np.uint8:
        samples = (samples - 128) / 128
    elif values.dtype.kind == "i":
        samples /= 2 ** (8 * values.dtype.itemsize - 1)
    else:
        samples = np.nan_to_num(samples, nan=0, posinf=0, neginf=0)
    return np.clip(samples.mean(axis=0, dtype=np.float32), -1, 1)
