"""Syllable nuclei from the intensity alone, after the method of de Jong and Wempe (2009, Behavior Research Methods 41).

A nucleus is a peak of Praat's intensity (window for 50 Hz, so that single glottal cycles do not show) that lies above the line
of activity, stands at least 2 dB above the dips on both sides, and is voiced. Intervals are taken between the *rises* to the
nuclei, at half the depth of the dip before and at most 5 dB below the peak: a vowel's top is flat, and where exactly its
peak falls is chance.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import parselmouth
from scipy.signal import find_peaks

from divine.voice.activity import FLOOR_DB
from divine.voice.analysis import Voice

LEAST_DIP_DB = 2.0
STEP_S = 0.005
_PRAAT_DB = 20 * np.log10(1 / 2e-5)
"""Praat's decibels are above 20 µPa; a sample of 1 counts as 1 Pa there and as full scale here."""
_LOWEST_HZ = 50.0
_NEAR_S = 0.03


class Syllable(NamedTuple):
    """One syllable, in seconds from the sound's first sample."""

    rise_s: float
    peak_s: float
    level_db: float


def intensity(sound: parselmouth.Sound) -> tuple[np.ndarray, np.ndarray]:
    """Return times (s) and Praat's intensity (dBFS) every 5 ms."""
    praat = sound.to_intensity(minimum_pitch=_LOWEST_HZ, time_step=STEP_S)
    return praat.xs(), np.maximum(praat.values[0] - _PRAAT_DB, FLOOR_DB)


def syllables(voice: Voice) -> tuple[Syllable, ...]:
    """Return the syllables of a sound, in order."""
    if voice.narrow is None or not voice.active:
        return ()
    times, level = intensity(voice.narrow)
    peaks = find_peaks(level, height=voice.line_db, prominence=LEAST_DIP_DB)[0].tolist()
    voiced = voice.times_s[voice.voiced]
    result = []
    for before, peak in pairwise([0, *peaks]):
        near = np.searchsorted(voiced, (times[peak] - _NEAR_S, times[peak] + _NEAR_S))
        if near[0] == near[1]:
            continue
        depth = min(5.0, float(level[peak] - level[before:peak].min()) / 2)
        result.append(Syllable(_rise(times, level, peak, float(level[peak]) - depth), float(times[peak]), float(level[peak])))
    return tuple(result)


def _rise(times_s: np.ndarray, level_db: np.ndarray, peak: int, line_db: float) -> float:
    """Return when the level last rises through a line before a peak, interpolated."""
    before = int(np.flatnonzero(level_db[:peak] < line_db)[-1])
    step = (line_db - level_db[before]) / (level_db[before + 1] - level_db[before])
    return float(times_s[before] + step * (times_s[before + 1] - times_s[before]))
