"""From uneven frame times to a uniform clock, low-passed, with honest gaps.

Cameras drop and delay frames, so a time never follows from a frame's number. Points are interpolated by cubic splines to
100 Hz over each stretch without a gap, then low-passed by a Butterworth filter run forward and backward (no delay), whose
combined gain is -3 dB at the cut-off. Stretches are never joined: what was not seen stays NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from divine.face.kinematic_frame import head_free
from divine.records import Landmarks

CLOCK_HZ = 100
CUTOFF_HZ = 10.0
"""Passes the fastest syllables (7 Hz keeps 98 %) and half of what a 50 frames/s tracker jitters."""
_ORDER = 4
_SHORTEST_S = 0.3
_BRIDGED_FRAMES, _BRIDGED_S = 2.6, 0.08
"""One lost frame is bridged, and more within 80 ms; a longer gap could hide a whole closure of the lips."""


class Motion(NamedTuple):
    """Landmarks in the head's frame on a uniform clock: what every measure of the face starts from."""

    times_s: Float[np.ndarray, " t"]
    """100 Hz, on the clip's clock."""
    points: Float[np.ndarray, "t 68 2"]
    """In intercanthal distances, low-passed; NaN where not seen."""
    frame_rate_hz: float
    """Of the recording; 0 where there are not two frames."""
    cutoff_hz: float


def follow(landmarks: Landmarks) -> Motion:
    """Return the head-free motion of all points on a uniform clock of 100 Hz.

    The cut-off is 10 Hz, or 0.4 of the frame rate where that is less.
    """
    kept = _ordered(landmarks.times_s.astype(np.float64))
    times = landmarks.times_s.astype(np.float64)[kept]
    if len(times) < 2:
        return Motion(np.zeros(0), np.zeros((0, 68, 2)), 0.0, 0.0)
    frame_s = float(np.median(np.diff(times)))
    cutoff = min(CUTOFF_HZ, 0.4 / frame_s)
    clock = times[0] + np.arange(int(np.floor((times[-1] - times[0]) * CLOCK_HZ + 1e-6)) + 1) / CLOCK_HZ
    longest = max(_BRIDGED_FRAMES * frame_s, _BRIDGED_S)
    points = resample(times, head_free(landmarks)[kept], clock, longest_gap_s=longest, cutoff_hz=cutoff)
    return Motion(clock, points, 1 / frame_s, cutoff)


def _ordered(times: Float[np.ndarray, " t"]) -> np.ndarray:
    """Return the indices of frames in order of time, without those that all but coincide with the one before.

    Two frames a millisecond apart differ by noise only, and a spline through both would swing far out.
    """
    order = np.argsort(times, kind="stable")
    if len(order) < 2:
        return order
    least = 0.25 * float(np.median(np.diff(times[order])))
    kept, latest = [], -np.inf
    for index in order:
        if times[index] - latest > least:
            kept.append(index)
            latest = times[index]
    return np.array(kept, dtype=int)


def resample(
    times: Float[np.ndarray, " t"],
    points: Float[np.ndarray, "t p 2"],
    clock: Float[np.ndarray, " c"],
    *,
    longest_gap_s: float,
    cutoff_hz: float,
) -> Float[np.ndarray, "c p 2"]:
    """Interpolate and low-pass each stretch of each point; NaN in gaps longer than ``longest_gap_s`` and in short stretches."""
    result = np.full((len(clock), *points.shape[1:]), np.nan)
    seen = np.isfinite(points).all(axis=2)
    # Points usually come and go together, so one spline serves all that share their gaps.
    patterns, owner = np.unique(seen, axis=1, return_inverse=True)
    for number in range(patterns.shape[1]):
        members = np.flatnonzero(owner.reshape(-1) == number)
        for stretch in _stretches(times, patterns[:, number], longest_gap_s):
            start, end = np.searchsorted(clock, (times[stretch[0]] - 1e-9, times[stretch[-1]] + 1e-9))
            if end - start < _SHORTEST_S * CLOCK_HZ:
                continue
            spline = CubicSpline(times[stretch], points[stretch][:, members])
            result[start:end, members] = sosfiltfilt(_low_pass(cutoff_hz), spline(clock[start:end]), axis=0)
    return result


def _stretches(times: Float[np.ndarray, " t"], seen: Bool[np.ndarray, " t"], longest_gap_s: float) -> Iterator[np.ndarray]:
    """Yield the indices of frames seen without a long gap between neighbours, in runs of at least 5."""
    indices = np.flatnonzero(seen)
    breaks = np.flatnonzero(np.diff(times[indices]) > longest_gap_s) + 1
    yield from (run for run in np.split(indices, breaks) if len(run) >= 5)


@lru_cache(maxsize=16)
def _low_pass(cutoff_hz: float) -> np.ndarray:
    """Return second-order sections; the cut-off is raised because running twice lowers it."""
    twice = (np.sqrt(2) - 1) ** (1 / (2 * _ORDER))
    return np.asarray(butter(_ORDER, cutoff_hz / twice, fs=CLOCK_HZ, output="sos"))
