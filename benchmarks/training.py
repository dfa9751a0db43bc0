"""Seconds of folds x seeds: the plain loop against members side by side, in float32 and in bfloat16.

Run: ``python -m benchmarks.training [--widths 111,66] [--seeds 5] [--epochs 50] [--rounds 5]``: taken in turns, medians over
rounds. ``--widths 768,1024`` has the published sizes.

*Plain* is one member after another in one process on all threads, with torch's own dropout and glibc's own ways with memory;
the others are what ``divine train`` does, as many single-threaded processes as there are cores. Seconds run from the start of
the first member to the end of the last, judged and written; beside them those of the whole command, and its processor time.
``--rounds 0 --pairs 1`` times whole runs alone, one per pair of encoders, in bfloat16. SYNTHETIC features.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from divine.compute import Done, Workers, cores
from divine.compute.workers import attempt

VARIANTS = ("plain", "float32", "bfloat16")
SUBJECTS, TASKS, STEPS = 36, ("NSM_OPEN", "NSM_KISS", "NSM_SPREAD", "NSM_BLOW", "DDK_PA", "DDK_PATAKA", "BBP_NORMAL"), 32


class Timed(NamedTuple):
    """What one run of folds x seeds came to."""

    train_s: float
    wall_s: float
    auroc: float
    mae: float
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Plain:
    """One item after another here, on all threads, with torch's own dropout and glibc's own ways with memory."""

    def check(self, paths: Sequence[Path]) -> None:
        """Find nothing to check."""

    def each(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Done[Any, Any]]:
        import torch

        from divine.models.dropout import Dropout
        from divine.training import member

        torch.set_num_threads(cores())
        torch.set_num_threads = lambda count: None  # members ask for one thread
        Dropout.forward = torch.nn.Dropout.forward
        member.keep_freed_memory = lambda: None
        return (Done(item, attempt(function, item)) for item in items)


def write_cohort(root: Path, widths: tuple[int, int], clips_each: int = len(TASKS)) -> Path:
    """Write SYNTHETIC features with a signal that a model can find, and return their manifest."""
    rng = np.random.default_rng(0)
    root.mkdir(parents=True)
    rows = []
    for person in range(SUBJECTS):
        group = ("ALS", "Stroke", "Healthy")[person % 3]
        signature = [rng.normal(size=width) for width in widths]
        for clip in range(clips_each):
            name = f"S{person:02d}-{clip}"
            row: dict[str, object] = {"subject": f"S{person:02d}", "group": group, "task": TASKS[clip % len(TASKS)]}
            for width, own, (modality, code) in zip(widths, signature, (("video", "V"), ("audio", "A")), strict=True):
                values = own + rng.normal(size=(STEPS, width)) + 0.7 * (np.arange(width) % 3 == person % 3)
                np.save(root / f"{name}-{code}.npy", values.astype(np.float32))
                row[f"features_{modality}_{code}"] = f"{name}-{code}.npy"
            for item in ("symmetry", "range_of_motion", "speed", "variability", "fatigue"):
                row[f"rating_{item}_SLP1"] = 1 if group == "Healthy" else int(rng.integers(2, 6))
            rows.append(row)
    with (root / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return root / "manifest.csv"


def carry_out(variant: str, manifest: Path, folder: Path, widths: tuple[int, int], seeds: int, epochs: int) -> Timed:
    """Train folds x seeds once."""
    from divine.evaluation.evaluate import evaluate
    from divine.store import Store
    from divine.training.config import TrainingConfig
    from divine.training.cross_validate import cross_validate
    from divine.training.run import Run
    from divine.training.spec import RunSpec, configure

    spec = RunSpec(
        str(manifest),
        "V+A",
        configure("divine", "M", max(widths)),
        seeds=seeds,
        training=TrainingConfig(max_epochs=epochs),
        precision="bfloat16" if variant == "bfloat16" else "float32",
    )
    run, begun = Run(folder), time.monotonic()
    workers: Workers | int = Plain() if variant == "plain" else cores()
    cross_validate(spec, run, Store(folder.parent / "store"), workers=workers, engine="members")
    wall = time.monotonic() - begun
    times = [json.loads(line)["time"] for line in (folder / "events.jsonl").read_text().splitlines()]
    found = next(
        one for one in evaluate(run.predictions(), tasks="all") if one.modalities == "audio+video" and one.level == "clip"
    )
    return Timed(max(times) - min(times), wall, found.metrics["auroc"].mean, found.metrics["mae_total"].mean)


def compare(widths: tuple[int, int], seeds: int, epochs: int, rounds: int) -> None:
    """Time every variant in turns, and print the table."""
    found: dict[str, list[Timed]] = {variant: [] for variant in VARIANTS}
    with tempfile.TemporaryDirectory() as scratch:
        manifest = write_cohort(Path(scratch) / "cohort", widths)
        for number in range(rounds):
            for variant in VARIANTS:
                folder = Path(scratch) / f"{variant}{number}"
                found[variant].append(Timed(*_child(["--only", variant, str(manifest), str(folder)], widths, seeds, epochs)))
                sys.stderr.write(f"{number} {variant} {found[variant][-1]}\n")
    plain = statistics.median(one.train_s for one in found["plain"])
    clips = SUBJECTS * len(TASKS)
    print(f"5 folds x {seeds} seeds x {epochs} epochs, {clips} clips, widths {widths}, {cores()} cores; median of {rounds}")
    print(
        "\n| variant | seconds | faster than plain | whole command | processor | AUROC | MAE |\n|---|---|---|---|---|---|---|"
    )
    for variant, times in found.items():
        train = statistics.median(one.train_s for one in times)
        wall = statistics.median(one.wall_s for one in times)
        cpu = statistics.median(one.cpu_s for one in times)
        last = times[-1]
        print(f"| {variant} | {train:.1f} | {plain / train:.2f} | {wall:.1f} | {cpu:.1f} | {last.auroc:.3f} | {last.mae:.2f} |")


def whole_runs(widths: tuple[int, int], seeds: int, epochs: int, pairs: int) -> None:
    """Time one run per pair, from clips on disk to predictions on disk, and print each; every pair has the same features."""
    with tempfile.TemporaryDirectory() as scratch:
        manifest = write_cohort(Path(scratch) / "cohort", widths)
        runs = [
            Timed(*_child(["--only", "bfloat16", str(manifest), str(Path(scratch) / f"pair{number}")], widths, seeds, epochs))
            for number in range(pairs)
        ]
    print(f"whole runs of 5 folds x {seeds} seeds x {epochs} epochs, widths {widths}, bfloat16, {cores()} cores, one per pair:")
    print(f"{', '.join(f'{one.wall_s:.0f}' for one in runs)} s; together {sum(one.wall_s for one in runs):.0f} s")


def _child(arguments: list[str], widths: tuple[int, int], seeds: int, epochs: int) -> list[float]:
    sizes = ["--widths", ",".join(map(str, widths)), "--seeds", str(seeds), "--epochs", str(epochs)]
    command = [sys.executable, "-m", "benchmarks.training", *arguments, *sizes]
    before = _cpu_s()
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [*json.loads(said.splitlines()[-1])[:-1], _cpu_s() - before]


def _cpu_s() -> float:
    """Return the processor time of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", default="111,66")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    video, audio = map(int, asked.widths.split(","))
    if asked.only:
        variant, manifest, folder = asked.only
        print(json.dumps(carry_out(variant, Path(manifest), Path(folder), (video, audio), asked.seeds, asked.epochs)))
        return
    if asked.rounds:
        compare((video, audio), asked.seeds, asked.epochs, asked.rounds)
    if asked.pairs:
        whole_runs((video, audio), asked.seeds, asked.epochs, asked.pairs)


if __name__ == "__main__":
    main()
