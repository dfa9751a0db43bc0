"""What Praat is the reference for: jitter, shimmer, harmonicity, formants. Standard settings, stated where they are used.

All are taken from the band below 8 kHz (``analysis.NARROW_HZ``), so that recordings of different rates can be compared; on
drawn pulses jitter and shimmer came out the same to two digits at 16 and at 48 kHz.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import parselmouth
from parselmouth.praat import call

from divine.voice.analysis import Voice

_SHORTEST_S, _LONGEST_S, _PERIOD_FACTOR, _AMPLITUDE_FACTOR = 0.0001, 0.02, 1.3, 1.6
"""Praat's own limits for what counts as two neighbouring periods."""
HIGH_VOICE_HZ = 170.0
"""Above this mean F0 the vocal tract is taken to be short: five formants up to 5500 Hz, else up to 5000 Hz."""


class Perturbation(NamedTuple):
    """Jitter and shimmer (local), as fractions; None where there are too few cycles."""

    jitter: float | None
    shimmer: float | None


def perturbation(voice: Voice) -> Perturbation:
    """Return jitter and shimmer of all voiced stretches, from Praat's cross-correlated pulses."""
    if voice.narrow is None or voice.pitch is None:
        return Perturbation(None, None)
    pulses = call([voice.narrow, voice.pitch], "To PointProcess (cc)")
    limits = (0, 0, _SHORTEST_S, _LONGEST_S, _PERIOD_FACTOR)
    jitter = call(pulses, "Get jitter (local)", *limits)
    shimmer = call([voice.narrow, pulses], "Get shimmer (local)", *limits, _AMPLITUDE_FACTOR)
    return Perturbation(_finite(jitter), _finite(shimmer))


def harmonicity(voice: Voice) -> float | None:
    """Return the mean harmonics-to-noise ratio in dB over frames with a period (cross-correlation, every 30 ms)."""
    if voice.narrow is None:
        return None
    frames = voice.narrow.to_harmonicity_cc(
        time_step=0.03, minimum_pitch=voice.pitch_range_hz[0], silence_threshold=0.1, periods_per_window=1.0
    )
    values = frames.values[0]
    # Praat marks a frame without a period with -200.
    values = values[values > -199]
    return _finite(values.mean()) if len(values) else None


def formants(voice: Voice) -> tuple[float | None, float | None]:
    """Return the medians of F1 and F2 in Hz over voiced frames of speech (Burg, 25 ms every 20 ms, pre-emphasis from 50 Hz).

    Of a recording below 10 kHz only the formants under its own limit are sought, one per kHz.
    """
    f0 = voice.f0_hz[voice.voiced]
    if voice.narrow is None or not len(f0):
        return None, None
    ceiling = min(5500.0 if f0.mean() > HIGH_VOICE_HZ else 5000.0, voice.narrow.sampling_frequency / 2)
    number = 5.0 if ceiling >= 5000 else float(round(ceiling / 1000))
    frames = voice.narrow.to_formant_burg(time_step=0.02, max_number_of_formants=number, maximum_formant=ceiling)
    times = voice.times_s[voice.voiced]
    return _median(frames, 1, times), _median(frames, 2, times)


def _median(frames: parselmouth.Formant, number: int, times: np.ndarray) -> float | None:
    values = np.array([frames.get_value_at_time(number, float(time)) for time in times])
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
