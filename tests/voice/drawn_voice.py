"""Sounds whose every cycle, noise, resonance and silence is known: the truth that the voice measures are held against.

All SYNTHETIC, made cycle by cycle from analytic pulses. It shares no code with what it checks.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from divine.records import Sound


def cycles(f0_hz: float, seconds: float, *, jitter: float = 0.0, seed: int = 0) -> np.ndarray:
    """Lengths of successive glottal cycles in seconds, independent and normal with SD ``jitter`` times the mean."""
    rng = np.random.default_rng(seed)
    count = int(seconds * f0_hz)
    return (1 + jitter * np.clip(rng.standard_normal(count), -2.5, 2.5)) / f0_hz


def pulses(periods_s: np.ndarray, heights: np.ndarray, rate_hz: int = 44_100, start_s: float = 0.0) -> np.ndarray:
    """One smooth analytic pulse per cycle, at exact times between samples, dying out within the cycle."""
    onsets = start_s + np.concatenate(([0.0], np.cumsum(periods_s)[:-1]))
    samples = np.zeros(int((onsets[-1] + periods_s[-1]) * rate_hz) + rate_hz // 50)
    decay = 0.08 * float(np.median(periods_s))
    for onset, height, period in zip(onsets, heights, periods_s, strict=True):
        first = int(np.ceil(onset * rate_hz))
        age = (np.arange(first, first + int(period * rate_hz)) / rate_hz - onset) / decay
        samples[first : first + len(age)] += height * (age**2 / 4 - age**3 / 12) * np.exp(-age)
    return samples


def vowel(
    f0_hz: float,
    seconds: float,
    formants: tuple[float, ...] = (700, 1200, 2600, 3500, 4500),
    rate_hz: int = 16_000,
    *,
    jitter: float = 0.0,
    first_bandwidth_hz: float = 60.0,
) -> np.ndarray:
    """A source of -6 dB per octave through cascaded two-pole resonators; the formants are their frequencies, peak 0.5."""
    onsets = np.cumsum(cycles(f0_hz, seconds, jitter=jitter)) - 1 / f0_hz
    source = np.zeros(int(seconds * rate_hz))
    source[np.round(onsets[onsets < seconds - 1 / f0_hz] * rate_hz).astype(int)] = 1.0
    tract = lfilter([1.0], [1.0, -np.exp(-2 * np.pi * 50 / rate_hz)], source)
    for number, frequency in enumerate(formants):
        radius = np.exp(-np.pi * (60 + 20 * number if number else first_bandwidth_hz) / rate_hz)
        poles = [1.0, -2 * radius * np.cos(2 * np.pi * frequency / rate_hz), radius**2]
        tract = lfilter([sum(poles)], poles, tract)
    tract -= tract.mean()
    return 0.5 * tract / np.abs(tract).max()


def place(parts: list[tuple[float, np.ndarray]], seconds: float, rate_hz: int = 16_000, noise: float = 1e-4) -> Sound:
    """Sounds at known times on a quiet noise floor, each faded in and out over 10 ms inside its own length."""
    samples = noise * np.random.default_rng(1).standard_normal(int(seconds * rate_hz))
    fade = np.sin(np.linspace(0, np.pi / 2, rate_hz // 100)) ** 2
    for start_s, part in parts:
        shaped = part.copy()
        shaped[: len(fade)] *= fade
        shaped[-len(fade) :] *= fade[::-1]
        first = round(start_s * rate_hz)
        samples[first : first + len(shaped)] += shaped
    return Sound(samples.astype(np.float32), rate_hz)


def syllable_train(
    onsets_s: np.ndarray, length_s: float = 0.08, f0_hz: float = 120.0, seconds: float = 8.0, noise: float = 1e-4
) -> Sound:
    """The same short vowel at every onset."""
    part = vowel(f0_hz, length_s)
    return place([(float(onset), part) for onset in onsets_s], seconds, noise=noise)


def sound(samples: np.ndarray, rate_hz: int, start_s: float = 0.0) -> Sound:
    return Sound(samples.astype(np.float32), rate_hz, start_s)
