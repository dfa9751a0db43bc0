"""Write a video: pictures with their own presentation times, one mono sound, H.264 or Motion JPEG, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal

import av
import numpy as np
from av.audio.stream import AudioStream as AvAudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.stream import VideoStream as AvVideoStream
from jaxtyping import UInt8

from divine.media.container import address
from divine.media.errors import MediaError
from divine.records import Sound

VideoCodec = Literal["h264", "mjpeg"]

FINE = Fraction(1, 90_000)
"""Unit of time in seconds where the container leaves it free; frames of 24, 25, 30, 50 and 60 Hz last whole numbers of it."""

_SOUND_BLOCK = 1024
_VIDEO_OPTIONS = {
    # No B-frames and a short group of pictures: a player seeks to any frame in a few decodes. One unit in, one unit out.
    "h264": {"preset": "veryfast", "crf": "18", "bf": "0", "g": "12"},
    "mjpeg": {"qmin": "2", "qmax": "4"},
}
_PIXELS = {"h264": "yuv420p", "mjpeg": "yuvj420p"}


def write_video(
    path: Path,
    frames: Iterable[tuple[float, UInt8[np.ndarray, "h w 3"]]],
    *,
    sound: Sound | None = None,
    codec: VideoCodec = "h264",
    fps: float | int | None = None,
    comment: str = "",
) -> None:
    """Write ``frames`` (time in seconds, RGB picture), in order of time, to ``path``: ``.mp4``, ``.mkv`` or ``.avi``.

    An MP4 keeps times to 1/90000 s, Matroska to 1 ms. An AVI knows only a constant rate: there ``fps`` is required, and
    times are rounded to its grid. Odd sizes gain one row or column, since both codecs halve the resolution of colour.

    Args:
        path: replaced in one step once the file is complete.
        frames: taken one by one, so a generator of any length needs little memory.
        sound: placed at its ``start_s``; what lies before time 0 is left out. AAC, in an AVI 16-bit PCM.
        codec: ``h264``, or ``mjpeg``, in which every frame stands alone.
        fps: the rate of an AVI.
        comment: stored as the file's comment, such as ``SYNTHETIC``.

    Raises:
        MediaError: no frame at all, times that do not rise, a size that changes, or a file that cannot be written.
    """
    if path.suffix.lower() == ".avi" and fps is None:
        raise MediaError(f"{path.name}: an AVI needs a frame rate. Give `fps`, or write an MP4.")
    unit = 1 / Fraction(fps).limit_denominator(1001) if fps is not None and path.suffix.lower() == ".avi" else FINE
    with (
        replacing(path) as temporary,
        VideoWriter(
            temporary, name=path.name, sound=sound, codec=codec, unit=unit, fps=float(fps or 30), comment=comment
        ) as writer,
    ):
        for time_s, image in frames:
            picture = av.VideoFrame.from_ndarray(even(image), format="rgb24")
            writer.add(round(time_s / unit), picture)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file beside ``path`` that takes its place on a clean exit, flushed to the disk, and is removed otherwise.

    Raises:
        MediaError: it cannot be made or moved.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", suffix=path.suffix.lower(), dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise cannot_write(path.name, error) from error
    temporary = Path(name)
    try:
        yield temporary
        try:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise cannot_write(path.name, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def cannot_write(name: str, error: Exception) -> MediaError:
    """Make the error for a file that could not be written."""
    reason = getattr(error, "strerror", None) or str(error)
    return MediaError(f"{name}: cannot be written ({reason}). Free space, or choose another folder or ending.")


def even(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Repeat the last row or column where a side is odd."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(image)


class VideoWriter:
    """Encodes frame by frame into ``path``; ``name`` is what messages call it."""

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        sound: Sound | None,
        codec: VideoCodec = "h264",
        unit: Fraction = FINE,
        fps: float = 30.0,
        comment: str = "",
        options: dict[str, str] | None = None,
    ) -> None:
        self._name = name
        self._avi = path.suffix.lower() == ".avi"
        self._sound = _placed(sound, late_start=not self._avi)
        self._codec: VideoCodec = codec
        self._unit = unit
        self._fps = Fraction(fps).limit_denominator(1001)
        self._options = _VIDEO_OPTIONS[codec] | (options or {})
        self._video: AvVideoStream | None = None
        self._audio: AvAudioStream | None = None
        self._last: int | None = None
        self._sent = 0
        """Samples of the sound that were handed to its encoder."""
        # An MP4 holds a late start in units of `movie_timescale`, by default 1 ms: too coarse to keep times.
        scale = str(unit.denominator)
        mp4 = {"movflags": "+faststart", "movie_timescale": scale, "video_track_timescale": scale}
        try:
            self._container: OutputContainer = av.open(address(path), "w", options=mp4 if path.suffix.lower() == ".mp4" else {})
        except (FFmpegError, ValueError) as error:
            raise cannot_write(name, error) from error
        if comment:
            self._container.metadata["comment"] = comment

    def __enter__(self) -> VideoWriter:
        return self

    def add(self, position: int, picture: av.VideoFrame) -> None:
        """Encode one picture, shown at ``position`` units of time.

        Raises:
            MediaError: the position is not beyond the last one, the size differs, or the disk is full.
        """
        if self._last is not None and position <= self._last:
            raise MediaError(f"{self._name}: frame times must rise, and {float(position * self._unit):.6f} s does not.")
        self._last = position
        try:
            video = self._video or self._open_streams(picture.width, picture.height)
            if (picture.width, picture.height) != (video.width, video.height):
                raise MediaError(f"{self._name}: every picture must be {video.width} x {video.height} pixels.")
            self._add_sound_before(float(position * self._unit))
            picture.pts, picture.time_base = position, self._unit
            picture.pict_type = PictureType.NONE  # else a decoded frame forces its own type on the encoder
            self._container.mux(video.encode(picture))
        except (FFmpegError, OSError) as error:
            raise cannot_write(self._name, error) from error

    def _open_streams(self, width: int, height: int) -> AvVideoStream:
        self._video = self._container.add_stream("libx264" if self._codec == "h264" else "mjpeg", options=self._options)
        self._video.width, self._video.height = width, height
        self._video.pix_fmt = _PIXELS[self._codec]
        self._video.codec_context.time_base = self._video.time_base = self._unit
        self._video.codec_context.framerate = self._fps  # an AVI's only clock; elsewhere a hint for the bit rate
        self._video.codec_context.thread_type = "AUTO"
        if self._sound is not None:
            audio_codec = "pcm_s16le" if self._avi else "aac"
            self._audio = self._container.add_stream(audio_codec, rate=self._sound.rate_hz, layout="mono")
        return self._video

    def _add_sound_before(self, time_s: float) -> None:
        """Encode the sound up to ``time_s``, so that both streams lie interleaved in the file."""
        if self._sound is None or self._audio is None:
            return
        offset = round(self._sound.start_s * self._sound.rate_hz)
        while self._sent < len(self._sound.samples) and (offset + self._sent) / self._sound.rate_hz <= time_s:
            block = self._sound.samples[self._sent : self._sent + _SOUND_BLOCK]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block[None], np.float32), format="fltp", layout="mono")
            frame.sample_rate = self._sound.rate_hz
            frame.pts, frame.time_base = offset + self._sent, Fraction(1, self._sound.rate_hz)
            self._container.mux(self._audio.encode(frame))
            self._sent += len(block)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        try:
            if kind is None:
                self._finish()
        except (FFmpegError, OSError) as failure:
            raise cannot_write(self._name, failure) from failure
        finally:
            self._container.close()

    def _finish(self) -> None:
        if self._video is None:
            raise MediaError(f"{self._name}: not one picture was given, so no video was written.")
        self._add_sound_before(float("inf"))
        for stream in (self._video, self._audio):
            if stream is not None:
                self._container.mux(stream.encode(None))
        self._container.close()


def _placed(sound: Sound | None, *, late_start: bool) -> Sound | None:
    """Cut what lies before time 0, which no container can place; add silence where the container has no late start."""
    if sound is None:
        return None
    offset = round(sound.start_s * sound.rate_hz)
    if offset > 0 and late_start:
        return sound
    samples = sound.samples[-offset:] if offset < 0 else np.pad(sound.samples, (offset, 0))
    return Sound(samples=samples, rate_hz=sound.rate_hz, notes=sound.notes)
