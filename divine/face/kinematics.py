"""Clinical measures of the face, from landmarks alone; the catalogue says what each one means."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from divine.face.kinematic_clock import CLOCK_HZ, Motion
from divine.face.kinematic_repetition import LEAST_RANGE_ICD, find_repetitions
from divine.face.kinematic_signals import Driver, Signals, at_rest, driver, lips_in_order, signals, spread
from divine.measures.compute import AbsentError, compute
from divine.measures.rhythm import drift, variation
from divine.records import Measure

LEAST_SEEN = 0.6
"""Fraction of the recording in which the points of a measure must be seen."""
LEAST_SECONDS = 0.5
LEAST_FRAME_RATE_HZ = 15.0
"""Below it a syllable passes between two frames, and a rate or a speed would be that of an alias."""
STILL_ICD = 0.05
"""About 1.5 mm: when neither side moves further, their asymmetry is noise."""

Computations = dict[str, Callable[[], float | None]]


def measure_motion(motion: Motion, task: str | None = None) -> tuple[Measure, ...]:
    """Return the measures of the face that mean something for a task (all general ones where it is not known).

    A measure that cannot be computed has the value None and says why: too few frames, points unseen, no repetition.
    """
    found = signals(motion)
    rise = driver(found, task)
    return compute("video", task, _openings(motion, found) | _rhythm(motion, rise) | _symmetry(motion, found, rise))


def _openings(motion: Motion, found: Signals) -> Computations:
    distances = {"lip_aperture": found.lip_aperture, "mouth_width": found.mouth_width, "jaw_opening": found.jaw_opening}
    paths = {
        "lower_lip": found.lower_lip,
        "jaw": found.jaw,
        "right_corner": found.right_corner,
        "left_corner": found.left_corner,
    }
    table: Computations = {}
    for name, values in distances.items():
        table[f"{name}_range"] = lambda values=values: spread(_seen(values))
        table[f"{name}_peak_speed"] = lambda values=values: float(np.percentile(_speeds(motion, values), 99))
        table[f"{name}_mean_speed"] = lambda values=values: float(_speeds(motion, values).mean())
    for name, path in paths.items():
        table[f"{name}_path"] = lambda path=path: float(_steps(path).sum())
    return table


def _rhythm(motion: Motion, rise: Driver) -> Computations:
    marks = find_repetitions(motion.times_s, rise.values, closes=rise.closes)
    heights = np.array([mark.height for mark in marks])
    # A period across two stretches would span what was not seen.
    periods = np.array([after.rise_s - before.rise_s for before, after in pairwise(marks) if before.stretch == after.stretch])

    def enough(values: Float[np.ndarray, " n"], least: int) -> Float[np.ndarray, " n"]:
        _fast_enough(motion)
        _seen(rise.values)
        if not marks:
            moved = f"{rise.title} moves by {spread(rise.values):.2f} ICD"
            raise AbsentError(f"no repetition found: {moved} ({LEAST_RANGE_ICD} are needed)")
        if len(values) < least:
            raise AbsentError(f"{len(marks)} repetitions found: too few, or too often interrupted")
        return values

    return {
        "repetition_count": lambda: float(len(enough(heights, 1))),
        "repetition_rate": lambda: 1 / float(enough(periods, 1).mean()),
        "repetition_period_cv": lambda: variation(enough(periods, 3)),
        "repetition_period_slope": lambda: drift(enough(periods, 4)),
        "repetition_amplitude_cv": lambda: variation(enough(heights, 3)),
        "repetition_amplitude_slope": lambda: drift(enough(heights, 4)),
    }


def _symmetry(motion: Motion, found: Signals, rise: Driver) -> Computations:
    rest = at_rest(rise)
    return {
        "right_corner_range": lambda: _excursion(found.right_corner),
        "left_corner_range": lambda: _excursion(found.left_corner),
        "corner_range_asymmetry": lambda: _asymmetry(_excursion(found.right_corner), _excursion(found.left_corner)),
        "corner_rest_height_difference": lambda: _resting(found.right_corner[:, 1] - found.left_corner[:, 1], rest),
        "canthus_commissure_difference": lambda: _resting(_droop(motion), rest),
        "mouth_area_asymmetry": lambda: _relative(found.right_area, found.left_area, lips_in_order(motion.points)),
        "right_brow_range": lambda: spread(_seen(found.right_brow)),
        "left_brow_range": lambda: spread(_seen(found.left_brow)),
        "brow_range_asymmetry": lambda: _asymmetry(spread(_seen(found.right_brow)), spread(_seen(found.left_brow))),
    }


def _seen(values: Float[np.ndarray, "t ..."]) -> Float[np.ndarray, "t ..."]:
    """Return a signal that is seen for long enough.

    Raises:
        AbsentError: it is not.
    """
    if len(values) < LEAST_SECONDS * CLOCK_HZ:
        raise AbsentError(f"the face was recorded for less than {LEAST_SECONDS} s")
    seen = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if seen.mean() < LEAST_SEEN:
        raise AbsentError(f"the points it needs are seen in {seen.mean():.0%} of the recording; {LEAST_SEEN:.0%} are needed")
    return values


def _fast_enough(motion: Motion) -> None:
    if motion.frame_rate_hz < LEAST_FRAME_RATE_HZ - 0.5:
        raise AbsentError(
            f"{motion.frame_rate_hz:.0f} frames/s are too few to follow a movement; {LEAST_FRAME_RATE_HZ:.0f} are needed"
        )


def _steps(path: Float[np.ndarray, "t 2"]) -> Float[np.ndarray, " s"]:
    """Return the lengths of the steps between neighbouring samples that are both seen."""
    steps = np.linalg.norm(np.diff(_seen(path), axis=0), axis=1)
    return steps[np.isfinite(steps)]


def _speeds(motion: Motion, values: Float[np.ndarray, " t"]) -> Float[np.ndarray, " s"]:
    """Return |dd/dt| per second, by central differences."""
    _fast_enough(motion)
    speeds = np.abs(np.gradient(_seen(values), 1 / CLOCK_HZ))
    return speeds[np.isfinite(speeds)]


def _excursion(path: Float[np.ndarray, "t 2"]) -> float:
    """Return the range along the main axis of a path."""
    seen = _seen(path)[np.isfinite(path).all(axis=1)]
    centred = seen - seen.mean(axis=0)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    return spread(centred @ axis)


def _asymmetry(right: float, left: float) -> float:
    if max(right, left) < STILL_ICD:
        raise AbsentError(f"neither side moves by more than {STILL_ICD} ICD")
    return 100 * (right - left) / (right + left)


def _relative(right: Float[np.ndarray, " t"], left: Float[np.ndarray, " t"], ordered: Bool[np.ndarray, " t"]) -> float:
    """Return the median asymmetry in percent, while the lips are in order, of two signals that cannot be negative."""
    total = _seen(np.where(ordered, right + left, np.nan))
    with np.errstate(invalid="ignore"):
        useful = total > 0
    if not useful.any():
        raise AbsentError("both sides are closed throughout")
    return float(np.median(100 * (right - left)[useful] / total[useful]))


def _droop(motion: Motion) -> Float[np.ndarray, " t"]:
    points = motion.points
    return np.linalg.norm(points[:, 48] - points[:, 39], axis=1) - np.linalg.norm(points[:, 54] - points[:, 42], axis=1)


def _resting(values: Float[np.ndarray, " t"], rest: Bool[np.ndarray, " t"]) -> float:
    seen = _seen(values)[rest & np.isfinite(values)]
    if not len(seen):
        raise AbsentError("no moment of rest found: the points that move in this task are not seen")
    return float(np.median(seen))
