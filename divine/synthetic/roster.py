"""Who is in a synthetic cohort, and which tasks each person did: Toronto NeuroFace's proportions, at any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from divine.synthetic.subject import GROUPS, OVERLAP, Group, Overlap, Subject, make_subject
from divine.synthetic.tasks import TASKS

SESSION = "02"

_SIZES: dict[Group, int] = {"ALS": 11, "Stroke": 14, "HC": 11}
_LETTERS: dict[Group, str] = {"ALS": "A", "Stroke": "S", "HC": "N"}

_DONE: dict[str, dict[Group, int]] = {
    "BBP_NORMAL": {"ALS": 9, "HC": 11, "Stroke": 14},
    "DDK_PA": {"ALS": 10, "HC": 11, "Stroke": 14},
    "DDK_PATAKA": {"ALS": 10, "HC": 11, "Stroke": 14},
    "NSM_KISS": {"ALS": 11, "HC": 11, "Stroke": 14},
    "NSM_OPEN": {"ALS": 11, "HC": 11, "Stroke": 14},
    "NSM_SPREAD": {"ALS": 11, "HC": 11, "Stroke": 14},
    "NSM_BLOW": {"ALS": 6, "HC": 7, "Stroke": 11},
    "NSM_BROW": {"ALS": 4, "HC": 4, "Stroke": 7},
    "NSM_BIGSMILE": {"ALS": 4, "HC": 3, "Stroke": 3},
}
"""How many of the release's subjects did each task: incomplete batteries are normal."""


class Sitting(NamedTuple):
    """One recording to be made."""

    subject: Subject
    task: str
    seed: int

    @property
    def stem(self) -> str:
        return f"{self.subject.key}_{SESSION}_{self.task}_color"


def group_sizes(subjects: int) -> dict[Group, int]:
    """Share out subjects as 11 : 14 : 11, largest remainders first, at least one in each group.

    Raises:
        ValueError: fewer subjects than groups.
    """
    if subjects < len(GROUPS):
        raise ValueError(f"{subjects} subjects: a cohort needs at least {len(GROUPS)}, one in each group.")
    ideal = {group: subjects * _SIZES[group] / 36 for group in GROUPS}
    sizes: dict[Group, int] = {group: max(1, int(ideal[group])) for group in GROUPS}
    while sum(sizes.values()) < subjects:
        sizes[max(GROUPS, key=lambda group: ideal[group] - sizes[group])] += 1
    while sum(sizes.values()) > subjects:
        sizes[max(GROUPS, key=lambda group: sizes[group] - ideal[group])] -= 1
    return sizes


def _keys(group: Group, size: int) -> list[str]:
    """Return ids as in the release: from 002 (healthy from 001), and the stroke group's last three begin with OP."""
    odd = 3 if group == "Stroke" and size >= 6 else 0
    first = 2 if group == "ALS" else 1
    return [f"{_LETTERS[group]}{first + k:03d}" for k in range(size - odd)] + [f"OP{k + 1:02d}" for k in range(odd)]


def make_subjects(subjects: int, seed: int, overlap: Overlap = OVERLAP) -> tuple[Subject, ...]:
    """Draw the people of a cohort."""
    drawn = []
    for group, size in group_sizes(subjects).items():
        # One subject from each of `size` equal slices of the severities: a small cohort is mixed by design, not by luck.
        rng = np.random.default_rng([seed, GROUPS.index(group), 21])
        ranks = (rng.permutation(size) + rng.uniform(0.0, 1.0, size)) / size
        for number, (key, rank) in enumerate(zip(_keys(group, size), ranks, strict=True)):
            own = int(np.random.SeedSequence([seed, GROUPS.index(group), number]).generate_state(1)[0])
            drawn.append(make_subject(key, group, own, overlap, rank=float(rank)))
    return tuple(drawn)


def make_sittings(people: Sequence[Subject], tasks: Sequence[str], seed: int, *, complete: bool = False) -> tuple[Sitting, ...]:
    """Decide who records what.

    Args:
        people: the cohort.
        tasks: the tasks to record.
        seed: of the choice.
        complete: everybody does every task; else as many per group as in the release, each person at least one.
    """
    chosen: list[Sitting] = []
    for task in tasks:
        for group in GROUPS:
            mine = [one for one in people if one.group == group]
            count = len(mine) if complete else round(len(mine) * _DONE[task][group] / _SIZES[group])
            rng = np.random.default_rng([seed, GROUPS.index(group), list(TASKS).index(task)])
            here = sorted(rng.permutation(len(mine))[:count].tolist())
            chosen += [Sitting(mine[k], task, seed) for k in here]
    idle = [one for one in people if all(sitting.subject.key != one.key for sitting in chosen)]
    chosen += [Sitting(one, tasks[0], seed) for one in idle]
    order = {one.key: number for number, one in enumerate(people)}
    return tuple(sorted(chosen, key=lambda sitting: (order[sitting.subject.key], list(TASKS).index(sitting.task))))
