"""The face of a clip as a stream of small pictures, steadied, at an even rate, in bounded memory.

A child process decodes the recording and cuts the crops; they arrive through a socket as bytes of known length while it
goes on, and it waits when the network is slower. Neither side ever holds more than a few.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import socket
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
from jaxtyping import Bool, Float, UInt8

from divine.config import Limits
from divine.encoders.registry import EncoderError
from divine.encoders.steady import Squares, squares
from divine.face.cut import cut
from divine.media.frames import rgb, upright
from divine.media.isolate import Report, run_isolated
from divine.media.pictures import Picture, Pictures
from divine.records import Clip, Observation

RATE_HZ = 8.0
NEAR_S = 0.5
"""A crop shows the face if it was found this near in time; beyond, the square is a guess."""
PATIENCE_S = 120.0
"""So long may one crop take to decode. The child's whole time is the network's, so it has no limit of its own."""


class _Enough(Exception):  # noqa: N818  no error: the reader has gone
    """Ends the child."""


def no_face(code: str, clip: Clip) -> EncoderError:
    """Make the error for a clip in which nobody is seen."""
    return EncoderError(f"{clip.name}: {code} needs a face, and there is none.")


class FaceCrops:
    """The crops of one clip: enter it, then iterate once."""

    def __init__(self, code: str, observation: Observation, size: int, rate_hz: float = RATE_HZ) -> None:
        """Plan the crops.

        Args:
            code: the encoder that wants them, for messages.
            observation: with landmarks of a face.
            size: side of a crop in pixels.
            rate_hz: crops per second.

        Raises:
            EncoderError: there is no picture, or no face in it.
        """
        landmarks, self._clip, self._size = observation.landmarks, observation.clip, size
        found = None if landmarks is None or self._clip.video is None else squares(landmarks)
        if found is None:
            raise no_face(code, self._clip)
        self._squares, self._code, self.rate_hz = found, code, rate_hz
        first, last = found.times_s[0], found.times_s[-1]
        self.times_s: Float[np.ndarray, " t"] = first + np.arange(int((last - first) * rate_hz + 1e-6) + 1) / rate_hz
        faces_s = found.times_s[found.seen]
        after = np.searchsorted(faces_s, self.times_s)
        gaps = [np.abs(faces_s[np.clip(after + step, 0, len(faces_s) - 1)] - self.times_s) for step in (-1, 0)]
        self.seen: Bool[np.ndarray, " t"] = np.minimum(*gaps) <= NEAR_S

    def __enter__(self) -> FaceCrops:
        self._folder = tempfile.TemporaryDirectory(prefix="divine-")
        self._address = str(Path(self._folder.name) / "crops")
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self._address)
        self._server.listen(1)
        self._server.settimeout(0.05)
        self._enough = threading.Event()
        self._failure: BaseException | None = None
        self._child = threading.Thread(target=self._run, daemon=True)
        self._child.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._enough.set()
        self._server.close()
        self._child.join()
        self._folder.cleanup()

    def _run(self) -> None:
        limits = dataclasses.replace(Limits(), child_seconds=float("inf"))
        try:
            run_isolated(
                send_crops,
                self._clip,
                self._address,
                self.times_s,
                self._squares,
                self._size,
                limits=limits,
                on_progress=self._watch,
            )
        except _Enough:
            pass
        except BaseException as error:
            self._failure = error

    def _watch(self, fraction: float) -> None:
        if self._enough.is_set():
            raise _Enough

    def __iter__(self) -> Iterator[UInt8[np.ndarray, "s s 3"]]:
        """Yield one crop per time.

        Raises:
            MediaError: the recording cannot be read any more.
            IsolationError: the child crashed, or hangs.
            EncoderError: the recording ends before its landmarks do.
        """
        length = self._size * self._size * 3
        with contextlib.closing(self._accept()) as channel:
            channel.settimeout(0.25)
            for _ in self.times_s:
                yield np.frombuffer(self._receive(channel, length), np.uint8).reshape(self._size, self._size, 3)

    def _accept(self) -> socket.socket:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(TimeoutError):
                return self._server.accept()[0]
            if not self._child.is_alive() or time.monotonic() > deadline_s:
                raise self._broken()

    def _receive(self, channel: socket.socket, length: int) -> bytearray:
        crop, filled, deadline_s = bytearray(length), 0, time.monotonic() + PATIENCE_S
        while filled < length:
            try:
                count = channel.recv_into(memoryview(crop)[filled:])
            except TimeoutError:
                if time.monotonic() > deadline_s:
                    raise self._broken() from None
                continue
            if count == 0:
                raise self._broken()
            filled += count
        return crop

    def _broken(self) -> BaseException:
        self._enough.set()
        self._child.join()
        if self._failure is not None:
            return self._failure
        return EncoderError(
            f"{self._clip.name}: its pictures end before its landmarks do, or take too long to decode, so {self._code} made "
            "nothing. Convert it to MP4 (H.264) and extract again."
        )


def send_crops(
    clip: Clip, address: str, times_s: Float[np.ndarray, " t"], faces: Squares, size: int, *, report: Report
) -> bytes:
    """Cut the crops and send them; runs in the child."""
    import cv2

    cv2.setNumThreads(1)
    video, before, crop = clip.video, None, b""
    if video is None:
        return b""
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(address)
        for sent, picture in enumerate(_shown(Pictures(video.path), times_s), start=1):
            if picture is not before:
                image = upright(rgb(picture.frame, video), video.rotation_deg)
                crop = cut(image, faces.to_picture(picture.time_s, size), size, size).tobytes()
                before = picture
            channel.sendall(crop)
            report(sent / len(times_s))
    return b""


def _shown(pictures: Iterable[Picture], times_s: Float[np.ndarray, " t"]) -> Iterator[Picture]:
    """Yield for each time the first picture at or after it, and after the last picture that one again."""
    count, last = 0, None
    for last in pictures:
        while last.time_s >= times_s[count] - 1e-6:
            yield last
            count += 1
            if count == len(times_s):
                return
    if last is not None:
        yield from itertools.repeat(last, len(times_s) - count)
