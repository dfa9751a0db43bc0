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
from divine.media.errors import LimitError, MediaError
from divine.media.isolate import Report, run_isolated
from divine.media.parcel import pack, unpack
from divine.records import Clip, Sound

_GAP_S = 0.05
"""Time stamps stray by up to a block of a codec that rounds them; a hole longer than this is filled with silence."""


class Block(NamedTuple):
    """Consecutive samples."""

    time_s: float
    rate_hz: int
    samples: Float[np.ndarray, " n"]


def read_sound(clip: Clip, *, rate_hz: int | None = None, limits: Limits | None = None) -> Sound:
    """Decode the sound of ``clip`` in an isolated child: the mean of its channels, not normalised.

    Args:
        clip: as ``open_clip`` returned it.
        rate_hz: resample to this rate (soxr, high quality); the recording's own by default.
        limits: of the child, and of the length of the sound.

    Raises:
        MediaError: the clip has no sound, or none of it can be decoded.
    """
    if clip.audio is None:
        raise MediaError(f"{clip.name}: holds no sound. Choose a recording with sound, or give its sound as a file.")
    limits = limits or Limits()
    parcel = unpack(run_isolated(_read, clip, rate_hz, limits, limits=limits), clip.name)
    about = parcel.about
    return Sound(
        samples=parcel.arrays["samples"].astype(np.float32, copy=False),
        rate_hz=int(about["rate_hz"]),
        start_s=clip.audio.start_s,
        notes=tuple(str(note) for note in about["notes"]),
    )


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
            (broken, f"{broken} damaged blocks of sound were left out"),
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


def _read(clip: Clip, rate_hz: int | None, limits: Limits, *, report: Report) -> bytes:
    """Decode, fill holes, and resample piece by piece: only the result is ever held whole."""
    assert clip.audio is not None  # noqa: S101  the parent checked
    blocks = Blocks(clip.audio.path)
    resampler: soxr.ResampleStream | None = None
    pieces: list[np.ndarray] = []
    taken, filled, origin_s, own_rate_hz = 0, 0, 0.0, 0
    for block in blocks:
        if not own_rate_hz:
            origin_s, own_rate_hz = block.time_s, block.rate_hz
            if rate_hz not in (None, own_rate_hz):
                resampler = soxr.ResampleStream(own_rate_hz, rate_hz, 1, dtype="float32", quality="HQ")
        samples = block.samples
        late = round((block.time_s - origin_s) * own_rate_hz) - taken
        if taken + len(samples) + max(late, 0) > limits.seconds * own_rate_hz:
            raise LimitError(
                f"{clip.audio.path.name}: its sound is longer than {limits.seconds:g} s. Cut it into shorter clips."
            )
        if late > _GAP_S * own_rate_hz:
            filled += late
            samples = np.pad(samples, (late, 0))
        elif late < -_GAP_S * own_rate_hz:
            samples = samples[-late:]
        taken += len(samples)
        pieces.append(samples if resampler is None else resampler.resample_chunk(samples))
        report(taken / own_rate_hz / max(clip.duration_s, 1e-3))
    if not taken:
        raise MediaError(f"{clip.audio.path.name}: its sound cannot be decoded. Export it again as WAV.")
    if resampler is not None:
        pieces.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    notes = list(blocks.notes)
    if filled:
        notes.append(
            f"{clip.audio.path.name}: {filled / own_rate_hz:.2f} s of sound are missing in between; silence stands there."
        )
    about = {"rate_hz": rate_hz or own_rate_hz, "notes": notes}
    return pack({"samples": np.concatenate(pieces)}, about)
