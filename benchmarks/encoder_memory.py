"""Peak memory of each encoder over 1 and 10 minutes, with tiny random weights.

Run ``python -m benchmarks.encoder_memory [CODE ...]``.

Peaks are of this process, read from the kernel (``VmHWM``), reset before each run; 10 minutes may take at most 20 % more
than one. Sound is 16 kHz; the film has 8 frames per second of 64 by 64 pixels, so that decoding it takes no time.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from divine.encoders import fetch, load, registered
from divine.media import open_clip, write_video
from divine.records import Observation
from tests.encoders import published
from tests.encoders.memory import peak_bytes
from tests.encoders.observations import face, observation, voice


def long_film(folder: Path, seconds: float) -> Observation:
    """Write a long, small film with landmarks that fit it."""
    track = face(seconds, fps=8.0)
    track = dataclasses.replace(track, points_px=track.points_px / 10, width=64, height=64)
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (64, 64, 3)).astype(np.uint8) for _ in range(8)]
    path = folder / f"{seconds:g}.mp4"
    write_video(path, ((float(t), pictures[i % 8]) for i, t in enumerate(track.times_s)))
    seen = observation(track, voice(seconds))
    return dataclasses.replace(seen, clip=dataclasses.replace(seen.clip, video=open_clip(path).video))


def main(codes: list[str]) -> int:
    """Print a table; return 1 if an encoder's memory grows with length."""
    folder = Path(tempfile.mkdtemp())
    os.environ["DIVINE_HOME"] = str(folder / "home")
    minute, long = long_film(folder, 60.0), long_film(folder, 600.0)
    print("| encoder | 1 min, MB | 10 min, MB | growth | 10 min, s |\n|---|---|---|---|---|")
    grown = False
    for code in codes or sorted(registered()):
        if code in published.CODES:
            fetch.fetch(code, folder=published.publish(code, folder / code))
        encoder = load(code)
        encoder([minute])
        peaks = []
        for seen in (minute, long):
            start = time.monotonic()
            peaks.append(peak_bytes(functools.partial(encoder, [seen])) / 2**20)
        growth = peaks[1] / peaks[0] - 1
        grown |= growth > 0.2
        print(f"| {code} | {peaks[0]:.0f} | {peaks[1]:.0f} | {growth:+.0%} | {time.monotonic() - start:.1f} |", flush=True)
    return int(grown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
