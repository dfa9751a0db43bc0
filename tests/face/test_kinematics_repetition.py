"""Repetitions with known times and heights: count, rate, variability, fatigue, marks."""

from __future__ import annotations

import numpy as np
import pytest

from divine.face.kinematic_clock import follow
from divine.face.kinematic_repetition import find_repetitions, repetitions
from divine.face.kinematics import measure_motion
from tests.face.kinematic_face import film, opening


def bumps(onsets: np.ndarray, heights: np.ndarray, length_s: float, hold_s: float = 0.0):
    """One gesture per onset: up in half of ``length_s``, held, and down again, along a raised cosine."""

    def at(times: np.ndarray) -> np.ndarray:
        total = np.zeros(len(times))
        for onset, height in zip(onsets, heights, strict=True):
            age = times - onset
            age = np.where(age > length_s / 2 + hold_s, age - hold_s, np.minimum(age, length_s / 2))
            inside = (age > 0) & (age < length_s)
            total += np.where(inside, height / 2 * (1 - np.cos(2 * np.pi * np.clip(age, 0, length_s) / length_s)), 0)
        return total

    return at


def values(track, task="DDK_PA"):
    return {one.name: one.value for one in measure_motion(follow(track), task)}


@pytest.mark.parametrize("seed", range(4))
def test_variability_and_fatigue_of_known_gestures(seed):
    rng = np.random.default_rng(seed)
    periods = 0.5 * (1 + 0.12 * rng.standard_normal(14).clip(-2, 2)) * (1 + 0.02 * np.arange(14))
    onsets = 1.0 + np.concatenate(([0.0], np.cumsum(periods)))
    heights = np.linspace(0.6, 0.3, 15) * (1 + 0.05 * rng.standard_normal(15))
    track = film(opening(bumps(onsets, heights, 0.3)), seconds=float(onsets[-1]) + 1, noise_px=0.1, seed=seed)
    found = values(track)
    assert found["repetition_count"] == 15
    assert found["repetition_rate"] == pytest.approx(14 / (onsets[-1] - onsets[0]), rel=0.01)
    assert found["repetition_period_cv"] == pytest.approx(100 * np.std(periods, ddof=1) / np.mean(periods), abs=1)
    assert found["repetition_amplitude_cv"] == pytest.approx(100 * np.std(heights, ddof=1) / np.mean(heights), abs=1.5)
    fall = 100 * np.polyfit(np.arange(15), heights, 1)[0] / np.mean(heights)
    assert found["repetition_amplitude_slope"] == pytest.approx(fall, abs=0.3)
    slow = 100 * np.polyfit(np.arange(14), periods, 1)[0] / np.mean(periods)
    assert found["repetition_period_slope"] == pytest.approx(slow, abs=0.4)


def test_marks_stand_where_the_gestures_are():
    onsets, heights = np.array([1.0, 2.0, 3.5, 4.2]), np.array([0.5, 0.4, 0.5, 0.3])
    marks = repetitions(film(opening(bumps(onsets, heights, 0.4)), seconds=6), "DDK_PA")
    np.testing.assert_allclose([one.peak_s for one in marks], onsets + 0.2, atol=0.02)
    np.testing.assert_allclose([one.rise_s for one in marks], onsets + 0.1, atol=0.012)
    tenth = 0.4 / (2 * np.pi) * np.arccos(1 - 2 * 0.1)
    np.testing.assert_allclose([one.start_s for one in marks], onsets + tenth, atol=0.02)
    np.testing.assert_allclose([one.end_s for one in marks], onsets + 0.4 - tenth, atol=0.02)
    np.testing.assert_allclose([one.height for one in marks], heights, rtol=0.03)


def test_a_held_gesture_counts_once_and_its_timing_is_not_that_of_noise_on_its_top():
    onsets = np.arange(1.0, 15, 2.0)
    track = film(opening(bumps(onsets, np.full(7, 0.6), 0.5, hold_s=0.9)), seconds=16, noise_px=0.5)
    found = values(track, "NSM_OPEN")
    assert found["repetition_count"] == 7
    assert found["repetition_period_cv"] < 1.5


def test_a_gesture_cut_by_the_recording_is_no_whole_repetition():
    times = np.arange(0, 4, 0.01)
    whole = find_repetitions(times, 0.5 * np.sin(2 * np.pi * times + 2.2))  # starts and ends just past a top
    np.testing.assert_allclose([one.peak_s for one in whole], [0.9, 1.9, 2.9], atol=0.01)
    assert all(one.height == pytest.approx(1.0, rel=0.01) for one in whole)


def test_a_period_never_spans_what_was_not_seen():
    times = np.arange(0, 10, 0.01)
    values_ = 0.5 * np.sin(2 * np.pi * times)
    values_[300:600] = np.nan
    marks = find_repetitions(times, values_)
    assert {one.stretch for one in marks} == {0, 1}
    assert len(marks) == 7


def test_noise_is_not_a_repetition():
    times = np.arange(0, 5, 0.01)
    assert find_repetitions(times, 0.01 * np.random.default_rng(0).standard_normal(500)) == ()
    assert find_repetitions(times, np.full(500, np.nan)) == ()


def test_a_pataka_is_one_repetition_though_the_jaw_rises_three_times():
    """Three openings per repetition: the lips close fully before the first, to half before the others; sizes shrink."""
    onsets = 0.6 + 0.6 * np.arange(8)
    sizes = np.linspace(0.5, 0.3, 8)

    def at(times: np.ndarray) -> np.ndarray:
        age = times[:, None] - onsets
        nods = 0.75 - 0.25 * np.cos(2 * np.pi * (age - 0.1) / 0.2)
        edge = np.clip(np.minimum(age, 0.6 - age) / 0.1, 0, 1)
        return (sizes * nods * (1 - np.cos(np.pi * edge)) / 2).sum(axis=1)

    track = film(opening(at), seconds=6, noise_px=0.1, dropped=0.0)
    marks = repetitions(track, "DDK_PATAKA")
    assert len(marks) == 8
    assert np.diff([mark.rise_s for mark in marks]) == pytest.approx(np.full(7, 0.6), abs=0.03)
    assert values(track, "DDK_PATAKA")["repetition_rate"] == pytest.approx(1 / 0.6, rel=0.01)
    assert len(repetitions(track, "DDK_PA")) > 12  # by prominence alone it would be several
