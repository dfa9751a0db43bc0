"""How fast recordings are decoded in their isolated child, and how much memory that takes.

    python -m benchmarks.decoding [CLIP]

Without CLIP a SYNTHETIC one is made: 10 s, 640 x 480, 30 frames/s, a drifting texture. The long clip is the same, 60 times.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from divine.config import Limits
from divine.media import open_clip, read_sound, run_isolated, viewing_copy, write_video
from divine.media.frames import Reader, frames
from divine.media.isolate import Report
from divine.records import Clip, Sound

SECONDS, FPS, REPEATS = 10, 30, 60


def decode(clip: Clip, reader: Reader, *, report: Report) -> bytes:
    """Decode every frame; runs in the child."""
    count, began_s = 0, time.perf_counter()
    halves = []
    for _ in frames(clip, reader=reader):
        count += 1
        if count in (clip.video.frames // 2, clip.video.frames):
            halves.append(time.perf_counter() - began_s)
        report(count / clip.video.frames)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return json.dumps([count, halves, int(peak.split()[1]) / 1024]).encode()


def nothing(clip: Clip, *, report: Report) -> bytes:
    """Do nothing; runs in the child."""
    return b""


def texture() -> Iterator[tuple[float, np.ndarray]]:
    """Draw smooth noise that drifts."""
    import cv2

    noise = np.random.default_rng(0).integers(0, 256, (120, 400, 3), np.uint8)
    broad = cv2.resize(noise, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    for number in range(SECONDS * FPS):
        yield number / FPS, np.ascontiguousarray(broad[number : number + 480, 4 * number : 4 * number + 640])


def repeated(source: Path, out: Path, times: int) -> Path:
    """Copy the packets of ``source`` again and again."""
    with av.open(str(source)) as first, av.open(str(out), "w") as new:
        length_s = (first.duration or 0) / 1e6 + 0.1  # a codec pads its last block of sound
        streams = [new.add_stream_from_template(stream) for stream in first.streams]
        for round_ in range(times):
            with av.open(str(source)) as old:
                for packet in old.demux():
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    shift = round(round_ * length_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream_index]
                    new.mux(packet)
    return out


def timed(what: str, count: int, action) -> None:
    """Print the best of three."""
    spent_s = []
    for _ in range(3):
        began_s = time.perf_counter()
        action()
        spent_s.append(time.perf_counter() - began_s)
    print(f"{what:44} {min(spent_s) * 1e3:8.0f} ms {count / min(spent_s):8.0f} frames/s")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        short = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "short.mp4"
        if len(sys.argv) == 1:
            sound = Sound(samples=np.random.default_rng(1).normal(0, 0.1, SECONDS * 48_000).astype(np.float32), rate_hz=48_000)
            write_video(short, texture(), sound=sound, comment="SYNTHETIC")
        clip = open_clip(short)
        long = open_clip(repeated(short, Path(folder) / "long.mp4", REPEATS), limits=Limits(seconds=3600.0))
        count = clip.video.frames
        print(
            f"{clip.video.width} x {clip.video.height}, {count} frames, {clip.duration_s:.1f} s; long: {long.duration_s:.0f} s"
        )
        timed("an empty call, warm", count, lambda: run_isolated(nothing, clip))
        timed("open_clip", count, lambda: open_clip(short))
        for reader in ("pyav", "decord"):
            timed(f"frames, {reader}, child included", count, lambda reader=reader: run_isolated(decode, clip, reader))
        if clip.audio is not None:
            timed("read_sound", count, lambda: read_sound(clip))
        timed("viewing_copy", count, lambda: viewing_copy(clip, Path(folder) / "copy.mp4"))
        for name, one in (("short", clip), ("long", long)):
            decoded, (half_s, whole_s), peak_mib = json.loads(run_isolated(decode, one, "pyav"))
            first_ms, second_ms = half_s / (decoded // 2) * 1e3, (whole_s - half_s) / (decoded - decoded // 2) * 1e3
            print(f"{name}, {decoded} frames: peak memory of the child {peak_mib:.0f} MiB; ", end="")
            print(f"{first_ms:.2f} ms a frame in the first half, {second_ms:.2f} ms in the second")


if __name__ == "__main__":
    # The child imports what it runs by name, so it must not live in `__main__`.
    from benchmarks.decoding import main as run

    run()
