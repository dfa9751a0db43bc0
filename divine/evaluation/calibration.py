"""Calibration: how often a diagnosis is right that was made with some confidence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Bin(NamedTuple):
    """The clips whose highest probability lies in ``(low, high]``."""

    low: float
    high: float
    clips: int
    confidence: float
    """Their mean highest probability."""
    accuracy: float
    """Share of them that were judged right."""


def reliability(*, target: Int[np.ndarray, " n"], probability: Float[np.ndarray, "n c"], bins: int = 10) -> tuple[Bin, ...]:
    """Return the reliability curve of the predicted class, in equally wide bins; empty ones are left out.

    ``sum_b clips_b |accuracy_b - confidence_b| / n`` is ``metrics.ece`` with as many bins. Unknown targets (-1) and rows with
    a probability that is NaN are left out.

    >>> reliability(target=np.array([0, 1]), probability=np.array([[0.85, 0.15], [0.85, 0.15]]))[0].accuracy
    0.5
    """
    known = (target >= 0) & np.isfinite(probability).all(axis=1)
    true, said = target[known], probability[known]
    if not len(true):
        return ()
    confidence, right = said.max(axis=1), said.argmax(axis=1) == true
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return tuple(
        Bin(one / bins, (one + 1) / bins, int(here.sum()), float(confidence[here].mean()), float(right[here].mean()))
        for one in range(bins)
        if (here := bin_of == one).any()
    )
