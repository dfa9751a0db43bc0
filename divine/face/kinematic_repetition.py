"""Find the repetitions of a gesture: peaks that stand out against the signal's own range.

A repetition is a peak whose prominence is at least a quarter of the signal's range (P95 - P5). Its height is the peak above
the mean of the valleys beside it; it starts and ends where the signal crosses a tenth of that rise and fall. Its *rise*,
where the signal crosses half-way up, is the mark that periods are taken from: a gesture that is held has a flat top, and the
exact place of a peak on it is noise.

Where a repetition has several peaks by nature (/pataka/), those between which the signal does not come back to the lowest
third of the lower peak are one repetition, whose rise is the first of them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.signal import find_peaks

from divine.face.kinematic_clock import CLOCK_HZ, follow
from divine.face.kinematic_signals import driver, signals
from divine.records import Landmarks

PROMINENCE = 0.25
LEAST_RANGE_ICD = 0.06
"""About 2 mm: a smaller range cannot be told from a tracker's noise."""
_CLOSEST_S = 0.08
_CLOSED = 1 / 3


class Repetition(NamedTuple):
    """One repetition, in seconds on the clip's clock."""

    start_s: float
    rise_s: float
    peak_s: float
    end_s: float
    height: float
    """In intercanthal distances."""
    stretch: int
    """Number of the unbroken stretch it lies in: a period across two stretches would span what was not seen."""


def repetitions(landmarks: Landmarks, task: str | None = None) -> tuple[Repetition, ...]:
    """Return the repetitions of a clip in the task's driving signal, whole ones only."""
    motion = follow(landmarks)
    rise = driver(signals(motion), task)
    return find_repetitions(motion.times_s, rise.values, closes=rise.closes)


def find_repetitions(
    times_s: Float[np.ndarray, " t"], values: Float[np.ndarray, " t"], *, closes: bool = False
) -> tuple[Repetition, ...]:
    """Return the repetitions of a signal sampled at 100 Hz, NaN in its gaps; ``closes``: only a return to rest ends one."""
    seen = np.isfinite(values)
    if not seen.any():
        return ()
    high, low = np.percentile(values[seen], (95, 5))
    span, floor = float(high - low), float(low) if closes else None
    if span < LEAST_RANGE_ICD:
        return ()
    found: list[Repetition] = []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], seen, [False])).astype(np.int8)))
    for number, (start, end) in enumerate(edges.reshape(-1, 2)):
        found.extend(_in_stretch(times_s[start:end], values[start:end], PROMINENCE * span, number, floor))
    return tuple(found)


def _in_stretch(
    times_s: Float[np.ndarray, " t"], values: Float[np.ndarray, " t"], prominence: float, stretch: int, floor: float | None
) -> list[Repetition]:
    peaks, _ = find_peaks(values, prominence=prominence, distance=_CLOSEST_S * CLOCK_HZ)
    if floor is not None:
        peaks = _apart(values, peaks, floor)
    bounds = [0, *peaks.tolist(), len(values) - 1]
    valleys = [low + int(np.argmin(values[low : high + 1])) for low, high in pairwise(bounds)]
    found = []
    for peak, left, right in zip(peaks.tolist(), valleys[:-1], valleys[1:], strict=True):
        top, rise, fall = float(values[peak]), float(values[peak] - values[left]), float(values[peak] - values[right])
        # A gesture that the stretch's edge cuts has one true valley; cut above half its height it is no whole repetition.
        cut_left, cut_right = left == 0, right == len(values) - 1
        if (cut_left and rise < 0.5 * fall) or (cut_right and fall < 0.5 * rise):
            continue
        if cut_left != cut_right:
            rise = fall = fall if cut_left else rise
        found.append(
            Repetition(
                start_s=_last_below(times_s, values, left, peak, top - 0.9 * rise),
                rise_s=(_last_below if floor is None else _first_above)(times_s, values, left, peak, top - 0.5 * rise),
                peak_s=float(times_s[peak]),
                end_s=_first_below(times_s, values, peak, right, top - 0.9 * fall),
                height=(rise + fall) / 2,
                stretch=stretch,
            )
        )
    return found


def _apart(values: Float[np.ndarray, " t"], peaks: np.ndarray, floor: float) -> np.ndarray:
    """Return the highest peak of each run between whose peaks the signal stays above the lowest third."""
    kept: list[int] = []
    for peak in peaks.tolist():
        if kept:
            before = kept[-1]
            lower = min(values[before], values[peak])
            if values[before:peak].min() - floor > _CLOSED * (lower - floor):
                kept[-1] = max(before, peak, key=lambda one: values[one])
                continue
        kept.append(peak)
    return np.array(kept, dtype=int)


def _first_above(times_s: np.ndarray, values: np.ndarray, low: int, high: int, level: float) -> float:
    """Return when the signal first crosses ``level`` upward, interpolated; its first moment where it starts above."""
    above = int(np.flatnonzero(values[low : high + 1] >= level)[0])
    return _crossing(times_s, values, low + above - 1, level) if above else float(times_s[low])


def _last_below(times_s: np.ndarray, values: np.ndarray, low: int, high: int, level: float) -> float:
    """Return when the signal last crosses ``level`` upward, interpolated; its first moment where it starts above."""
    below = np.flatnonzero(values[low:high] < level)
    return _crossing(times_s, values, low + int(below[-1]), level) if len(below) else float(times_s[low])


def _first_below(times_s: np.ndarray, values: np.ndarray, low: int, high: int, level: float) -> float:
    """Return when the signal first crosses ``level`` downward, interpolated; its last moment where it stays above."""
    below = np.flatnonzero(values[low + 1 : high + 1] < level)
    return _crossing(times_s, values, low + int(below[0]), level) if len(below) else float(times_s[high])


def _crossing(times_s: np.ndarray, values: np.ndarray, before: int, level: float) -> float:
    step = (level - values[before]) / (values[before + 1] - values[before])
    return float(times_s[before] + step * (times_s[before + 1] - times_s[before]))
