"""Two raters' scores of a recording: five items, 1 (normal) to 5, from what was performed, with rater noise.

Their noise is set so that Cohen's kappa between them lies where Toronto NeuroFace reports it, 0.33 to 0.61.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from divine.data.tnf_names import ITEMS
from divine.synthetic.subject import Pathology

RATER_NOISE = 0.42
"""Standard deviation of one rater's judgement, in points of the scale."""

_BIAS = ((0.05, -0.05, 0.0, 0.05, -0.1), (-0.05, 0.1, 0.05, -0.1, 0.1))
"""One rater is a little stricter on some items: raters differ in what they call normal."""


class Scores(NamedTuple):
    """One rater's items, 1 to 5 each; the total is their sum, 5 to 25."""

    symmetry: int
    range_of_motion: int
    speed: int
    variability: int
    fatigue: int

    @property
    def total(self) -> int:
        return sum(self)


def impairment(performed: Pathology) -> tuple[float, ...]:
    """Return, per item in the order of ``Scores``, how impaired the movement was: 0 as the average healthy adult, 1 severe."""
    raw = (
        (performed.weak - 0.04) / 0.6 + performed.droop_mm / 14.0,
        (1.0 - performed.range) / 0.5,
        (1.0 - performed.rate) / 0.45,
        (performed.timing_cv - 0.035) / 0.2,
        0.5 * (performed.decay_rate + performed.decay_range) / 0.36,
    )
    return tuple(float(np.clip(value, 0.0, 1.0)) for value in raw)


def rate(performed: Pathology, rng: np.random.Generator) -> tuple[Scores, Scores]:
    """Let both raters score one recording."""
    level = 1.0 + 4.0 * np.array(impairment(performed))
    judged = level + np.array(_BIAS) + rng.normal(0.0, RATER_NOISE, (2, len(ITEMS)))
    rounded = np.clip(np.round(judged), 1, 5).astype(int)
    first, second = (Scores(*(int(v) for v in row)) for row in rounded)
    return first, second
