"""Does anything of a test subject leak into training? With diagnoses permuted between subjects, nothing can be learned.

Run: ``python -m benchmarks.leak [--systems divine,logistic] [--permutations 20] [--first 0]``. SYNTHETIC features, nothing
clinical: every subject has a signature of its own in both modalities, so that a split by clip *would* leak.

Per permutation and system the score is the macro-F1 of the test clips, a mean over folds. What guessing would score is computed
from the system's own answers: the true diagnoses are shuffled between the subjects of the test fold, 200 times. Permuted
diagnoses are exchangeable between those subjects whatever was learned from the others, so that mean is the exact expectation
without a leak, for a system that always says the same as for one that says everything equally often. The difference, averaged
over permutations, must lie within two standard errors of zero.

``by clip`` is the same with a leak planted on purpose: the manifest calls every clip a subject, so that clips of one person
stand on both sides. The difference must then lie far above zero.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from divine.compute import processes
from divine.evaluation.metrics import macro_f1
from divine.models.config import DivineConfig
from divine.store import Store
from divine.training.config import TrainingConfig
from divine.training.cross_validate import cross_validate
from divine.training.run import Run
from divine.training.spec import SYSTEMS, RunSpec, configure

GROUPS, PER_GROUP, CLIPS, STEPS, FOLDS, SHUFFLES = ("ALS", "Stroke", "Healthy"), 9, 4, 6, 3, 200
WIDTHS = {"video": 12, "audio": 10}
SMALL = DivineConfig.small(refine_channels=32, window_hidden=32, utterance_hidden=32, mixer_hidden=32)
BRIEF = TrainingConfig(learning_rate=3e-3, max_epochs=8)


class Task(NamedTuple):
    """One system on one permutation."""

    system: str
    permutation: int
    by_clip: bool


class Outcome(NamedTuple):
    """What it scored, and what guessing with the same answers scores."""

    score: float
    guess: float


class Verdict(NamedTuple):
    """One line of the table."""

    system: str
    by_clip: bool
    first: int
    """Number of the first permutation."""
    score: float
    guess: float
    difference: float
    error: float
    """Standard error of the difference over permutations."""

    @property
    def errors(self) -> float:
        """The difference in standard errors."""
        return self.difference / self.error

    @property
    def suspect(self) -> bool:
        """Whether it lies further from guessing than two standard errors."""
        return abs(self.errors) > 2


def write_cohort(root: Path, task: Task) -> Path:
    """Write features whose diagnoses are permuted between subjects, the subjects in a shuffled order; return the manifest."""
    features, shuffler = np.random.default_rng(7), np.random.default_rng((11, task.permutation))
    people = PER_GROUP * len(GROUPS)
    diagnoses = shuffler.permutation(np.repeat(GROUPS, PER_GROUP))
    rows: list[list[dict[str, object]]] = []
    root.mkdir(parents=True)
    for person in range(people):
        true = person // PER_GROUP
        signature = {modality: features.normal(size=dim) + 2.0 * (np.arange(dim) == true) for modality, dim in WIDTHS.items()}
        rows.append([])
        for clip in range(CLIPS):
            name = f"S{person:02d}-{clip}"
            row: dict[str, object] = {"subject": name if task.by_clip else f"S{person:02d}", "group": diagnoses[person]}
            row |= {"task": ("DDK_PA", "NSM_OPEN")[clip % 2], "rating_speed_SLP1": int(features.integers(1, 6))}
            row |= {"age": 40 + person, "sex": "FM"[person % 2]}
            for modality, dim in WIDTHS.items():
                values = signature[modality] + 0.5 * features.normal(size=(STEPS, dim))
                np.save(root / f"{name}-{modality}.npy", values.astype(np.float32))
                row[f"features_{modality}_{modality[0].upper()}"] = f"{name}-{modality}.npy"
            rows[-1].append(row)
    lines = [row for person in shuffler.permutation(people) for row in rows[person]]
    with (root / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return root / "manifest.csv"


def carry_out(task: Task) -> Outcome:
    """Train and judge one system on one permutation."""
    with tempfile.TemporaryDirectory() as scratch:
        manifest = write_cohort(Path(scratch) / "cohort", task)
        encoders = "A" if SYSTEMS[task.system].single else "V+A"
        changed = configure(task.system, "M", 10)
        config = dataclasses.replace(SMALL, gates=changed.gates, loss=changed.loss)
        spec = RunSpec(str(manifest), encoders, config, system=task.system, folds=FOLDS, seeds=1, training=BRIEF)
        run = Run(Path(scratch) / "run")
        cross_validate(spec, run, Store(Path(scratch) / "store"), workers=1)
        frame = run.predictions().where(part="test").frame
    fullest = max(frame["modalities"].unique(), key=len)
    folds = [_score(rows, task) for _, rows in frame[frame["modalities"] == fullest].groupby("fold")]
    return Outcome(*np.mean(folds, axis=0).tolist())


def _score(rows: pd.DataFrame, task: Task) -> Outcome:
    number = {name: place for place, name in enumerate(GROUPS)}
    predicted = rows["prediction"].map(number).to_numpy(int)
    people, owner = np.unique(rows["subject"].to_numpy(str), return_inverse=True)
    target = np.empty(len(people), dtype=int)
    target[owner] = rows["target"].map(number).to_numpy(int)
    rng = np.random.default_rng((13, task.permutation))
    guesses = [macro_f1(target=rng.permutation(target)[owner], predicted=predicted) for _ in range(SHUFFLES)]
    return Outcome(macro_f1(target=target[owner], predicted=predicted), float(np.mean(guesses)))


def judge(systems: Sequence[str], permutations: range, by_clip: bool, workers: int) -> list[Verdict]:
    """Return a verdict per system."""
    tasks = [Task(system, one, by_clip) for system in systems for one in permutations]

    def verdict(system: str) -> Verdict:
        return _verdict(system, by_clip, permutations.start, np.array(found[system]))

    found: dict[str, list[Outcome]] = {system: [] for system in systems}
    for done in processes(workers).each(carry_out, tasks):
        found[done.item.system].append(done.result())
        if len(found[done.item.system]) == len(permutations):
            print(verdict(done.item.system), file=sys.stderr, flush=True)
    return [verdict(system) for system in found]


def _verdict(system: str, by_clip: bool, first: int, outcomes: np.ndarray) -> Verdict:
    difference = outcomes[:, 0] - outcomes[:, 1]
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    score, guess = outcomes.mean(axis=0).tolist()
    return Verdict(system, by_clip, first, score, guess, float(difference.mean()), max(float(error), 1e-12))


def main() -> None:
    """Print the table, and exit 1 where a system leaks or the planted leak goes unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--permutations", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first permutation: others are fresh ones")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    permutations = range(asked.first, asked.first + asked.permutations)
    fresh = range(permutations.stop, permutations.stop + asked.permutations)
    systems = asked.systems.split(",")
    planted = [system for system in ("concat", "divine", "logistic") if system in systems] or systems[:1]
    found = judge(systems, permutations, False, asked.workers)
    again = judge([one.system for one in found if one.suspect], fresh, False, asked.workers)
    leaks = judge(planted, permutations, True, asked.workers)
    print(f"\n{asked.permutations} permutations of {PER_GROUP * len(GROUPS)} subjects, {FOLDS} folds; macro-F1 of test clips\n")
    print("| system | split | permutations from | macro-F1 | guessing | difference | in standard errors |")
    print("|---|---|---|---|---|---|---|")
    for one in (*found, *again, *leaks):
        split = "**by clip**" if one.by_clip else "by subject"
        numbers = f"{one.score:.3f} | {one.guess:.3f} | {one.difference:+.3f} ± {one.error:.3f} | {one.errors:+.1f}"
        print(f"| {one.system} | {split} | {one.first} | {numbers} |")
    leaking, missed = [one for one in again if one.suspect], [one for one in leaks if one.errors < 4]
    for one in leaking:
        print(f"{one.system}: twice more than two standard errors from guessing")
    for one in missed:
        print(f"{one.system}: the planted leak was missed")
    sys.exit(bool(leaking or missed))


if __name__ == "__main__":
    main()
