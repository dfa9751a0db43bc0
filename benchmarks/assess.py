"""From a recording to its assessment: seconds in a warm process.

Run: ``python -m benchmarks.assess CLIP [CLIP ...]``; the shipped synthetic example without a clip.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from divine import services
from divine.config import ASSETS
from divine.records import Assessment

ROUNDS = 5


def timed(clip: Path) -> tuple[float, Assessment]:
    """Return the seconds that one assessment took, and the assessment."""
    start = time.perf_counter()
    assessment = services.assess(clip)
    return time.perf_counter() - start, assessment


def main() -> None:
    """Print, per recording, the cold and the warm times and where they went."""
    for clip in [Path(name) for name in sys.argv[1:]] or [ASSETS / "example.mp4"]:
        first, assessment = timed(clip)
        again = [timed(clip) for _ in range(ROUNDS)]
        warm = sorted(seconds for seconds, _ in again)
        shares = ", ".join(f"{name} {value:.2f}" for name, value in again[-1][1].timing_s.items())
        print(f"{clip.name} ({assessment.clip.duration_s:.1f} s): first {first:.2f} s, then {warm[len(warm) // 2]:.2f} s "
              f"(median of {ROUNDS}, {warm[0]:.2f} to {warm[-1]:.2f}); last: {shares}")  # fmt: skip


if __name__ == "__main__":
    main()
