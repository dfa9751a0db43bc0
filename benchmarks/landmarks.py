"""How fast landmarks are found, decoding and child process included, and how much memory that takes.

    python -m benchmarks.landmarks [CLIP ...] [--backend mediapipe] [--minutes 10]

Without CLIP: the shared clips where they are present, and a SYNTHETIC one (the photograph that scikit-image ships, its mouth
moving, 640 x 480, 50 frames/s). The last clip is then repeated to ``--minutes`` to see what length costs.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from array import array
from pathlib import Path

import numpy as np

from benchmarks.decoding import repeated
from benchmarks.warped_faces import CLIPS, FPS, Motion, photographs, render
from divine.face.track import Backend, look, track
from divine.face.tracks import landmarks_of
from divine.media import Home, open_clip, pack, run_isolated, unpack, write_video
from divine.records import Clip

RUNS = 3


class Watch:
    """The way home, noting when each frame was done."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._began_s = time.perf_counter()
        self.times_s = array("d")

    def __call__(self, fraction: float) -> None:
        self.times_s.append(time.perf_counter() - self._began_s)
        self._home(fraction)

    def part(self, content: bytes) -> None:
        self._home.part(content)


def watched(clip: Clip, backend: str, *, report: Home) -> bytes:
    """Follow a clip in the child, and note time and memory on the way."""
    watch = Watch(report)
    report.part(look(clip, backend, report=watch))
    used = resource.getrusage(resource.RUSAGE_SELF)
    about = {"memory_mb": used.ru_maxrss / 1024, "work_s": used.ru_utime + used.ru_stime}
    return pack({"times_s": np.frombuffer(watch.times_s)}, about)


def drift(points: np.ndarray, period: int) -> float | None:
    """Return how far the mouth lies in the last repetition from where it lay in the second, in outer-eye distances."""
    if len(points) < 3 * period:
        return None
    second, last = points[period : 2 * period], points[len(points) // period * period - period :][:period]
    oed = np.linalg.norm(second[:, 45] - second[:, 36], axis=1)
    return float(np.nanmax(np.nanmedian(np.linalg.norm(last - second, axis=2)[:, 48:] / oed[:, None], axis=0)))


def moving_photograph(path: Path) -> Path:
    """Write 10 s of the photograph with a mouth that opens and a corner that sinks."""
    face = photographs()[0]
    cycle = [
        render(face, Motion(corners=(0.05 * w, 0.0), jaw=0.2 * w)) for w in (1 - np.cos(np.linspace(0, 2 * np.pi, 50))) / 2
    ]
    write_video(path, ((i / FPS, cycle[i % 50]) for i in range(10 * FPS)))
    return path


def speed(path: Path, backend: Backend) -> None:
    """Print frames per second of whole calls."""
    clip = open_clip(path)
    assert clip.video
    rates = []
    found = None
    for _ in range(RUNS):
        began_s = time.perf_counter()
        found = track(clip, backend=backend)
        rates.append(len(found.times_s) / (time.perf_counter() - began_s))
    assert found
    size = f"{clip.video.width} x {clip.video.height}"
    print(
        f"{path.name}: {size}, {len(found.times_s)} frames, {max(rates):.0f} frames/s (best of {RUNS}; worst {min(rates):.0f}),"
    )
    print(f"    face in {found.found.mean():.1%} of the frames, mean confidence {found.confidence[found.found].mean():.2f}")


def length(path: Path, backend: str, period: int) -> float:
    """Print memory, time per frame by position, and drift; return the memory."""
    clip = open_clip(path)
    assert clip.video
    parts: list[bytes] = []
    arrays, about = unpack(run_isolated(watched, clip, backend, on_part=parts.append), clip.name)
    times_s, memory_mb, work_s = arrays["times_s"], about["memory_mb"], about["work_s"]
    drifted = drift(landmarks_of(parts[:-1], parts[-1], clip.name).points_px, period)
    steps = np.diff(times_s, prepend=0.0) * 1e3
    tenths = ", ".join(f"{part.mean():.2f}" for part in np.array_split(steps[1:], 10))
    print(f"{clip.duration_s:.0f} s: {len(times_s)} frames, peak memory {memory_mb:.0f} MB; ms per frame by tenth: {tenths}")
    print(f"    work of all threads: {work_s / len(times_s) * 1e3:.2f} ms per frame")
    if drifted is not None:
        print(
            f"    the mouth's points lie at most {drifted:.4f} outer-eye distances from where they lay in the second repetition"
        )
    return memory_mb


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--backend", default="mediapipe")
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clips = given.clips or [*sorted(CLIPS.glob("*.mp4")), moving_photograph(Path(folder) / "SYNTHETIC.mp4")]
        for path in clips:
            speed(path, given.backend)
        short = open_clip(clips[-1])
        assert short.video
        long = repeated(clips[-1], Path(folder) / "long.mp4", round(given.minutes * 60 / short.duration_s))
        short_mb, long_mb = (length(path, given.backend, short.video.frames) for path in (clips[-1], long))
        print(f"memory grows by {long_mb - short_mb:.0f} MB ({long_mb / short_mb - 1:.1%}) over {given.minutes:g} minutes")


if __name__ == "__main__":
    # The child imports what it runs by name, so it must not live in `__main__`.
    from benchmarks.landmarks import main as run

    run()
