"""Gates beside exact removal over a cohort: does a modality's gate follow what taking the modality away does to the answer?

With f(S) the probability of the *true* diagnosis given the modalities S, a clip loses f(all) - f(all without m) when m is taken
away: above zero where m was needed, below zero where m misled. A run holds f of every subset but the empty one; f of nothing is
its ``majority`` baseline, clip by clip, where it was trained with one, and then m adds its Shapley value (``removal``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, get_args

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata

from divine.data.schema import Subject
from divine.evaluation.metrics import spearman
from divine.evaluation.resampling import draw_subjects, percentile_interval
from divine.evaluation.weighted import drawn_spearman
from divine.explain.groups import Group, divide
from divine.explain.held_out import HeldOut, Place, Said
from divine.explain.removal import shapley
from divine.records import Modality

Subset = frozenset[Modality]
BOTH: Subset = frozenset(get_args(Modality))
SUBSETS: tuple[Subset, ...] = tuple(
    frozenset(one) for size in range(len(BOTH) + 1) for one in combinations(sorted(BOTH, reverse=True), size)
)
"""Nothing first, everything last."""
APART = 4
"""How many clips are named where gate and removal stand furthest apart."""


class Rank(NamedTuple):
    """A rank correlation over clips; NaN where one side is constant."""

    rho: float
    low: float
    high: float
    """95 % interval of a bootstrap over subjects, drawn within their diagnosis with all their clips."""
    of_subjects: float
    """The same of the subjects' means."""
    of_size: float
    """Of the gate with the size of the change, whichever way it goes."""


class Apart(NamedTuple):
    """A clip on which the two disagree."""

    clip: int
    """Its place among the clips."""
    narrower: int
    """How many clips have a narrower gate."""
    less: int
    """How many clips lose less."""


@dataclass(frozen=True, eq=False)
class Sense:
    """One modality over the clips."""

    modality: Modality
    gates: Float[np.ndarray, " n"]
    lost: Float[np.ndarray, " n"]
    """Probability of the true diagnosis that is lost without the modality."""
    adds: Float[np.ndarray, " n"] | None
    """Shapley values; None where nothing is known of the answer to nothing."""
    rank: Rank
    apart: tuple[Apart, ...]
    """The furthest apart first."""


class Means(NamedTuple):
    """Means over the clips of a group."""

    group: Group
    given: Mapping[Subset, float]
    lost: Mapping[Modality, float]
    adds: Mapping[Modality, float]
    """Empty where nothing is known of the answer to nothing."""


@dataclass(frozen=True, eq=False)
class GateRemoval:
    """Every clip that was judged with both modalities and with each alone."""

    places: tuple[Place, ...]
    tasks: tuple[str, ...]
    left_out: int
    """Clips that have one modality only."""
    subjects: int
    senses: tuple[Sense, ...]
    """Empty where no clip can be looked at, or the system has no gates."""
    means: tuple[Means, ...]
    followed: int
    """Clips on which the modality of the wider gate is also the one without which more is lost."""


def gate_removal(found: HeldOut, nothing: HeldOut | None, levels: Sequence[str], task: str = "") -> GateRemoval:
    """Set what a run's gates say beside what removal does.

    Args:
        found: what is said of every clip.
        nothing: what is said of it by somebody who is given none of it; None where the run did not ask.
        levels: of severity, the mildest first.
        task: only its clips; all where it is empty.
    """
    wanted = {place: given for place, given in found.said.items() if not task or next(iter(given.values())).task == task}
    clips = [
        (place, said)
        for place, given in wanted.items()
        if set(given) >= set(SUBSETS[1:]) and place.person.group in found.classes
        for said in (given[BOTH],)
    ]
    places = tuple(place for place, _ in clips)
    answers = {subset: _true(found, [wanted[place][subset] for place in places], places) for subset in SUBSETS[1:]}
    if nothing is not None and all(place in nothing.said for place in places):
        told = [next(iter(nothing.said[place].values())) for place in places]
        answers[frozenset()] = _true(nothing, told, places)
    gated = bool(clips) and all(set(said.gates) == BOTH for _, said in clips)
    senses = tuple(_sense(name, clips, answers) for name in sorted(BOTH, reverse=True)) if gated else ()
    return GateRemoval(
        places=places,
        tasks=tuple(said.task for _, said in clips),
        left_out=sum(set(given) < set(SUBSETS[1:]) for given in wanted.values()),
        subjects=len({place.person for place in places}),
        senses=senses,
        means=tuple(_means(one, answers, senses) for one in divide(clips, levels)) if senses else (),
        followed=_followed(*senses) if senses else 0,
    )


def _true(found: HeldOut, said: Sequence[Said], places: Sequence[Place]) -> Float[np.ndarray, " n"]:
    """Return the probability of each clip's own diagnosis."""
    of = [found.classes.index(place.person.group) for place in places]
    return np.array([float(one.probabilities[at]) for one, at in zip(said, of, strict=True)], dtype=float)


def _sense(name: Modality, clips: Sequence[tuple[Place, Said]], answers: Mapping[Subset, Float[np.ndarray, " n"]]) -> Sense:
    gates = np.array([said.gates[name] for _, said in clips], dtype=float)
    lost = answers[BOTH] - answers[BOTH - {name}]
    adds = None
    if frozenset() in answers:
        asked = [{subset: float(answer[at]) for subset, answer in answers.items()} for at in range(len(clips))]
        adds = np.array([shapley(one, name) for one in asked])
    return Sense(name, gates, lost, adds, _rank(gates, lost, [place.person for place, _ in clips]), _apart(gates, lost))


def _rank(gates: Float[np.ndarray, " n"], lost: Float[np.ndarray, " n"], people: Sequence[Subject]) -> Rank:
    subject, strata = _who(people)
    draws = drawn_spearman(target=gates, predicted=lost, subject=subject, counts=draw_subjects(strata=strata))
    low, high = percentile_interval(draws)
    clips_of = np.bincount(subject)
    means = [np.bincount(subject, weights=one) / clips_of for one in (gates, lost)]
    return Rank(
        rho=spearman(target=gates, predicted=lost),
        low=low,
        high=high,
        of_subjects=spearman(target=means[0], predicted=means[1]),
        of_size=spearman(target=gates, predicted=np.abs(lost)),
    )


def _who(people: Sequence[Subject]) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " s"]]:
    """Return whose each clip is, and the diagnosis of each subject, as numbers."""
    subjects, groups = list(dict.fromkeys(people)), list(dict.fromkeys(one.group for one in people))
    number = {one: at for at, one in enumerate(subjects)}
    return np.array([number[one] for one in people]), np.array([groups.index(one.group) for one in subjects])


def _apart(gates: Float[np.ndarray, " n"], lost: Float[np.ndarray, " n"]) -> tuple[Apart, ...]:
    """Return the clips whose gate and loss stand furthest apart in rank; none where one of them never changes."""
    if not (np.ptp(gates) > 0 and np.ptp(lost) > 0):
        return ()
    gaps = np.abs(rankdata(gates) - rankdata(lost))
    furthest = [int(at) for at in np.argsort(-gaps, kind="stable")[:APART] if gaps[at] > 0]
    return tuple(Apart(at, int((gates < gates[at]).sum()), int((lost < lost[at]).sum())) for at in furthest)


def _means(group: Group, answers: Mapping[Subset, Float[np.ndarray, " n"]], senses: Sequence[Sense]) -> Means:
    inside = list(group.members)
    return Means(
        group,
        {subset: float(answers[subset][inside].mean()) for subset in SUBSETS if subset in answers},
        {one.modality: float(one.lost[inside].mean()) for one in senses},
        {one.modality: float(one.adds[inside].mean()) for one in senses if one.adds is not None},
    )


def _followed(one: Sense, other: Sense) -> int:
    return int(((one.gates - other.gates) * (one.lost - other.lost) > 0).sum())
