"""The pictures of a clip, one at a time, upright, in RGB, each with the time at which it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import av
import numpy as np
from jaxtyping import UInt8

from divine.media.errors import MediaError
from divine.media.pictures import Pictures
from divine.records import Clip, VideoStream

Reader = Literal["pyav", "decord"]


class Frame(NamedTuple):
    """One picture."""

    time_s: float
    """When it is shown, on the clip's clock."""
    image: UInt8[np.ndarray, "h w 3"]
    """RGB, upright."""


class Frames:
    """An iterator over the frames of a clip; once it is exhausted, ``notes`` says what could not be read."""

    def __init__(self, video: VideoStream, reader: Reader) -> None:
        self.notes: tuple[str, ...] = ()
        self._frames = self._by_decord(video) if reader == "decord" else self._by_pyav(video)

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        return next(self._frames)

    def _by_pyav(self, video: VideoStream) -> Iterator[Frame]:
        pictures = Pictures(video.path)
        given = 0
        for picture in pictures:
            given += 1
            yield Frame(picture.time_s, upright(rgb(picture.frame, video), video.rotation_deg))
        self.notes = pictures.notes or _missing(video, given)

    def _by_decord(self, video: VideoStream) -> Iterator[Frame]:
        """Read with decord, which applies the rotation itself and forgets a late start."""
        try:
            import decord
        except ImportError as error:
            raise MediaError("The reader decord is not installed. Install it (`pip install decord`), or use pyav.") from error
        try:
            reader = decord.VideoReader(str(video.path.absolute()))
            times_s = reader.get_frame_timestamp(range(len(reader)))[:, 0]
            for time_s in times_s:
                yield Frame(float(time_s - times_s[0]) + video.start_s, reader.next().asnumpy())
        except decord.DECORDError as error:
            raise MediaError(f"{video.path.name}: decord cannot read it. Use the reader pyav, which salvages more.") from error


def frames(clip: Clip, *, reader: Reader = "pyav") -> Frames:
    """Decode the pictures of ``clip``, one by one; for use inside an isolated child.

    ``pyav`` keeps a late start and salvages damaged files; ``decord`` is faster on sound ones.

    Raises:
        MediaError: the clip has no picture, cannot be opened any more, or ``reader`` is not installed.
    """
    if clip.video is None:
        raise MediaError(f"{clip.name}: holds no picture. Choose a video, or ask only for what its sound can tell.")
    return Frames(clip.video, reader)


def rgb(frame: av.VideoFrame, video: VideoStream) -> UInt8[np.ndarray, "h w 3"]:
    """Convert a decoded picture to RGB, at the size of the clip even where the stream changes it midway."""
    turned = video.rotation_deg % 180 != 0
    width, height = (video.height, video.width) if turned else (video.width, video.height)
    return frame.to_ndarray(format="rgb24", width=width, height=height)


def upright(image: UInt8[np.ndarray, "h w 3"], rotation_deg: int) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Turn a picture anticlockwise by what its file asks for, in steps of 90 degrees."""
    quarters = round(rotation_deg / 90) % 4
    return np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image


def _missing(video: VideoStream, given: int) -> tuple[str, ...]:
    if given >= video.frames:
        return ()
    return (f"{video.path.name}: {given} of its {video.frames} pictures could be decoded.",)
