"""The pictures of a video as the codec leaves them, in order of time, with whatever a damaged file still holds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.error import EOFError as NothingLeft
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from divine.media.container import Packets, open_container, picture_stream
from divine.media.errors import MediaError


class Picture(NamedTuple):
    """One decoded picture."""

    position: int
    """When it is shown, in units of ``unit`` seconds on the clip's clock."""
    unit: Fraction
    frame: av.VideoFrame

    @property
    def time_s(self) -> float:
        return float(self.position * self.unit)


class Pictures:
    """Decodes a video, each picture later than the one before; iterate once, then read ``notes``.

    With threads a codec works on several pictures at once, which is faster and loses good pictures beside a bad one: so
    at the first fault the rest is decoded again, with care.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: int | None = None
        self.notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Picture]:
        try:
            yield from self._decode(threads=True)
        except MemoryError:
            raise
        except FFmpegError:
            yield from self._decode(threads=False)

    def _decode(self, *, threads: bool) -> Iterator[Picture]:
        given_before = self._last
        broken = misplaced = 0
        with open_container(self._path) as container:
            stream = picture_stream(container)
            if stream is None or stream.time_base is None:
                raise MediaError(f"{self._path.name}: holds no moving picture. Choose a video.")
            stream.thread_type = "AUTO" if threads else "NONE"
            # A stream may announce a small picture and send a huge one; a codec rounds sizes up to blocks, at most of 64.
            stream.codec_context.options = {"max_pixels": str((stream.width + 64) * (stream.height + 64))}
            packets = Packets(container, stream)
            clock = _Clock(counts=container.format.name == "avi")
            for frame in _decoded(clock.watch(packets), stream.codec_context, faults_end=threads):
                if frame is None or frame.is_corrupt:
                    broken += 1
                    continue
                position = clock.position(frame)
                if given_before is not None and position <= given_before:
                    continue
                if self._last is not None and position <= self._last:
                    misplaced += 1
                    continue
                self._last = position
                yield Picture(position, stream.time_base, frame)
            end_s = float((self._last or 0) * stream.time_base)
        faults = (
            (broken, f"damaged pictures left out: {broken}"),
            (misplaced, f"pictures left out that had no time of their own: {misplaced}"),
            (packets.torn, f"the file is damaged after {end_s:.2f} s, and the rest of its picture cannot be read"),
        )
        self.notes = tuple(f"{self._path.name}: {what}." for happened, what in faults if happened)


def _decoded(packets: Iterator[Packet], codec: VideoCodecContext, *, faults_end: bool) -> Iterator[av.VideoFrame | None]:
    """Yield every picture that decodes, and None for each fault unless faults end it."""
    for packet in packets:
        try:
            yield from codec.decode(packet)
        except FFmpegError as error:
            if faults_end or isinstance(error, MemoryError):
                raise
            yield None
    while True:  # what the codec still holds back
        try:
            held_back = codec.decode(None)
        except NothingLeft:
            return
        except FFmpegError as error:
            if faults_end or isinstance(error, MemoryError):
                raise
            yield None
            continue
        if not held_back:
            return
        yield from held_back


class _Clock:
    """Tells when a picture is shown.

    An AVI knows only the order of its frames (``counts``), and what FFmpeg then guesses as presentation time can be late or
    out of order: there time is that of decoding, counted from the first picture.
    """

    def __init__(self, *, counts: bool) -> None:
        self._counts = counts
        self._origin: int | None = None
        self._delay: int | None = None
        self._latest = -1

    def watch(self, packets: Packets) -> Iterator[Packet]:
        for packet in packets:
            if self._origin is None:
                self._origin = packet.dts
            yield packet

    def position(self, frame: av.VideoFrame) -> int:
        if self._counts:
            if frame.dts is None:  # the last few, which no packet pushed out
                self._latest += 1
            else:
                if self._delay is None:
                    self._delay = frame.dts - (self._origin or 0)
                self._latest = frame.dts - self._delay
        elif frame.pts is not None:
            self._latest = frame.pts
        return self._latest
