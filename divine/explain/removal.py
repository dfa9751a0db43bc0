"""What each modality adds to an answer, exactly: the model is asked with every subset of them, so nothing is estimated.

With answers f(S) for every subset S of the n modalities that a clip has, modality m contributes its Shapley value

    phi_m = sum over S without m of |S|! (n - |S| - 1)! / n! * (f(S + m) - f(S)),

the mean of what m adds over all orders in which modalities can be added (Shapley 1953). The contributions sum to the
answer with all modalities minus the answer with none; a modality that never changes an answer contributes zero. f of the
empty set is what is said of anybody: the share of each class among the training subjects' clips, and their median scores.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import factorial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from divine.explain.errors import ExplainError
from divine.records import Modality


class Answer(NamedTuple):
    """What is said of a clip when the model is given some of its modalities."""

    modalities: frozenset[Modality]
    probabilities: Float[np.ndarray, " c"]
    total: float | None
    """Severity total; None without ratings."""


class Contribution(NamedTuple):
    """What one modality adds."""

    modality: Modality
    probability: float
    """To the probability of the class in question."""
    total: float | None
    """To the severity total, in points."""


class Removal(NamedTuple):
    """Every answer, and what follows from them."""

    answers: tuple[Answer, ...]
    """All modalities first, none last."""
    of: int
    """Place of the class in question: the most probable one with all modalities."""
    contributions: tuple[Contribution, ...]


def removal(answers: Iterable[Answer]) -> Removal:
    """Return the contributions of the modalities among ``answers``.

    Raises:
        ExplainError: an answer for some subset of them is missing.
    """
    known = {answer.modalities: answer for answer in answers}
    everything = frozenset[Modality]().union(*known)
    subsets: list[frozenset[Modality]] = [
        frozenset(one)
        for size in range(len(everything), -1, -1)
        for one in combinations(sorted(everything, reverse=True), size)
    ]
    missing = [subset for subset in subsets if subset not in known]
    if missing:
        which = " and ".join(sorted(missing[0])) or "nothing"
        raise ExplainError(f"no answer from {which} alone: without it nothing can be said of what a modality adds.")
    ordered = tuple(known[subset] for subset in subsets)
    of = int(np.argmax(ordered[0].probabilities))
    rated = all(answer.total is not None for answer in ordered)
    probability = {subset: float(known[subset].probabilities[of]) for subset in subsets}
    total = {subset: known[subset].total or 0.0 for subset in subsets}
    contributions: list[Contribution] = []
    for modality in sorted(everything, reverse=True):
        points = shapley(total, modality) if rated else None
        contributions.append(Contribution(modality, shapley(probability, modality), points))
    return Removal(ordered, of, tuple(contributions))


def shapley(worth: dict[frozenset[Modality], float], modality: Modality) -> float:
    """Return the Shapley value of one modality; ``worth`` holds the answer for every subset."""
    players = max(len(subset) for subset in worth)
    one = frozenset[Modality]([modality])
    value = 0.0
    for rest, without in worth.items():
        if not one & rest:
            weight = factorial(len(rest)) * factorial(players - len(rest) - 1) / factorial(players)
            value += weight * (worth[rest | one] - without)
    return value
