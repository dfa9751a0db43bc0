"""Bootstrap over subjects: whole people are drawn, within their diagnosis, each with all its clips."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

BOOTSTRAPS = 1000
COVERAGE = 0.95


def draw_subjects(*, strata: Int[np.ndarray, " s"], draws: int = BOOTSTRAPS, seed: int = 0) -> Int[np.ndarray, "d s"]:
    """Say how often each draw takes each subject: as many of every stratum as there are, with replacement (Efron 1979).

    A metric that is a ratio of sums over subjects is then a matrix product away: no row is ever copied.

    Args:
        strata: number of each subject's diagnosis.
        draws: how many.
        seed: of the draws; the same subjects are drawn for every table that is given the same seed.

    >>> draw_subjects(strata=np.array([0, 0, 1]), draws=4).sum(axis=1).tolist()
    [3, 3, 3, 3]
    """
    rng = np.random.default_rng(seed)
    counts = np.zeros((draws, len(strata)), dtype=np.int64)
    for one in np.unique(strata):
        (members,) = np.nonzero(strata == one)
        counts[:, members] = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), size=draws)
    return counts


def percentile_interval(values: Float[np.ndarray, " d"], coverage: float = COVERAGE) -> tuple[float, float]:
    """Return the central ``coverage`` of the draws; those that gave no number are left out, NaN where none did.

    >>> percentile_interval(np.arange(41.0), 0.5)
    (10.0, 30.0)
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(low), float(high)
