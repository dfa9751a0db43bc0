"""Seconds of folds x seeds on a GPU: the plain loop on that GPU against one stack; and of whole runs, one pair and many.

Run: ``python -m benchmarks.training_gpu [--widths 768,1024] [--seeds 5] [--epochs 50] [--rounds 3] [--pairs 36]``; a GPU is
needed.

*Plain* is one member after another with everything on the GPU (``loop.fit``), *stacked* all of them as one (``fit_stacked``),
from the same clips in memory to trained models, taken in turns; medians over rounds. *Whole runs* are what ``divine train``
does, one run per pair of encoders: read, train folds x seeds, judge every clip in every setting, write checkpoints and
predictions. SYNTHETIC features; every pair has the same.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch

from benchmarks.training import SUBJECTS, TASKS, write_cohort
from divine.data.load import load
from divine.data.splits import split
from divine.models.batch import move, take
from divine.store import Store
from divine.training.config import TrainingConfig
from divine.training.cross_validate import cross_validate, prepare
from divine.training.loop import Fitted, fit
from divine.training.run import Run
from divine.training.source import MemorySource
from divine.training.spec import RunSpec, configure
from divine.training.stack_run import Ensemble, assemble
from divine.training.stacked import fit_stacked

GPU = torch.device("cuda")
WARM_UP = TrainingConfig(max_epochs=2)


def ensemble_of(spec: RunSpec, scratch: Path) -> Ensemble:
    """Read the clips of a run, and split them."""
    index = load(Path(spec.data)).index
    work = prepare(spec, Run(scratch / "prepared"), index, Store(scratch / "store"))
    return assemble(work, split(index, spec.folds, range(spec.seeds)).members)


def plain(ensemble: Ensemble, spec: RunSpec, training: TrainingConfig) -> list[Fitted]:
    """Train one member after another, clips and model on the GPU."""
    whole = move(ensemble.whole, GPU)

    def source(rows: torch.Tensor) -> MemorySource:
        return MemorySource(take(whole, rows.to(GPU)))

    return [
        fit(source(one.train), source(one.validation), ensemble.schema, spec.config, training, one.seed)
        for one in ensemble.members
    ]


def stacked(ensemble: Ensemble, spec: RunSpec, training: TrainingConfig) -> tuple[Fitted, ...]:
    """Train all members as one."""
    return fit_stacked(ensemble.whole, ensemble.members, ensemble.schema, spec.config, training, precision=spec.precision)


Engine = Callable[[Ensemble, RunSpec, TrainingConfig], Iterable[Fitted]]
ENGINES: dict[str, Engine] = {"plain": plain, "stacked": stacked}


def compare(ensemble: Ensemble, spec: RunSpec, rounds: int) -> None:
    """Time both engines in turns, and print the table."""
    for train in ENGINES.values():
        train(ensemble._replace(members=ensemble.members[:1]), spec, WARM_UP)
    seconds: dict[str, list[float]] = {name: [] for name in ENGINES}
    losses: dict[str, np.ndarray] = {}
    for number in range(rounds):
        for name, train in ENGINES.items():
            torch.cuda.synchronize()
            begun = time.monotonic()
            fitted = train(ensemble, spec, spec.training)
            torch.cuda.synchronize()
            seconds[name].append(time.monotonic() - begun)
            losses[name] = np.array([one.history[-1].validation for one in fitted])
            sys.stderr.write(f"{number} {name} {seconds[name][-1]:.1f} s\n")
    print(f"\n{len(ensemble.members)} members, {spec.training.max_epochs} epochs; median of {rounds}\n")
    print("| engine | seconds | faster than plain | validation loss of the last epoch |\n|---|---|---|---|")
    for name, taken in seconds.items():
        median, loss = statistics.median(taken), losses[name]
        ratio = statistics.median(seconds["plain"]) / median
        print(f"| {name} | {median:.1f} | {ratio:.1f} | {loss.mean():.3f} ± {loss.std(ddof=1):.3f} |")


def whole_runs(spec: RunSpec, scratch: Path, pairs: int) -> None:
    """Time whole runs, one after another."""
    seconds = []
    for number in range(pairs):
        begun = time.monotonic()
        cross_validate(spec, Run(scratch / f"run{number}"), Store(scratch / "store"), engine="stacked")
        seconds.append(time.monotonic() - begun)
        sys.stderr.write(f"pair {number + 1} of {pairs}: {seconds[-1]:.1f} s\n")
    each = f"one {statistics.median(seconds):.1f} s (median; {min(seconds):.1f} to {max(seconds):.1f})"
    print(
        f"\n{pairs} pairs of {spec.folds} folds x {spec.seeds} seeds x {spec.training.max_epochs} epochs, whole runs: {each},"
    )
    print(f"all {sum(seconds):.0f} s; {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB of the GPU at most")


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", default="768,1024")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3, help="of both engines; 0 for none")
    parser.add_argument("--pairs", type=int, default=36, help="whole runs; 0 for none")
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("no GPU here: `python -m benchmarks.training` times the CPU.")
    video, audio = map(int, asked.widths.split(","))
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}; {SUBJECTS * len(TASKS)} clips, widths {video}, {audio}")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        manifest = write_cohort(scratch / "cohort", (video, audio))
        training = TrainingConfig(max_epochs=asked.epochs)
        spec = RunSpec(str(manifest), "V+A", configure("divine", "M", max(video, audio)), seeds=asked.seeds, training=training)
        if asked.rounds:
            compare(ensemble_of(spec, scratch), spec, asked.rounds)
        if asked.pairs:
            whole_runs(spec, scratch, asked.pairs)


if __name__ == "__main__":
    main()
