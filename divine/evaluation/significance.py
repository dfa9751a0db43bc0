"""Tests of differences between two systems: over subjects, over runs, and with the correction that overlapping runs need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy import stats

_EXACT = 50
"""Differences up to which every assignment of signs is counted."""


def wilcoxon(*, differences: Float[np.ndarray, " n"]) -> float:
    """Two-sided p of Wilcoxon's signed-rank test (1945) that paired differences lie around zero.

    Zeros are left out and ties share their mean rank. Up to 50 differences p is exact, with ties too: the share of all ``2^n``
    signs of these ranks whose sum lies as far from its middle. Beyond, the distribution is normal, without a continuity
    correction. Differences are taken to 12 decimals; those that are not finite are left out; NaN where none is other than zero.

    >>> wilcoxon(differences=np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    0.0625
    >>> wilcoxon(differences=np.array([0.5, 0.5, 0.5, 0.5]))
    0.125
    """
    # 2/3 - 1/3 and 1/3 - 0 differ in the last bit: without rounding they would not tie.
    known = np.round(differences[np.isfinite(differences)], 12)
    known = known[known != 0]
    if not len(known):
        return float("nan")
    if len(known) > _EXACT:
        return float(np.asarray(stats.wilcoxon(known, method="asymptotic", correction=False))[1])
    ranks = np.rint(2 * stats.rankdata(np.abs(known))).astype(int)  # twice the mean ranks, so that all are whole
    ways = np.zeros(ranks.sum() + 1)  # whole numbers up to 2^50, which a float holds exactly
    ways[0] = 1
    for rank in ranks:
        ways[rank:] = ways[rank:] + ways[:-rank]
    off_middle = np.abs(2 * np.arange(len(ways)) - ranks.sum())
    return float(ways[off_middle >= off_middle[ranks[known > 0].sum()]].sum() / ways.sum())


def holm(*, p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values for their number after Holm (1979): ``max over j <= i of min(1, (m - j + 1) p_(j))``.

    The chance that any true null hypothesis of the family is rejected stays below the level. A p that is NaN (no test could be
    made) stays NaN and does not count towards ``m``.

    >>> holm(p_values=[0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    values = np.asarray(p_values, dtype=float)
    adjusted = np.full(len(values), np.nan)
    (known,) = np.nonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    raised = values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return tuple(adjusted.tolist())


def corrected_resampled_t(*, differences: Float[np.ndarray, " j"], train: float, test: float) -> float:
    """Two-sided p of the corrected resampled t-test of Nadeau and Bengio (2003).

    ``t = mean(d) / sqrt((1/J + n_test / n_train) var(d))`` with ``J - 1`` degrees of freedom, for the differences of ``J`` runs
    whose training sets overlap: the plain t-test takes them for independent and is far too sure.

    Args:
        differences: of each run; those that are not finite are left out.
        train: how many *subjects* a run was trained on.
        test: how many it was tested on.

    NaN with fewer than two runs, or where all differences are alike and zero; 0.0 where they are alike and not zero.

    >>> round(corrected_resampled_t(differences=np.array([0.1, 0.2, 0.3, 0.2]), train=24.0, test=8.0), 4)
    0.0491
    """
    known = differences[np.isfinite(differences)]
    count = len(known)
    if count < 2:
        return float("nan")
    mean, variance = float(np.mean(known)), float(np.var(known, ddof=1))
    if variance == 0:
        return float("nan") if mean == 0 else 0.0
    t = mean / np.sqrt((1 / count + test / train) * variance)
    return float(2 * stats.t.sf(abs(t), count - 1))
