"""Pitch, voicing and harmonicity of a sound every 10 ms, by Praat (Boersma 1993)."""

from __future__ import annotations

import itertools

import numpy as np
from jaxtyping import Float

from divine.encoders.spectrum import HOP
from divine.encoders.waveform import RATE_HZ, Heard

LONGEST_S, CONTEXT_S = 60, 1
"""A longer sound goes to Praat in pieces that overlap: it holds its input twice, and fifteen candidates a frame."""
MARK_S = 0.1
"""Far enough from all that is kept: Praat looks at three periods of its lowest pitch, 50 ms."""

Voice = tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"], Float[np.ndarray, " t"]]


def voice(heard: Heard, times_s: Float[np.ndarray, " t"]) -> Voice:
    """Return of each time whether the voice sounds (0 or 1), its pitch and its harmonicity.

    Pitch in semitones from the median over the sound, harmonicity ``10 log10 r/(1-r)`` in dB with the strength r of the
    autocorrelation's peak; both NaN where there is no voice.
    """
    hertz, strength = np.zeros(len(times_s)), np.zeros(len(times_s))
    if len(heard) < 0.1 * RATE_HZ:  # Praat needs three periods of its lowest pitch.
        return hertz, np.full(len(times_s), np.nan), np.full(len(times_s), np.nan)
    borders = [*range(0, len(heard), LONGEST_S * RATE_HZ), len(heard)]
    peak = heard.peak if len(borders) > 2 else 0.0
    for start, stop in itertools.pairwise(borders):
        first, last = max(0, start - CONTEXT_S * RATE_HZ), min(len(heard), stop + CONTEXT_S * RATE_HZ)
        samples = heard.stretch(first, last)
        if len(samples) < len(heard):
            samples = _marked(samples, peak, len(heard))
        inside = (times_s >= start / RATE_HZ) & (times_s < stop / RATE_HZ)
        hertz[inside], strength[inside] = _pitch(samples, times_s[inside] - first / RATE_HZ)
    voiced = hertz > 0
    semitones = 12 * np.log2(np.where(voiced, hertz, 1) / (np.median(hertz[voiced]) if voiced.any() else 1))
    r = np.clip(strength, 1e-3, 0.9999)
    return voiced.astype(float), np.where(voiced, semitones, np.nan), np.where(voiced, 10 * np.log10(r / (1 - r)), np.nan)


def _marked(samples: Float[np.ndarray, " n"], peak: float, whole: int) -> Float[np.ndarray, " m"]:
    """Put the loudest sample of the whole sound behind a piece: Praat calls silent what is weak beside it.

    Praat centres its frames in what it is given, so the piece gets the length of the whole but for entire frames.
    """
    rest = 2 * round(MARK_S * RATE_HZ)
    mark = np.zeros(rest + (whole - len(samples) - rest) % HOP)
    mark[rest // 2] = peak
    return np.concatenate([samples, mark])


def _pitch(
    samples: Float[np.ndarray, " n"], times_s: Float[np.ndarray, " t"]
) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"]]:
    import parselmouth

    pitch = parselmouth.Sound(samples, RATE_HZ).to_pitch_ac(time_step=0.01, pitch_floor=60.0, pitch_ceiling=500.0)
    frames = pitch.selected_array
    nearest = np.clip(np.searchsorted(pitch.xs(), times_s - 0.005), 0, len(frames) - 1)
    return frames["frequency"][nearest], frames["strength"][nearest]
