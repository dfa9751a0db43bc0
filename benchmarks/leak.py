"""Does anything of a test subject leak into training? With diagnoses permuted between subjects, nothing can be learned.

Run: ``python -m benchmarks.leak [--systems divine,logistic] [--nines 3]``. SYNTHETIC features, nothing clinical: every subject
has a signature of its own in both modalities, so that a split by clip *would* leak.

Per permutation and system the score is the macro-F1 of the test clips, a mean over folds. What guessing would score is computed
from the system's own answers: the true diagnoses are shuffled between the subjects of the test fold, 200 times. Permuted
diagnoses are exchangeable between those subjects whatever was learned from the others, so that mean is the exact expectation
without a leak, for a system that always says the same as for one that says everything equally often. The difference, averaged
over permutations, must lie within two standard errors of zero, for every system.

Permutations come in nines, drawn at random as a nine and balanced within it (``write_cohort``): whatever the training folds
are labelled, each test fold meets each relabelling of itself once. What a system gains by chance on one it loses on the
others, and the mean lies closer to zero than its standard error, taken as if permutations were independent, says. With
independent ones, one of fourteen systems lies beyond two standard errors by chance in every second run. A leak shows as
before: it gains on all nine.

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
from divine.data.load import load
from divine.data.splits import split
from divine.evaluation.metrics import macro_f1
from divine.models.config import DivineConfig
from divine.store import Store
from divine.training.config import TrainingConfig
from divine.training.cross_validate import cross_validate
from divine.training.run import Run
from divine.training.spec import SYSTEMS, RunSpec, configure

GROUPS, PER_GROUP, CLIPS, STEPS, FOLDS, SHUFFLES, NINE = ("ALS", "Stroke", "Healthy"), 9, 4, 6, 3, 200, 9
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
    """Write features of people who have been dealt other people's diagnoses, in a shuffled order; return the manifest.

    A diagnosis belongs to a seat, and so does the fold: who sits there is what is permuted. In a nine the people of each test
    fold move on by whole diagnoses: by ``a``, ``b`` and ``a + b`` in the three folds, an orthogonal array of strength two.
    """
    nine, place = (task.permutation, 0) if task.by_clip else divmod(task.permutation, NINE)
    a, b = divmod(place, len(GROUPS))
    root.mkdir(parents=True)
    people = write_people(root)
    seated = np.random.default_rng((11, nine)).permutation(len(people))
    manifest = _write_manifest(root / "manifest.csv", people, seated, task.by_clip)
    for fold, moves in zip(split(load(manifest).index, FOLDS, [0]).members, (a, b, a + b), strict=True):
        seats = sorted(int(person.subject.removeprefix("S")) for person in fold.test) if moves else []
        seated[seats] = np.roll(seated[seats], moves * len(seats) // len(GROUPS))
    return _write_manifest(manifest, people, seated, task.by_clip)


def write_people(root: Path) -> list[list[dict[str, object]]]:
    """Write the features of every person's clips, and return what a manifest says of each but for subject and diagnosis."""
    rng = np.random.default_rng(7)
    people: list[list[dict[str, object]]] = []
    for person in range(PER_GROUP * len(GROUPS)):
        true = person // PER_GROUP
        signature = {modality: rng.normal(size=dim) + 2.0 * (np.arange(dim) == true) for modality, dim in WIDTHS.items()}
        people.append([])
        for clip in range(CLIPS):
            row: dict[str, object] = {"task": ("DDK_PA", "NSM_OPEN")[clip % 2], "rating_speed_SLP1": int(rng.integers(1, 6))}
            row |= {"age": 40 + person, "sex": "FM"[person % 2]}
            for modality, dim in WIDTHS.items():
                values = signature[modality] + 0.5 * rng.normal(size=(STEPS, dim))
                np.save(root / f"{person}-{clip}-{modality}.npy", values.astype(np.float32))
                row[f"features_{modality}_{modality[0].upper()}"] = f"{person}-{clip}-{modality}.npy"
            people[-1].append(row)
    return people


def _write_manifest(path: Path, people: list[list[dict[str, object]]], seated: np.ndarray, by_clip: bool) -> Path:
    """Write who sits where, by person, so that the order of clips tells nothing of their diagnoses."""
    lines: list[dict[str, object]] = []
    for person in np.random.default_rng(17).permutation(len(people)):
        seat = int(np.flatnonzero(seated == person)[0])
        for clip, row in enumerate(people[person]):
            subject = f"S{seat:02d}-{clip}" if by_clip else f"S{seat:02d}"
            lines.append({"subject": subject, "group": GROUPS[seat // PER_GROUP]} | row)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


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
        return _verdict(system, by_clip, np.array(found[system]))

    found: dict[str, list[Outcome]] = {system: [] for system in systems}
    for done in processes(workers).each(carry_out, tasks):
        found[done.item.system].append(done.result())
        if len(found[done.item.system]) == len(permutations):
            print(verdict(done.item.system), file=sys.stderr, flush=True)
    return [verdict(system) for system in found]


def _verdict(system: str, by_clip: bool, outcomes: np.ndarray) -> Verdict:
    difference = outcomes[:, 0] - outcomes[:, 1]
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    score, guess = outcomes.mean(axis=0).tolist()
    return Verdict(system, by_clip, score, guess, float(difference.mean()), max(float(error), 1e-12))


def main() -> None:
    """Print the table, and exit 1 where a system leaks or the planted leak goes unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--nines", type=int, default=3, help="of permutations")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    permutations = range(NINE * asked.nines)
    systems = asked.systems.split(",")
    planted = [system for system in ("concat", "divine", "logistic") if system in systems] or systems[:1]
    found = judge(systems, permutations, False, asked.workers)
    leaks = judge(planted, permutations, True, asked.workers)
    print(f"\n{len(permutations)} permutations of {PER_GROUP * len(GROUPS)} subjects, {FOLDS} folds; macro-F1 of test clips\n")
    print("| system | split | macro-F1 | guessing | difference | in standard errors |")
    print("|---|---|---|---|---|---|")
    for one in (*found, *leaks):
        split_by = "**by clip**" if one.by_clip else "by subject"
        numbers = f"{one.score:.3f} | {one.guess:.3f} | {one.difference:+.3f} ± {one.error:.3f} | {one.errors:+.1f}"
        print(f"| {one.system} | {split_by} | {numbers} |")
    leaking, missed = [one for one in found if one.suspect], [one for one in leaks if one.errors < 4]
    for one in leaking:
        print(f"{one.system}: more than two standard errors from guessing")
    for one in missed:
        print(f"{one.system}: the planted leak was missed")
    sys.exit(bool(leaking or missed))


if __name__ == "__main__":
    main()
