"""Numbers about things that repeat: rate, variability, drift. Shared by lips that open and syllables that sound."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def variation(values: Float[np.ndarray, " n"]) -> float | None:
    """Return the coefficient of variation in percent, ``100 SD / mean`` with the SD over n - 1; None below 3 values."""
    if len(values) < 3 or (mean := float(np.mean(values))) <= 0:
        return None
    return 100 * float(np.std(values, ddof=1)) / mean


def drift(values: Float[np.ndarray, " n"]) -> float | None:
    """Return the least-squares slope over the index in percent of the mean per step; None below 4 values."""
    if len(values) < 4 or (mean := float(np.mean(values))) <= 0:
        return None
    steps = np.arange(len(values)) - (len(values) - 1) / 2
    return 100 * float(steps @ values / (steps @ steps)) / mean
