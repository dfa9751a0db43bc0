"""Small clips made for tests: SYNTHETIC, with known frame numbers, times and sounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile

from divine.media import write_video
from divine.records import Sound

BITS = 16
COMMENT = "SYNTHETIC"


def barcode(number: int, *, width: int = 320, height: int = 240) -> np.ndarray:
    """Draw a frame number as 16 bars, the first the most significant, white for 1, in the upper half; below, a grey ramp.

    The bars are as broad as the picture allows, so the number survives strong compression and scaling.
    """
    bits = (number >> np.arange(BITS)[::-1]) & 1
    image = np.repeat(np.linspace(32, 224, width).astype(np.uint8)[None, :, None], 3, axis=2).repeat(height, axis=0)
    image[: height // 2] = (bits[np.arange(width) * BITS // width] * 255).astype(np.uint8)[None, :, None]
    return image


def read_barcode(image: np.ndarray) -> int:
    """Read the number that ``barcode`` drew, from a picture of any size."""
    height, width = image.shape[:2]
    row = image[height // 8 : height * 3 // 8].mean(axis=(0, 2))
    bars = [row[round((bit + 0.25) * width / BITS) : round((bit + 0.75) * width / BITS)].mean() > 128 for bit in range(BITS)]
    return sum(int(bar) << (BITS - 1 - bit) for bit, bar in enumerate(bars))


def barcodes(times_s: Iterable[float], *, width: int = 320, height: int = 240) -> Iterator[tuple[float, np.ndarray]]:
    """Yield numbered frames at the given times."""
    for number, time_s in enumerate(times_s):
        yield float(time_s), barcode(number, width=width, height=height)


def even_times(seconds: float, fps: float, *, start_s: float = 0.0) -> np.ndarray:
    return start_s + np.arange(round(seconds * fps)) / fps


def uneven_times(count: int, *, start_s: float = 0.0, seed: int = 0) -> np.ndarray:
    """Frame times as of a phone in changing light: gaps from 10 to 70 ms."""
    return start_s + np.concatenate([[0.0], np.cumsum(np.random.default_rng(seed).uniform(0.010, 0.070, count - 1))])


def tone(seconds: float, *, rate_hz: int = 48_000, pitch_hz: float = 440.0, start_s: float = 0.0) -> Sound:
    samples = 0.5 * np.sin(2 * np.pi * pitch_hz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return Sound(samples=samples.astype(np.float32), rate_hz=rate_hz, start_s=start_s)


def clicks(seconds: float, at_s: Iterable[float], *, rate_hz: int = 48_000, start_s: float = 0.0) -> Sound:
    """Silence with a 5 ms burst of 2 kHz that begins at each time of the clip's clock."""
    samples = np.zeros(round(seconds * rate_hz), np.float32)
    burst = 0.8 * np.sin(2 * np.pi * 2000 * np.arange(round(0.005 * rate_hz)) / rate_hz)
    for time_s in at_s:
        first = round((time_s - start_s) * rate_hz)
        samples[first : first + len(burst)] = burst[: len(samples) - first]
    return Sound(samples=samples, rate_hz=rate_hz, start_s=start_s)


def numbered_clip(
    path: Path,
    times_s: Iterable[float],
    *,
    sound: Sound | None = None,
    width: int = 320,
    height: int = 240,
    fps: float | None = None,
) -> Path:
    """Write a clip of numbered frames; an AVI is Motion JPEG, like older cameras'."""
    avi = path.suffix.lower() == ".avi"
    frames = barcodes(times_s, width=width, height=height)
    write_video(path, frames, sound=sound, codec="mjpeg" if avi else "h264", fps=fps, comment=COMMENT)
    return path


def wav(path: Path, sound: Sound) -> Path:
    soundfile.write(str(path), sound.samples, sound.rate_hz, subtype="PCM_16")
    return path


def cut_in_half(source: Path, out: Path) -> Path:
    content = source.read_bytes()
    out.write_bytes(content[: len(content) // 2])
    return out


def with_damaged_header(source: Path, out: Path, *, seed: int = 0) -> Path:
    """Overwrite bytes 4 to 300 with noise."""
    content = bytearray(source.read_bytes())
    content[4:300] = np.random.default_rng(seed).bytes(296)
    out.write_bytes(content)
    return out


def with_scratches(source: Path, out: Path, *, first: float = 0.6, count: int = 40, seed: int = 0) -> Path:
    """Overwrite ``count`` runs of 16 bytes behind the given fraction of the file."""
    content = bytearray(source.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(int(first * len(content)), len(content) - 16, count):
        content[at : at + 16] = rng.bytes(16)
    out.write_bytes(content)
    return out


def turned(source: Path, out: Path, degrees: int) -> Path:
    """Copy the picture as it is, and ask players to turn it ``degrees`` anticlockwise, as phones do."""
    with av.open(str(source)) as old, av.open(str(out), "w") as new:
        template = old.streams.video[0]
        stream = new.add_stream_from_template(template)
        stream.set_display_rotation(degrees)
        for packet in old.demux(template):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return out


def song_with_cover(path: Path, sound: Sound) -> Path:
    """Write an MP3 with a picture of its cover, which calls itself a video stream."""
    with av.open(str(path), "w") as new:
        audio = new.add_stream("libmp3lame", rate=sound.rate_hz, layout="mono")
        cover = new.add_stream("mjpeg")
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.time_base = Fraction(1, 25)
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(barcode(1, width=64, height=64), format="rgb24")
        picture.pts, picture.time_base = 0, Fraction(1, 25)
        frame = av.AudioFrame.from_ndarray(sound.samples[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate = sound.rate_hz
        frame.pts = 0
        new.mux(cover.encode(picture))
        new.mux(cover.encode(None))
        new.mux(audio.encode(frame))
        new.mux(audio.encode(None))
    return path


def live_webm(path: Path, times_s: Iterable[float], *, sound: Sound, width: int = 160, height: int = 120) -> Path:
    """Write a WebM as a browser's recorder does: to a pipe, so that its header knows neither length nor count of frames."""

    class Pipe:
        def __init__(self) -> None:
            self.content = bytearray()

        def write(self, data: bytes) -> int:
            self.content += data
            return len(data)

    pipe = Pipe()
    with av.open(pipe, "w", format="webm") as new:
        video = new.add_stream("libvpx", options={"deadline": "realtime", "cpu-used": "8"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.codec_context.thread_count = 1
        video.codec_context.time_base = Fraction(1, 1000)
        audio = new.add_stream("libopus", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound.samples[None].astype(np.float32), format="flt", layout="mono")
        frame.sample_rate, frame.pts = sound.rate_hz, 0
        new.mux(audio.encode(frame))
        new.mux(audio.encode(None))
        for time_s, image in barcodes(times_s, width=width, height=height):
            picture = av.VideoFrame.from_ndarray(image, format="rgb24")
            picture.pts, picture.time_base = round(time_s * 1000), Fraction(1, 1000)
            new.mux(video.encode(picture))
        new.mux(video.encode(None))
    path.write_bytes(pipe.content)
    return path


def with_a_hole(path: Path, sound: Sound, *, hole_s: tuple[float, float]) -> Path:
    """Write the sound as PCM without the packets between two times, as a recorder that stalled."""
    with av.open(str(path), "w") as new:
        stream = new.add_stream("pcm_s16le", rate=sound.rate_hz, layout="mono")
        for first in range(0, len(sound.samples), 960):
            if hole_s[0] <= first / sound.rate_hz < hole_s[1]:
                continue
            block = (sound.samples[first : first + 960] * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(block[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = sound.rate_hz, first, Fraction(1, sound.rate_hz)
            new.mux(stream.encode(frame))
        new.mux(stream.encode(None))
    return path
