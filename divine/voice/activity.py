"""When somebody speaks: stretches of activity and the pauses between them.

Levels are mean squares over 20 ms every 10 ms. A frame is active above ``P99 - 25 dB`` of the recording's own levels, so
relative to what is loudest, as in Praat's detection of silences; in a noisy recording it rises to 6 dB above the noise
floor, but never beyond ``P99 - 6 dB``. The noise floor is the tenth percentile of the frames without voice: closures and
pauses are that quiet, a held vowel is not. Silences shorter than 0.25 s are closures and part of speech; stretches shorter
than 0.05 s, or without any voice, are not speech.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.signal import butter, sosfilt

FLOOR_DB = -100.0
"""What digital silence counts as: below the noise of any 16-bit recorder."""
SILENCE_DB = -65.0
"""A recording whose loudest hundredth stays below it holds no speech."""
HOP_S = 0.01
_WINDOW_S = 0.02
_RUMBLE_HZ = 50.0
LEAST_PAUSE_S = 0.25
LEAST_NOISE_S = 0.2
LEAST_STRETCH_S = 0.05


class Stretch(NamedTuple):
    """A stretch of time, in seconds."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


def levels(samples: Float[np.ndarray, " n"], rate_hz: int) -> Float[np.ndarray, " t"]:
    """Return the level in dBFS around 0, 10, 20 ... ms: mean square over 20 ms, 0 dBFS being an RMS of 1.

    What lies below 50 Hz is left out: rumble and a recorder's offset are no speech.
    """
    audible = sosfilt(butter(2, _RUMBLE_HZ, "highpass", fs=rate_hz, output="sos"), samples)
    energy = np.concatenate(([0.0], np.cumsum(np.square(audible))))
    centres = np.arange(int(len(samples) / rate_hz / HOP_S) + 1) * HOP_S * rate_hz
    start = np.clip(np.round(centres - _WINDOW_S * rate_hz / 2), 0, len(samples) - 1).astype(int)
    end = np.clip(np.round(centres + _WINDOW_S * rate_hz / 2), start + 1, len(samples)).astype(int)
    return decibels((energy[end] - energy[start]) / (end - start))


def decibels(power: Float[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    """Return ``10 log10`` of a power, at least :data:`FLOOR_DB`."""
    return 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))


def noise_floor(level_db: Float[np.ndarray, " t"], voiced: Bool[np.ndarray, " t"]) -> float | None:
    """Return the tenth percentile of the levels of frames without voice; None below 0.2 s of them."""
    unvoiced = level_db[~voiced]
    return float(np.percentile(unvoiced, 10)) if len(unvoiced) * HOP_S >= LEAST_NOISE_S else None


def threshold(level_db: Float[np.ndarray, " t"], floor_db: float | None) -> float | None:
    """Return the level above which a frame is active; None where the recording is silent."""
    high = float(np.percentile(level_db, 99))
    if high < SILENCE_DB:
        return None
    return high - 25 if floor_db is None else max(high - 25, min(floor_db + 6, high - 6))


def stretches(level_db: Float[np.ndarray, " t"], voiced: Bool[np.ndarray, " t"], line_db: float) -> tuple[Stretch, ...]:
    """Return the stretches of speech, from levels and voicing every 10 ms."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], level_db >= line_db, [False])).astype(np.int8)))
    merged: list[list[int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if merged and (start - merged[-1][1]) * HOP_S < LEAST_PAUSE_S - 1e-9:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    long = ((start, end) for start, end in merged if (end - start) * HOP_S >= LEAST_STRETCH_S - 1e-9)
    # A frame stands for the 10 ms around its centre.
    return tuple(
        Stretch(max(0.0, (start - 0.5) * HOP_S), min(len(level_db) - 1, end - 0.5) * HOP_S)
        for start, end in long
        if voiced[start:end].any()
    )


def pauses(active: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    """Return the silences between stretches of speech; what lies before the first and after the last is no pause."""
    return tuple(Stretch(before.end_s, after.start_s) for before, after in pairwise(active))


def inside(active: tuple[Stretch, ...], times_s: Float[np.ndarray, " t"]) -> Bool[np.ndarray, " t"]:
    """Return which times lie in a stretch."""
    hit = np.zeros(len(times_s), dtype=bool)
    for stretch in active:
        hit |= (times_s >= stretch.start_s) & (times_s <= stretch.end_s)
    return hit
