"""Pitch, perturbation, harmonicity, formants and level of sounds made cycle by cycle."""

from __future__ import annotations

import numpy as np
import pytest

from divine.records import Sound
from divine.voice.analysis import analyse
from divine.voice.measures import measure_voice
from tests.voice.drawn_voice import cycles, pulses, sound, vowel


def values(heard: Sound, task: str | None = None) -> dict[str, float | None]:
    return {one.name: one.value for one in measure_voice(analyse(heard), task)}


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 44_100])
@pytest.mark.parametrize("f0_hz", [80, 120, 220, 380])
def test_pitch_of_a_steady_voice(f0_hz, rate_hz):
    samples = pulses(cycles(f0_hz, 1.5), np.ones(int(1.5 * f0_hz)), rate_hz)
    found = values(sound(0.5 * samples / np.abs(samples).max(), rate_hz))
    assert found["f0_mean"] == pytest.approx(f0_hz, rel=0.001)
    assert found["f0_sd"] < 0.05
    assert found["phonation_time"] == pytest.approx(1.5, abs=0.06)


def test_variation_of_pitch_is_in_semitones():
    # F0 swings by a third octave: log2 F0 is a sine of amplitude 1/6 octave, 2 semitones.
    times, onsets = 0.0, []
    while times < 4:
        onsets.append(times)
        times += 1 / (150 * 2 ** (np.sin(2 * np.pi * 0.5 * times) / 6))
    samples = pulses(np.diff(onsets), np.ones(len(onsets) - 1), 16_000)
    assert values(sound(samples / 4, 16_000))["f0_sd"] == pytest.approx(2 / np.sqrt(2), rel=0.05)


def test_a_creaky_deep_voice_keeps_its_pitch_under_a_loud_first_formant():
    samples = vowel(75, 3, (420, 1250, 2500, 3500, 4500), jitter=0.1, first_bandwidth_hz=30)
    found = values(sound(samples + 0.01 * np.random.default_rng(1).standard_normal(len(samples)), 16_000))
    assert found["f0_mean"] == pytest.approx(75, rel=0.03)
    assert found["f0_sd"] < 3


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
@pytest.mark.parametrize(("jitter", "f0_hz"), [(0.003, 120), (0.01, 120), (0.02, 220)])
def test_jitter_and_shimmer_are_those_of_the_cycles(jitter, f0_hz, rate_hz):
    periods = cycles(f0_hz, 2, jitter=jitter, seed=3)
    heights = 1 + 4 * jitter * np.random.default_rng(5).standard_normal(len(periods)).clip(-2, 2)
    samples = pulses(periods, heights, rate_hz)
    found = values(sound(0.5 * samples / np.abs(samples).max(), rate_hz))
    assert found["jitter_local"] == pytest.approx(100 * np.abs(np.diff(periods)).mean() / periods.mean(), rel=0.04)
    assert found["shimmer_local"] == pytest.approx(100 * np.abs(np.diff(heights)).mean() / heights.mean(), rel=0.03)
    assert found["f0_mean"] == pytest.approx(1 / periods.mean(), rel=0.002)


def test_a_perfect_voice_has_no_jitter():
    samples = pulses(cycles(120, 2), np.ones(240), 44_100)
    found = values(sound(samples / 4, 44_100))
    assert found["jitter_local"] < 0.01
    assert found["shimmer_local"] < 0.05
    assert found["hnr"] > 50


@pytest.mark.parametrize("hnr_db", [5, 10, 15, 20, 25])
def test_harmonicity_is_the_ratio_of_tone_to_noise(hnr_db):
    tone = pulses(cycles(130, 2), np.ones(260), 16_000)
    tone /= np.sqrt(np.mean(tone**2))
    noise = 10 ** (-hnr_db / 20) * np.random.default_rng(0).standard_normal(len(tone))
    assert values(sound(0.05 * (tone + noise), 16_000))["hnr"] == pytest.approx(hnr_db, abs=0.8)


@pytest.mark.parametrize("rate_hz", [8000, 16_000])
@pytest.mark.parametrize(
    ("f0_hz", "formants"),
    [(100, (300, 2200, 2900, 3500, 4500)), (120, (700, 1200, 2600, 3500, 4500)), (210, (550, 1650, 2860, 3850, 4950))],
)
def test_formants_are_the_resonances(f0_hz, formants, rate_hz):
    below = tuple(one for one in formants if one < 0.48 * rate_hz)
    found = values(sound(vowel(f0_hz, 2, below, rate_hz), rate_hz))
    # The harmonics lie F0 apart and sample the resonance no finer: a high voice hides its place.
    assert found["f1_median"] == pytest.approx(formants[0], abs=0.2 * f0_hz)
    assert found["f2_median"] == pytest.approx(formants[1], rel=0.05)


def test_level_is_the_mean_square_of_the_raw_samples():
    rate = 16_000
    tone = pulses(cycles(200, 2), np.ones(400), rate)
    tone -= tone.mean()
    tone *= 0.1 / np.sqrt(np.mean(tone**2))
    silent = np.zeros(rate)
    found = values(sound(np.concatenate([silent, tone, silent]), rate))
    assert found["intensity_mean"] == pytest.approx(-20, abs=0.15)
    quiet = values(sound(0.1 * np.concatenate([silent, tone, silent]), rate))
    assert quiet["intensity_mean"] == pytest.approx(-40, abs=0.15)
    assert quiet["shimmer_local"] == pytest.approx(found["shimmer_local"], abs=1e-3)
