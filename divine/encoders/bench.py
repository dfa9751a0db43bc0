"""How fast an encoder is on this machine, and how much memory it takes: ``divine encoders bench``."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from divine.compute import processes
from divine.encoders.registry import info, load
from divine.records import DivineError, Observation
from divine.weights import encoder_folder

WARM_S = 0.5


class Bench(NamedTuple):
    """One encoder over one recording."""

    code: str
    clip_s: float
    load_s: float
    run_s: float
    peak_bytes: int | None
    """The most memory its process held meanwhile; None where the kernel does not tell."""
    operations: float
    """Of the network, a multiplication and an addition counting two; 0 where it has none, or they cannot be counted."""
    peak_operations_s: float
    """What a large matrix product reaches here; 0 where no network was run."""

    @property
    def speed(self) -> float:
        """Seconds of clip per second."""
        return self.clip_s / self.run_s

    @property
    def share(self) -> float | None:
        """Share of what a large matrix product reaches here; None where operations were not counted."""
        return self.operations / self.run_s / self.peak_operations_s if self.operations else None


def bench_all(
    codes: Sequence[str],
    observation: Observation,
    *,
    random: bool = False,
    on_code: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[tuple[str, Bench | DivineError]]:
    """Measure encoders one after the other, each in a process of its own; one that cannot run does not stop the others.

    Args:
        codes: the encoders.
        observation: what they are run over.
        random: give those that need weights random ones of the published size.
        on_code: is told how many of how many are measured.
    """
    for number, code in enumerate(codes, start=1):
        (done,) = processes(1).each(functools.partial(_bench, random=random, observation=observation), [code])
        on_code(number, len(codes))
        yield code, done.outcome


def _bench(code: str, *, random: bool, observation: Observation) -> Bench:
    if not random or info(code).weights is None:
        return bench(code, observation)
    from divine.encoders.random_weights import write

    home = tempfile.mkdtemp(prefix="divine-")
    os.environ["DIVINE_HOME"] = home  # of this process, which does nothing else
    try:
        write(code, encoder_folder(code))
        return bench(code, observation)
    finally:
        shutil.rmtree(home)


def bench(code: str, observation: Observation) -> Bench:
    """Load an encoder, run it over half a second to warm up, and time a run.

    Raises:
        EncoderError: it cannot run here, or makes nothing of the recording.
    """
    start_s = time.perf_counter()
    encoder = load(info(code).code)
    loaded_s = time.perf_counter()
    with _counter(code) as count:
        encoder([stretch(observation, WARM_S)])
        warm = count()
        _forget_peak()
        before_s = time.perf_counter()
        encoder([observation])
        run_s = time.perf_counter() - before_s
        operations = count() - warm
    memory = _peak_bytes()
    fastest = _matrix_product() if operations else 0.0
    return Bench(code, observation.clip.duration_s, loaded_s - start_s, run_s, memory, operations, fastest)


def stretch(observation: Observation, seconds: float) -> Observation:
    """Return the beginning of an observation."""
    track, sound = observation.landmarks, observation.sound
    if track is not None:
        count = max(1, int((track.times_s < track.times_s[0] + seconds).sum()))
        arrays = {name: getattr(track, name)[:count] for name in ("times_s", "points_px", "confidence", "pose_deg", "faces")}
        track = dataclasses.replace(track, **arrays)
    if sound is not None:
        sound = dataclasses.replace(sound, samples=sound.samples[: round(seconds * sound.rate_hz)])
    clip = dataclasses.replace(observation.clip, duration_s=min(seconds, observation.clip.duration_s))
    return Observation(clip, track, sound)


@contextlib.contextmanager
def _counter(code: str) -> Iterator[Callable[[], float]]:
    """Count what networks compute; yield what tells the count so far."""
    if info(code).weights is None:
        yield lambda: 0.0
        return
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        yield lambda: float(counter.get_total_flops())


def _matrix_product(size: int = 2048) -> float:
    """Return the operations per second of a large matrix product where networks run, as they run it; the best of three."""
    import torch

    from divine.encoders.device import device, inference

    on_gpu = device().type == "cuda"
    size *= 4 if on_gpu else 1
    factor, best = torch.ones(size, size, device=device()), 0.0
    with inference():
        for _ in range(3):
            start_s = time.perf_counter()
            torch.matmul(factor, factor)
            if on_gpu:
                torch.cuda.synchronize()
            best = max(best, 2 * size**3 / (time.perf_counter() - start_s))
    return best


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
