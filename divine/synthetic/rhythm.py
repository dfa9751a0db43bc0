"""When repetitions begin, how long and how large they are; and smooth movement between targets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from divine.synthetic.subject import Pathology

LEAD_S = 0.35
"""Rest before the first repetition: trackers anchor themselves here."""


class Beat(NamedTuple):
    """One repetition: onset and duration in seconds, size relative to the subject's own, as a factor."""

    onset_s: float
    duration_s: float
    size: float


def beats(period_s: float, pause_s: float, seconds: float, pathology: Pathology, rng: np.random.Generator) -> tuple[Beat, ...]:
    """Draw the repetitions that fit into a recording, with drift, irregular timing and gaps; at least one.

    Args:
        period_s: this subject's mean period, pause not included.
        pause_s: mean rest after each repetition.
        seconds: length of the recording; movement ends before its last 0.15 s.
        pathology: decay, variability and gaps.
        rng: source of chance.
    """
    usable = seconds - LEAD_S - 0.3
    expected = max(usable / (period_s + pause_s), 1.0)
    onset, drawn = LEAD_S, []
    while True:
        done = min(len(drawn) / expected, 1.0)
        slow = 1.0 + max(pathology.decay_rate, -0.2) * done
        duration = period_s * slow * float(np.exp(rng.normal(0.0, pathology.timing_cv)))
        size = (1.0 - np.clip(pathology.decay_range, -0.2, 0.8) * done) * float(np.exp(rng.normal(0.0, pathology.size_cv)))
        # A hesitation is at least a syllable long, at most 0.7 s: longer ones would leave single movements.
        gap = float(rng.uniform(0.5, 1.4)) * min(period_s, 0.5) if rng.uniform() < pathology.gap and drawn else 0.0
        # Its last sixth is rest, which the recording's end may cut.
        if drawn and onset + gap + 0.85 * duration > seconds - 0.15:
            return tuple(drawn)
        onset += gap
        drawn.append(Beat(onset, min(duration, usable), float(size)))
        onset += duration + pause_s * float(np.exp(rng.normal(0.0, 0.5 * pathology.timing_cv + 0.05)))


def glide(times_s: Float[np.ndarray, " t"], keys: list[tuple[float, float]]) -> Float[np.ndarray, " t"]:
    """Return a minimum-jerk path (Flash and Hogan 1985) through ``(time, value)`` targets, at rest in each of them."""
    at, value = np.array(sorted(keys, key=lambda key: key[0]), float).T
    segment = np.clip(np.searchsorted(at, times_s, side="right") - 1, 0, len(at) - 2)
    s = np.clip((times_s - at[segment]) / np.maximum(at[segment + 1] - at[segment], 1e-6), 0.0, 1.0)
    return value[segment] + (value[segment + 1] - value[segment]) * (10 * s**3 - 15 * s**4 + 6 * s**5)


def wander(times_s: Float[np.ndarray, " t"], rng: np.random.Generator, slowest_hz: float = 0.08) -> Float[np.ndarray, " t"]:
    """Return slow unit-variance drift, zero at the start: five sines of random phase, 0.08 to 0.6 Hz."""
    total = np.zeros_like(times_s)
    for factor in (1.0, 1.7, 2.9, 4.6, 7.3):
        phase, weight = rng.uniform(0, 2 * np.pi), rng.normal() / np.sqrt(factor)
        total += weight * (np.sin(2 * np.pi * slowest_hz * factor * times_s + phase) - np.sin(phase))
    return total
