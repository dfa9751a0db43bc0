"""Silence, noise, clipping, fragments, broken samples: a reason instead of a number, and never an exception."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divine.measures import TASKS, applicable
from divine.records import Sound
from divine.voice.analysis import analyse
from divine.voice.curves import curves_of
from divine.voice.measures import measure_voice
from divine.voice.quality import VoiceQuality, quality_of, speech_level
from tests.voice.drawn_voice import cycles, place, pulses, sound, vowel


def quality(heard: Sound) -> VoiceQuality:
    return quality_of(analyse(heard), heard.rate_hz)


def sane(heard: Sound, task: str | None = None) -> dict[str, str]:
    """Every number finite, every absence explained; returns the reasons by name."""
    voice = analyse(heard)
    found = measure_voice(voice, task)
    assert [one.name for one in found] == [info.name for info in applicable("audio", task)]
    for one in found:
        assert (one.value is None) == bool(one.why), one
        assert one.value is None or math.isfinite(one.value), one
    curves_of(voice)
    quality_of(voice, heard.rate_hz)
    return {one.name: one.why for one in found if one.value is None}


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (np.zeros(0), "lasts 0.00 s"),
        (np.zeros(1), "lasts 0.00 s"),
        (vowel(120, 0.25), "lasts 0.25 s"),
        (np.zeros(32_000), "no speech"),
        (np.full(32_000, 0.4), "no speech"),
        (1e-4 * np.random.default_rng(0).standard_normal(32_000), "no speech"),
        (0.1 * np.random.default_rng(0).standard_normal(32_000), "no speech"),
    ],
    ids=["empty", "one sample", "fragment", "silence", "offset", "hiss", "noise"],
)
def test_nothing_to_measure_has_a_reason(samples, why):
    reasons = sane(sound(samples, 16_000))
    assert set(reasons) == {info.name for info in applicable("audio", None)}
    assert all(why in reason for reason in reasons.values())
    voice = analyse(sound(samples, 16_000))
    assert (voice.active, speech_level(voice), quality_of(voice, 16_000).snr_db) == ((), None, None)


def test_clipped_sound_keeps_its_pitch_and_loses_its_amplitudes():
    heard = sound((4 * vowel(120, 2)).clip(-1, 1), 16_000)
    reasons = sane(heard)
    assert set(reasons) >= {"shimmer_local", "hnr", "intensity_mean"}
    assert "clipped" in reasons["hnr"]
    found = {one.name: one.value for one in measure_voice(analyse(heard))}
    assert found["f0_mean"] == pytest.approx(120, rel=0.01)
    share = (np.abs(heard.samples) >= 0.99).mean()
    assert share > 0.005
    assert quality(heard).clipped_fraction == pytest.approx(share)


def test_lost_samples_are_silence():
    heard = place([(0.5, vowel(120, 1.5))], 2.5)
    broken = heard.samples.copy()
    broken[12_000:12_010] = np.nan
    broken[100] = np.inf
    assert "f0_mean" not in sane(Sound(broken, heard.rate_hz))


@settings(max_examples=15, deadline=None)
@given(
    seconds=st.floats(0, 1.2),
    rate_hz=st.sampled_from([4000, 8000, 11_025, 16_000, 44_100, 96_000]),
    f0_hz=st.floats(50, 700),
    level=st.floats(1e-6, 3),
    noise=st.floats(0, 0.5),
    task=st.sampled_from([None, *TASKS]),
)
def test_any_sound_is_measured_or_explained(seconds, rate_hz, f0_hz, level, noise, task):
    samples = np.zeros(int(seconds * rate_hz))
    tone = pulses(cycles(f0_hz, seconds), np.ones(int(seconds * f0_hz)), rate_hz) if seconds * f0_hz >= 1 else samples
    count = min(len(samples), len(tone))
    samples[:count] += level * tone[:count]
    sane(sound(samples + noise * np.random.default_rng(0).standard_normal(len(samples)), rate_hz), task)


@pytest.mark.parametrize("snr_db", [0, 10, 20, 30])
def test_signal_to_noise_of_a_known_mixture(snr_db):
    rate = 16_000
    noise = 10 ** (-snr_db / 20) * np.random.default_rng(2).standard_normal(3 * rate)
    speech = vowel(120, 1.5)
    speech /= np.sqrt(np.mean(speech**2))
    noise[12_000 : 12_000 + len(speech)] += speech
    voice = analyse(sound(0.05 * noise, rate))
    how = quality_of(voice, rate)
    assert how.snr_db == pytest.approx(snr_db, abs=1)
    assert how.duration_s == 3
    assert how.peak_dbfs == pytest.approx(20 * np.log10(0.05 * np.abs(noise).max()), abs=0.01)
    if snr_db == 0:  # the voice hardly rises above the noise: where it stops cannot be told
        return
    assert sum(stretch.length_s for stretch in voice.active) / 3 == pytest.approx(0.5, abs=0.03)
    assert speech_level(voice) == pytest.approx(20 * np.log10(0.05) + 10 * np.log10(1 + 10 ** (-snr_db / 10)), abs=0.3)


def test_noise_that_never_pauses_cannot_be_told_from_speech():
    assert quality(sound(vowel(120, 2), 16_000)).snr_db is None


@pytest.mark.parametrize("task", [None, "READING", *TASKS])
def test_every_measure_of_the_catalogue_is_computed_for_its_tasks(task):
    sane(place([(0.3 + 0.3 * number, vowel(120, 0.15)) for number in range(6)], 2.5), task)
