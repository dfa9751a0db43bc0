"""How fast a cohort's features are made, and whether memory grows with the number of clips.

Run ``python -m benchmarks.extraction COHORT [CODES]`` for the speed, in a home of its own, and ``python -m
benchmarks.extraction --memory`` for the memory: 200 against 2,000 SYNTHETIC clips of half a second through extraction, and
as many files of features through the packing that training maps.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from divine import compute
from divine.data.load import load
from divine.data.recording import open_entry

COUNTS = (200, 2000)
ALLOWED = 1.2
"""Of memory at the larger count over that at the smaller."""

_EXTRACT = "import sys; from pathlib import Path; from divine import services; services.extract(Path(sys.argv[1]), 'AC')"
_PACK = """
import sys
from pathlib import Path
import numpy as np
from divine.data.load import load
from divine.features.batches import Pair
from divine.features.cohort import CohortFeatures, modalities_of
from divine.features.pack import pack
from divine.store import Store
index = load(Path(sys.argv[1])).index
features = CohortFeatures(index, Pair.parse("V+A", modalities_of(index)), Store(Path(sys.argv[2]) / "store"))
packed = pack(features, Path(sys.argv[2]) / "pack", max_steps=32)
for first in range(0, len(index.clips), 20):
    packed.batch(np.arange(first, min(first + 20, len(index.clips))))
"""
_TELL = "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def speed(cohort: Path, codes: str) -> None:
    """Print how much faster than real time a cohort is extracted by the command that users have."""
    clip_s = sum(open_entry(clip).duration_s for clip in load(cohort).index.clips)
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "divine.cli", "extract", str(cohort), "--encoders", codes, "--json"]
        before_s, start_s = _children_s(), time.perf_counter()
        done = subprocess.run(command, env=os.environ | {"DIVINE_HOME": home}, capture_output=True, text=True, check=True)
        wall_s, busy_s = time.perf_counter() - start_s, _children_s() - before_s
    told = json.loads(done.stdout)
    print(
        f"{codes}: {told['done']} clips, {len(told['failures'])} failures, {clip_s:.0f} s of clip in {wall_s:.0f} s: "
        f"{clip_s / wall_s:.1f} x real time; {busy_s:.0f} s of one core, so {clip_s * compute.cores() / busy_s:.1f} x on "
        f"{compute.cores()} cores with nothing else to do (load {os.getloadavg()[0]:.1f})"
    )


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sounds(folder: Path, count: int) -> Path:
    """Write a manifest of short sounds, no two alike."""
    rng = np.random.default_rng(0)
    swell = np.sin(np.pi * np.arange(8000) / 8000)
    for number in range(count):
        tone = np.sin(2 * np.pi * (100 + number / 20) * np.arange(8000) / 16_000)
        soundfile.write(folder / f"{number}.wav", 0.3 * swell * tone + rng.normal(scale=1e-3, size=8000), 16_000)
    return _manifest(folder, [{"audio": f"{number}.wav"} for number in range(count)])


def features(folder: Path, count: int) -> Path:
    """Write a manifest of files of features, as wide as those of the paper's encoders, no two alike."""
    rng = np.random.default_rng(0)
    for number in range(count):
        for kind in "va":
            np.save(folder / f"{kind}{number}.npy", rng.normal(size=(40, 768)).astype(np.float32))
    return _manifest(
        folder, [{"features_video_V": f"v{number}.npy", "features_audio_A": f"a{number}.npy"} for number in range(count)]
    )


def _manifest(folder: Path, rows: list[dict[str, str]]) -> Path:
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["subject", "group", "task", *rows[0]])
        writer.writeheader()
        writer.writerows({"subject": f"P{i // 9}", "group": "ALS", "task": f"T{i % 9}"} | row for i, row in enumerate(rows))
    return folder / "manifest.csv"


def memory() -> int:
    """Print a table of peaks; return 1 if one grows."""
    print("| | " + " | ".join(f"{count} clips, MB" for count in COUNTS) + " | growth |\n|---|---|---|---|")
    grown = False
    for title, make, code in (("extraction", sounds, _EXTRACT), ("packing and batches", features, _PACK)):
        peaks = []
        for count in COUNTS:
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
                command = [sys.executable, "-c", code + _TELL, str(make(Path(folder), count)), home]
                done = subprocess.run(
                    command, env=os.environ | {"DIVINE_HOME": home}, capture_output=True, text=True, check=True
                )
                peaks.append(int(done.stdout) / 1024)
        grown |= peaks[1] > ALLOWED * peaks[0]
        print(f"| {title} | {peaks[0]:.0f} | {peaks[1]:.0f} | {peaks[1] / peaks[0] - 1:+.0%} |", flush=True)
    return int(grown)


if __name__ == "__main__":
    if sys.argv[1:] == ["--memory"]:
        sys.exit(memory())
    speed(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "KI,AC")
