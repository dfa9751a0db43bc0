"""How fast an encoder is on this machine: ``divine encoders bench``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from divine.encoders.registry import info, load
from divine.records import Observation


class Bench(NamedTuple):
    """One encoder over one recording."""

    code: str
    clip_s: float
    load_s: float
    run_s: float
    peak_bytes: int | None
    """The most memory this process held meanwhile; None where the kernel does not tell."""

    @property
    def speed(self) -> float:
        """Seconds of clip per second."""
        return self.clip_s / self.run_s


def bench(code: str, observation: Observation) -> Bench:
    """Load an encoder, run it once to warm up, and time a second run.

    Raises:
        EncoderError: it cannot run here, or makes nothing of the recording.
    """
    start_s = time.perf_counter()
    encoder = load(info(code).code)
    loaded_s = time.perf_counter()
    encoder([observation])
    _forget_peak()
    before_s = time.perf_counter()
    encoder([observation])
    after_s = time.perf_counter()
    return Bench(code, observation.clip.duration_s, loaded_s - start_s, after_s - before_s, _peak_bytes())


def _forget_peak() -> None:
    kernel = Path("/proc/self/clear_refs")
    if kernel.exists():
        kernel.write_text("5")


def _peak_bytes() -> int | None:
    kernel = Path("/proc/self/status")
    if not kernel.exists():
        return None
    line = next((line for line in kernel.read_text().splitlines() if line.startswith("VmHWM")), None)
    return None if line is None else int(line.split()[1]) * 1024
