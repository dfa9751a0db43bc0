"""Kill a training job's worker at random moments, go on with it, and compare: ``python -m benchmarks.kill_jobs [--rounds 10]``.

Every round queues the same run, kills its worker with SIGKILL at a moment drawn over the time that an undisturbed worker takes,
and resumes. Its predictions must be those of the undisturbed run to the bit, and no finished member may be trained again.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from divine import services
from divine.config import home
from divine.jobs.lock import is_held
from tests.training.cohorts import write_cohort

FOLDS, SEEDS = 3, 2
_POLL_S = 0.01


class Round(NamedTuple):
    """What one disturbed job came to."""

    killed_at_s: float
    stage: str
    """What the worker was at."""
    finished: int
    """Members that were finished when it was killed."""
    redone: int
    same: bool
    """Whether the predictions are those of the undisturbed job."""


def order(manifest: Path, *, system: str = "divine", workers: int = 1) -> services.TrainOrder:
    """Return the job of every round."""
    asked = services.TrainOrder(str(manifest), "V+A", system, folds=FOLDS, seeds=SEEDS, baselines=("majority",))
    return dataclasses.replace(asked, workers=workers)


def undisturbed(asked: services.TrainOrder) -> tuple[Path, float]:
    """Carry a job out in peace; return its run and how long that took, in seconds."""
    begun = time.monotonic()
    job = wait(services.submit(asked).id)
    return services.run_folder(job), time.monotonic() - begun


def disturbed(asked: services.TrainOrder, reference: Path, pause: Callable[[str], object]) -> Round:
    """Kill a job's worker after ``pause``, which is given the job's id; go on with it, and compare."""
    begun = time.monotonic()
    job = services.submit(asked).id
    pause(job)
    moment_s = time.monotonic() - begun
    run = services.run_folder(job)
    status = services.job(job).status
    kill(job)
    before = {path: path.stat().st_mtime_ns for path in run.glob("members/*/predictions.parquet")}
    if services.job(job).active:
        raise RuntimeError("the worker is dead, and its job still calls itself active")
    services.resume_job(job)
    wait(job)
    redone = sum(path.stat().st_mtime_ns != written for path, written in before.items())
    found, wanted = (pd.read_parquet(one / "predictions.parquet") for one in (run, reference))
    stage = f"{status.stage} {status.done}/{status.total}" if status.total else status.state
    return Round(moment_s, stage, len(before), redone, found.equals(wanted))


def main() -> None:
    """Run the rounds and print the table of docs/jobs.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="divine-kill-jobs-"))
    os.environ["DIVINE_HOME"] = str(place / "home")
    chance = random.Random(options.seed)
    try:
        manifest = write_cohort(place / "cohort", per_group=3, tasks=("DDK_PA",))
        reference, seconds = undisturbed(order(manifest))
        print(f"undisturbed: {seconds:.1f} s, {FOLDS * SEEDS} members")
        print(
            "| killed after | at | members finished then | trained again | same predictions |\n|---|---|---|---|---|",
            flush=True,
        )
        for number in range(options.rounds):
            moment_s = chance.uniform(0, seconds)
            one = disturbed(order(manifest, workers=1 + number % 2), reference, lambda _, s=moment_s: time.sleep(s))
            same = "yes" if one.same else "NO"
            print(f"| {one.killed_at_s:.1f} s | {one.stage} | {one.finished} | {one.redone} | {same} |", flush=True)
    finally:
        shutil.rmtree(place)


def kill(job: str) -> None:
    """Kill the process that holds the job's lock, and nobody else."""
    folder = home() / "jobs" / job
    holder = next((pid for pid in _processes() if folder.name.encode() in _command(pid)), None)
    if holder is not None:
        os.kill(holder, signal.SIGKILL)
    while is_held(folder / ".lock"):
        time.sleep(_POLL_S)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def wait(job: str) -> str:
    """Wait until a job is done, and return it."""
    while services.job(job).active:
        time.sleep(_POLL_S)
    if services.job(job).status.state != "done":
        raise RuntimeError(f"the job ended {services.job(job).status}")
    return job


if __name__ == "__main__":
    main()
