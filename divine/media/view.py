"""A copy of a clip that browsers play frame by frame, in which every frame keeps its time exactly."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange
from jaxtyping import Float

from divine.config import Limits
from divine.media.container import Packets, open_container, picture_stream
from divine.media.errors import MediaError, nonsense
from divine.media.frames import rgb, upright
from divine.media.isolate import Report, run_isolated
from divine.media.parcel import pack, unpack
from divine.media.pictures import Pictures
from divine.media.sound import decode_sound
from divine.media.write import FINE, VideoWriter, even, replacing
from divine.records import AudioStream, Clip, VideoStream

_AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_FAST = {"preset": "ultrafast", "crf": "20"}


def viewing_copy(
    clip: Clip, out: Path, *, limits: Limits | None = None, on_progress: Report | None = None
) -> Float[np.ndarray, " t"]:
    """Write ``clip`` to ``out`` (``.mp4``) for viewing, and return the time of each frame in seconds.

    H.264 without B-frames and with a key frame every 12, index first, upright, with the clip's sound (a sibling's too) as
    AAC, without the recording's metadata. The times equal those of ``frames(clip)``, which is checked on the file written.

    Raises:
        MediaError: the clip has no picture, none of it decodes, its times cannot be kept, or ``out`` cannot be written.
    """
    if clip.video is None:
        raise MediaError(f"{clip.name}: holds no picture, so there is nothing to view. Play its sound instead.")
    if out.suffix.lower() != ".mp4":
        raise MediaError(f"{out.name}: a viewing copy is an MP4. Give it the ending .mp4.")
    limits = limits or Limits()
    with replacing(out) as temporary:  # here, so that nothing of it stays behind even where the child is killed
        where = temporary.absolute()
        answer = run_isolated(_copy, clip, clip.video, where, out.name, limits, limits=limits, on_progress=on_progress)
    try:
        return unpack(answer, clip.name).arrays["times_s"].astype(np.float64, copy=False)
    except (KeyError, ValueError) as error:
        raise nonsense(clip.name) from error


def _copy(clip: Clip, video: VideoStream, out: Path, name: str, limits: Limits, *, report: Report) -> bytes:
    sound = None
    if clip.audio is not None:
        sound = decode_sound(clip.audio, _playable_rate(clip.audio), limits.seconds, lambda time_s: None)
    pictures = iter(Pictures(video.path))
    first = next(pictures, None)
    if first is None:
        raise MediaError(f"{clip.name}: its picture cannot be decoded. Export it again as MP4 (H.264, AAC).")
    # A multiple of the source's own unit keeps each time exactly, and is fine enough to place the sound by.
    unit = Fraction(1, first.unit.denominator * math.ceil(FINE.denominator / first.unit.denominator))
    times: list[Fraction] = []
    with VideoWriter(out, name=name, sound=sound, unit=unit, fps=video.fps or 30.0, options=_FAST) as writer:
        for picture in itertools.chain((first,), pictures):
            times.append(picture.position * picture.unit)
            writer.add(int(times[-1] / unit), _playable(picture.frame, video))
            report(len(times) / max(video.frames, 1))
    if _written(out) != times:
        raise MediaError(f"{clip.name}: its frame times cannot be kept in a copy. Convert it to MP4 (H.264, AAC) first.")
    return pack({"times_s": np.array([float(time) for time in times])})


def _playable_rate(audio: AudioStream) -> int | None:
    return None if audio.sample_rate_hz in _AAC_RATES_HZ else 48_000


def _playable(frame: av.VideoFrame, video: VideoStream) -> av.VideoFrame:
    """Make a picture upright, of even size, with half-resolution colour in the range of television: what browsers expect."""
    if video.rotation_deg or video.width % 2 or video.height % 2 or (frame.width, frame.height) != (video.width, video.height):
        return av.VideoFrame.from_ndarray(even(upright(rgb(frame, video), video.rotation_deg)), format="rgb24")
    return frame.reformat(format="yuv420p", dst_color_range=ColorRange.MPEG)


def _written(path: Path) -> list[Fraction]:
    """Read the times back from the finished file."""
    with open_container(path) as container:
        stream = picture_stream(container)
        packets = Packets(container, stream) if stream is not None else ()
        return [packet.pts * packet.time_base for packet in packets if packet.pts is not None and packet.time_base is not None]
