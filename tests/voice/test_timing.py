"""Pauses at known places, syllables at known times, and the curves' clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divine.records import Sound
from divine.voice.activity import pauses
from divine.voice.analysis import analyse
from divine.voice.curves import curves_of
from divine.voice.measures import measure_voice
from divine.voice.syllables import syllables
from tests.voice.drawn_voice import place, sound, syllable_train, vowel


def values(heard: Sound, task: str | None = None) -> dict[str, float | None]:
    return {one.name: one.value for one in measure_voice(analyse(heard), task)}


@pytest.mark.parametrize("noise", [1e-5, 1e-3, 1e-2])
def test_pauses_stand_where_the_silences_are(noise):
    # The gap of 0.15 s from 4.5 s is a closure, not a pause.
    heard = place(
        [(0.5, vowel(120, 1.0)), (2.0, vowel(120, 0.8)), (3.1, vowel(120, 1.4)), (4.65, vowel(120, 0.5))], 6, noise=noise
    )
    found = pauses(analyse(heard).active)
    np.testing.assert_allclose([(one.start_s, one.end_s) for one in found], [(1.5, 2.0), (2.8, 3.1)], atol=0.03)
    measured = values(heard)
    assert measured["pause_count"] == 2
    assert measured["pause_total"] == pytest.approx(0.8, abs=0.06)
    assert measured["pause_mean"] == pytest.approx(0.4, abs=0.03)
    assert measured["speech_duration"] == pytest.approx(4.65, abs=0.04)
    assert measured["pause_fraction"] == pytest.approx(100 * 0.8 / 4.65, abs=1.5)


def test_speech_without_a_pause():
    found = {one.name: one for one in measure_voice(analyse(place([(0.5, vowel(120, 2))], 3)))}
    assert found["pause_count"].value == 0
    assert found["pause_total"].value == 0
    assert found["pause_mean"].value is None
    assert "no pause" in found["pause_mean"].why


@pytest.mark.parametrize("rate_hz", [1.5, 3.0, 5.0, 6.4, 7.5])
def test_syllables_at_a_known_rate(rate_hz):
    onsets = 0.5 + np.arange(int(5 * rate_hz)) / rate_hz
    found = values(syllable_train(onsets, min(0.12, 0.55 / rate_hz), seconds=6.5, noise=2e-3), "DDK_PA")
    assert found["syllable_count"] == len(onsets)
    assert found["ddk_pa_rate"] == pytest.approx(rate_hz, rel=0.005)
    assert found["syllable_interval_cv"] < 1


@pytest.mark.parametrize(("rate_hz", "spread"), [(2.0, 0.25), (4.0, 0.1), (5.0, 0.05), (6.0, 0.08)])
def test_syllables_of_known_irregularity(rate_hz, spread):
    intervals = (1 + spread * np.random.default_rng(7).standard_normal(24).clip(-2, 2)) / rate_hz
    onsets = 0.5 + np.concatenate(([0.0], np.cumsum(intervals)))
    found = values(syllable_train(onsets, min(0.12, 0.5 / rate_hz), seconds=onsets[-1] + 1), "DDK_PATAKA")
    assert found["syllable_count"] == 25
    assert found["ddk_pataka_rate"] == pytest.approx(1 / intervals.mean(), rel=0.005)
    assert found["syllable_interval_cv"] == pytest.approx(100 * np.std(intervals, ddof=1) / intervals.mean(), abs=0.5)


def test_weak_and_strong_syllables_count_alike():
    part = vowel(120, 0.09)
    onsets = 0.5 + 0.2 * np.arange(20)
    heard = place([(float(onset), part * (1.0 if number % 2 else 0.35)) for number, onset in enumerate(onsets)], 5)
    assert values(heard, "DDK_PA")["syllable_count"] == 20


def test_a_rough_vowel_is_one_syllable():
    rng = np.random.default_rng(4)
    held = vowel(110, 2.0) * (1 + 0.04 * np.interp(np.arange(32_000), np.arange(0, 32_000, 1600), rng.standard_normal(20)))
    assert values(place([(0.5, held)], 3, noise=0.02), "DDK_PA")["syllable_count"] == 1


def test_a_click_is_no_syllable_and_no_speech():
    rng = np.random.default_rng(0)
    click = 0.5 * rng.standard_normal(800)
    heard = place([(0.5, click), (1.0, vowel(120, 0.2)), (1.4, vowel(120, 0.2)), (2.2, click)], 3)
    voice = analyse(heard)
    assert len(syllables(voice)) == 2
    assert len(voice.active) == 1
    assert voice.active[0].start_s == pytest.approx(1.0, abs=0.03)


@settings(max_examples=6, deadline=None)
@given(gain=st.floats(0.02, 1.9), later=st.floats(0, 100))
def test_loudness_and_clock_do_not_change_timing(gain, later):
    heard = syllable_train(0.5 + 0.25 * np.arange(8), seconds=3, noise=1e-3)
    other = Sound((heard.samples * np.float32(gain)).clip(-0.98, 0.98), heard.rate_hz, start_s=later)
    measured, expected = values(other), values(heard)
    for name in ("syllable_count", "syllable_rate", "speech_duration", "pause_count"):
        assert measured[name] == pytest.approx(expected[name], rel=1e-3), name


def test_curves_share_the_clips_clock():
    silence = np.zeros(8000)
    heard = sound(np.concatenate([silence, vowel(150, 1.0), silence]), 16_000, start_s=2.5)
    f0, intensity = curves_of(analyse(heard))
    assert (f0.name, f0.unit, intensity.name, intensity.unit) == ("f0", "Hz", "intensity", "dBFS")
    np.testing.assert_allclose(np.diff(f0.times_s), 0.01)
    assert f0.times_s[0] == 2.5
    assert f0.times_s[-1] == pytest.approx(4.5, abs=0.011)
    voiced = f0.times_s[np.isfinite(f0.values)]
    assert voiced.min() == pytest.approx(3.0, abs=0.04)
    assert voiced.max() == pytest.approx(4.0, abs=0.04)
    assert np.nanmedian(f0.values) == pytest.approx(150, rel=0.005)
    assert np.isfinite(intensity.values).all()
    assert intensity.values[10] == -100
    assert intensity.values[100] > -30
