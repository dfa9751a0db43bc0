"""Severity levels: named cut-offs on the total score of affected subjects. Not a clinical grade.

Scores run from 1 (normal) upwards, so a higher total is more severe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from divine.records import LEVELS
from divine.training.errors import TrainingError


@dataclass(frozen=True)
class Cutoffs:
    """Frozen with the run that made them, and reused when it judges another cohort."""

    levels: tuple[str, ...]
    """Mildest first."""
    totals: tuple[float, ...]
    """Highest total of each level but the last: a total on a cut-off has the milder level."""

    def __post_init__(self) -> None:
        """Refuse cut-offs that do not separate the levels.

        Raises:
            TrainingError: their number does not fit, or they are not in ascending order.
        """
        if len(self.totals) != len(self.levels) - 1 or list(self.totals) != sorted(self.totals):
            raise TrainingError(f"cut-offs {self.totals} do not separate {self.levels}: give one fewer, ascending.")


def tertiles(totals: Float[np.ndarray, " n"]) -> Cutoffs:
    """Cut the totals of affected subjects, one per subject, at their first and second tertile (linear quantiles).

    Raises:
        TrainingError: no total, or one that is not finite.
    """
    if not len(totals) or not np.isfinite(totals).all():
        raise TrainingError("tertiles need the finite total of at least one affected subject.")
    low, high = np.quantile(totals, [1 / 3, 2 / 3])
    return Cutoffs(LEVELS, (float(low), float(high)))


def levels(totals: Float[np.ndarray, " n"], affected: Bool[np.ndarray, " n"], cutoffs: Cutoffs) -> Int[np.ndarray, " n"]:
    """Level number of each total; -1 where the subject is not affected or the total is unknown (NaN)."""
    found = np.searchsorted(np.asarray(cutoffs.totals), totals, side="left")
    return np.where(affected & np.isfinite(totals), found, -1).astype(np.int64)
