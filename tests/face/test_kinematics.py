"""Measures of a drawn face under head motion, against what its gestures are by construction."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from divine.face.curves import curves_of
from divine.face.kinematic_clock import follow
from divine.face.kinematic_repetition import repetitions
from divine.face.kinematic_signals import half_areas
from divine.face.kinematics import measure_motion
from divine.measures import TASKS, applicable
from divine.records import Landmarks, Measure
from tests.face.kinematic_face import LOWER_LIP, film, landmarks, neutral, opening, shift


def values(track: Landmarks, task: str | None = None) -> dict[str, float]:
    return {one.name: one.value for one in measure_motion(follow(track), task) if one.value is not None}


def reasons(track: Landmarks, task: str | None = None) -> dict[str, str]:
    return {one.name: one.why for one in measure_motion(follow(track), task) if one.value is None}


def wave(range_icd: float, rate_hz: float):
    return lambda times: range_icd / 2 * (1 - np.cos(2 * np.pi * rate_hz * times))


def nothing(times: np.ndarray) -> np.ndarray:
    return np.zeros(len(times))


@pytest.mark.parametrize("rate_hz", [0.5, 2.0, 4.0, 6.0])
@pytest.mark.parametrize("fps", [30.0, 50.0])
def test_opening_of_known_range_speed_path_and_rate(rate_hz, fps):
    found = values(film(opening(wave(0.5, rate_hz)), seconds=10, fps=fps, noise_px=0.2, seed=3), "DDK_PA")
    for name in ("lip_aperture", "jaw_opening"):
        assert found[f"{name}_range"] == pytest.approx(0.5, rel=0.04)
        assert found[f"{name}_mean_speed"] == pytest.approx(2 * 0.5 * rate_hz, rel=0.05)
    assert found["repetition_rate"] == pytest.approx(rate_hz, rel=0.005)
    if rate_hz >= 2:  # slower, the fastest moment of noise is faster than the fastest moment of the gesture
        assert found["lip_aperture_peak_speed"] == pytest.approx(math.pi * 0.5 * rate_hz, rel=0.08)
        assert found["jaw_path"] == pytest.approx(2 * 0.5 * rate_hz * 10, rel=0.05)
        assert found["repetition_count"] == pytest.approx(10 * rate_hz, abs=1)
    assert found["repetition_period_cv"] < 4
    assert abs(found["repetition_amplitude_slope"]) < 0.5
    assert abs(found["repetition_period_slope"]) < 0.5


def test_a_still_face_under_head_motion_hardly_moves():
    found = measure_motion(follow(film(seconds=8, noise_px=0.2)), "DDK_PA")
    known = {one.name: one.value for one in found}
    for name in ("lip_aperture_range", "mouth_width_range", "jaw_opening_range", "right_corner_range"):
        assert known[name] < 0.03
    why = {one.name: one.why for one in found if one.value is None}
    assert "no repetition found" in why["repetition_rate"]
    assert "neither side moves" in why["corner_range_asymmetry"]


def test_each_side_of_a_smile_is_the_subjects_own():
    smile = (
        shift((48,), lambda t: -wave(0.4, 0.5)(t) * 0.8, lambda t: -wave(0.4, 0.5)(t) * 0.6),
        shift((54,), lambda t: wave(0.2, 0.5)(t) * 0.8, lambda t: -wave(0.2, 0.5)(t) * 0.6),
    )
    found = values(film(*smile, seconds=10, noise_px=0.1), "NSM_BIGSMILE")
    assert found["right_corner_range"] == pytest.approx(0.4, rel=0.04)
    assert found["left_corner_range"] == pytest.approx(0.2, rel=0.06)
    assert found["corner_range_asymmetry"] == pytest.approx(100 * (0.4 - 0.2) / (0.4 + 0.2), abs=2)
    assert found["mouth_width_range"] == pytest.approx(0.8 * 0.6, rel=0.04)
    assert found["repetition_rate"] == pytest.approx(0.5, rel=0.01)


def test_a_drooping_corner_at_rest():
    droop = shift((48, 60), nothing, lambda t: np.full(len(t), 0.15))
    found = values(film(droop, opening(wave(0.3, 1)), noise_px=0.1), "DDK_PA")
    assert found["corner_rest_height_difference"] == pytest.approx(0.15, abs=0.01)
    right, left = math.hypot(0.85 - 0.5, 2.15), math.hypot(0.85 - 0.5, 2.0)
    assert found["canthus_commissure_difference"] == pytest.approx(right - left, abs=0.01)


def test_a_mouth_drawn_to_one_side_has_unequal_halves():
    track = film(shift(tuple(range(48, 68)), lambda t: np.full(len(t), 0.1), nothing))
    outline = neutral()[48:60] + np.array([0.1, 0])
    x, y = np.meshgrid(np.linspace(-1.5, 1.5, 1501), np.linspace(1, 3, 801))
    inside = np.zeros(x.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 != y1:  # even-odd rule: a ray to the left crosses the edge
            inside ^= ((y0 > y) != (y1 > y)) & (x > x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    right, left = inside[x < 0].sum(), inside[x > 0].sum()
    assert values(track)["mouth_area_asymmetry"] == pytest.approx(100 * (right - left) / (right + left), abs=0.3)


def test_an_edge_across_the_midline_gives_each_half_its_own_part():
    # A triangle of area 2: the midline leaves the small one at its tip, 1/4 of it, on the right.
    right, left = half_areas(np.array([[[-1.0, 0.0], [1.0, 1.0], [1.0, -1.0]]]))
    assert (right[0], left[0]) == pytest.approx((0.5, 1.5))


def test_brows():
    raised = (
        shift(tuple(range(17, 22)), nothing, lambda t: -wave(0.3, 0.5)(t)),
        shift(tuple(range(22, 27)), nothing, lambda t: -wave(0.1, 0.5)(t)),
    )
    found = values(film(*raised, seconds=10), "NSM_BROW")
    assert found["right_brow_range"] == pytest.approx(0.3, rel=0.03)
    assert found["left_brow_range"] == pytest.approx(0.1, rel=0.03)
    assert found["brow_range_asymmetry"] == pytest.approx(50, abs=1)
    assert found["repetition_rate"] == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize(("task", "sign"), [("NSM_SPREAD", 1), ("NSM_KISS", -1), ("NSM_BLOW", -1)])
def test_a_kiss_narrows_the_mouth_and_a_smile_widens_it(task, sign):
    # Short gestures between long rests: read upside down, the marks would sit in the rests.
    gesture = lambda t: sign * 0.2 * np.maximum(0, np.sin(2 * np.pi * 0.5 * t)) ** 8  # noqa: E731
    track = film(shift((48,), lambda t: -gesture(t), nothing), shift((54,), gesture, nothing), seconds=9, still=True)
    for known_task in (task, None):
        peaks = np.array([one.peak_s for one in repetitions(track, known_task)])
        assert len(peaks) == 4
        np.testing.assert_allclose((peaks - 0.5) % 2, 0, atol=0.03)


def test_turning_the_head_is_undone_by_its_pose():
    """A face with depth, turned about both axes and projected; the mouth lies as far forward as the base of the nose."""
    count = 300
    times = np.arange(count) / 50
    face = np.repeat(neutral()[None], count, axis=0)
    opening(wave(0.4, 2))(face, times)
    depth = np.zeros(68)
    depth[27:31], depth[31:36], depth[48:68], depth[5:12] = (0.25, 0.45, 0.65, 0.9), 0.55, 0.55, 0.45
    yaw, pitch = np.radians(14) * np.sin(2 * np.pi * 0.3 * times), np.radians(8) * np.sin(2 * np.pi * 0.5 * times)
    solid = np.concatenate([face, np.broadcast_to(depth[None, :, None], (count, 68, 1))], axis=2)
    turn = np.zeros((count, 3, 3))
    turn[:, 1, 1] = 1
    turn[:, 0, 0] = turn[:, 2, 2] = np.cos(yaw)
    turn[:, 0, 2], turn[:, 2, 0] = np.sin(yaw), -np.sin(yaw)
    nod = np.zeros((count, 3, 3))
    nod[:, 0, 0] = 1
    nod[:, 1, 1] = nod[:, 2, 2] = np.cos(pitch)
    nod[:, 1, 2], nod[:, 2, 1] = -np.sin(pitch), np.sin(pitch)
    seen = np.einsum("tij,tjk,tpk->tpi", nod, turn, solid)[..., :2] * 60 + (320, 150)
    pose = np.degrees(np.stack([pitch, yaw, np.zeros(count)], axis=1))
    found = values(dataclasses.replace(landmarks(times, seen), pose_deg=pose), "DDK_PA")
    assert found["lip_aperture_range"] == pytest.approx(0.4, rel=0.03)
    assert found["mouth_width_range"] < 0.06  # 1.7 ICD wide, seen from 14 degrees: without the pose twice as much
    assert found["jaw_opening_range"] == pytest.approx(0.4, rel=0.15)
    assert abs(found["mouth_area_asymmetry"]) < 3
    assert found["right_corner_range"] < 0.08


def test_a_head_turned_too_far_is_not_measured():
    track = film(opening(wave(0.5, 2)))
    pose = np.zeros((len(track.times_s), 3))
    pose[: len(pose) // 2, 1] = 50
    why = reasons(dataclasses.replace(track, pose_deg=pose))
    assert "are seen in 50% of the recording" in why["lip_aperture_range"]


def test_one_lost_canthus_decides_nothing():
    track = film(opening(wave(0.5, 2)), noise_px=0.1)
    points = track.points_px.copy()
    lost = np.random.default_rng(0).uniform(size=len(points)) < 0.15
    points[lost, 45] += (40, -30)
    found = values(dataclasses.replace(track, points_px=points), "DDK_PA")
    assert found["lip_aperture_range"] == pytest.approx(0.5, rel=0.06)
    assert found["mouth_width_range"] < 0.12


def test_a_blink_does_not_end_a_repetition_but_a_hidden_face_does():
    """Eyes close at the top of each opening, head in motion: the lips are seen all along, and so is their rhythm."""

    def blinking(seconds: float) -> dict[str, float]:
        track = film(opening(wave(0.6, 0.5)), seconds=8, fps=30, dropped=0.0)
        hidden = np.any([np.abs(track.times_s - top) < seconds / 2 for top in (1, 3, 5, 7)], axis=0)
        confidence = track.confidence.copy()
        confidence[np.ix_(hidden, range(36, 48))] = 0.1
        return values(dataclasses.replace(track, confidence=confidence), "NSM_OPEN")

    found = blinking(0.2)
    assert found["repetition_rate"] == pytest.approx(0.5, rel=0.01)
    assert found["jaw_opening_range"] == pytest.approx(0.6, rel=0.03)
    assert "repetition_rate" not in blinking(0.9)


BROWS = tuple(range(17, 27))


def drawn_by_lids(track: Landmarks, blinks_s: tuple[float, ...]) -> Landmarks:
    """Lids hide both inner canthi; they draw one outer one up, the other down, and a frame before and after they begin to."""
    points, confidence = track.points_px.copy(), track.confidence.copy()
    for blink in blinks_s:
        away = np.abs(track.times_s - blink)
        points[np.ix_(away < 0.15, [36])] += (3, -4)
        points[np.ix_(away < 0.15, [45])] += (-3, 4)
        confidence[np.ix_(away < 0.1, [39, 42])] = 0.1
    return dataclasses.replace(track, points_px=points, confidence=confidence)


def test_lids_that_draw_at_the_corners_of_the_eyes_do_not_tilt_the_face():
    track = film(shift(BROWS, nothing, lambda times: -wave(0.14, 0.5)(times)), seconds=8, dropped=0.0)
    calm, blinking = values(track, "NSM_BROW"), values(drawn_by_lids(track, (1.0, 3.1, 5.0, 7.0)), "NSM_BROW")
    assert calm["right_brow_range"] == pytest.approx(0.14, rel=0.04)
    for name in ("right_brow_range", "left_brow_range"):
        assert blinking[name] == pytest.approx(calm[name], rel=0.06)
    assert blinking["brow_range_asymmetry"] == pytest.approx(calm["brow_range_asymmetry"], abs=2.5)


def test_blinks_lose_nothing_while_one_corner_of_an_eye_is_hidden_for_long():
    track = film(opening(wave(0.6, 0.5)), seconds=8, dropped=0.0)
    confidence = drawn_by_lids(track, (1.5, 2.5, 3.5)).confidence
    confidence[np.ix_((track.times_s > 1.2) & (track.times_s < 3.8), [36])] = 0.1
    found = values(dataclasses.replace(track, confidence=confidence), "NSM_OPEN")
    assert found["repetition_rate"] == pytest.approx(0.5, rel=0.02)
    assert found["jaw_opening_range"] == pytest.approx(0.6, rel=0.03)


def test_gaps_are_bridged_only_where_short():
    track = film(opening(wave(0.5, 2)), seconds=10, dropped=0)
    points = track.points_px.copy()
    points[100:102] = np.nan
    points[200:260] = np.nan
    motion = follow(dataclasses.replace(track, points_px=points))
    start = motion.times_s[0]
    missing = np.flatnonzero(np.isnan(motion.points[:, 66, 1])) / 100 + start
    assert missing.min() == pytest.approx(track.times_s[199], abs=0.02)
    assert missing.max() == pytest.approx(track.times_s[260], abs=0.02)
    found = values(dataclasses.replace(track, points_px=points), "DDK_PA")
    assert found["repetition_rate"] == pytest.approx(2, rel=0.01)
    assert found["repetition_period_cv"] < 2
    assert found["lip_aperture_range"] == pytest.approx(0.5, rel=0.02)


def test_points_that_are_only_guessed_are_not_measured():
    track = film(opening(wave(0.5, 2)))
    confidence = np.ones((len(track.times_s), 68))
    confidence[:, LOWER_LIP] = 0.05
    guessed = dataclasses.replace(track, confidence=confidence)
    why = reasons(guessed, "NSM_OPEN")
    assert "0% of the recording" in why["lip_aperture_range"]
    assert "0% of the recording" in why["lower_lip_path"]
    found = values(guessed, "NSM_OPEN")
    assert found["jaw_opening_range"] == pytest.approx(0.5, rel=0.02)
    assert found["repetition_rate"] == pytest.approx(2, rel=0.01)


def test_too_few_frames_a_second_for_a_rate_but_not_for_a_range():
    track = film(opening(wave(0.5, 0.4)), seconds=20, fps=8, uneven=0, dropped=0)
    assert values(track)["lip_aperture_range"] == pytest.approx(0.5, rel=0.05)
    why = reasons(track)
    assert "8 frames/s are too few" in why["repetition_rate"]
    assert "8 frames/s are too few" in why["jaw_opening_peak_speed"]


@pytest.mark.parametrize("frames", [0, 1, 2, 5, 20])
def test_a_recording_too_short_says_so(frames):
    track = film(opening(wave(0.5, 2)), dropped=0)
    short = dataclasses.replace(
        track,
        times_s=track.times_s[:frames],
        points_px=track.points_px[:frames],
        confidence=track.confidence[:frames],
        pose_deg=track.pose_deg[:frames],
        faces=track.faces[:frames],
    )
    assert values(short) == {}
    assert "less than 0.5 s" in reasons(short)["lip_aperture_range"]


def test_no_face_at_all():
    track = film()
    points = np.full_like(track.points_px, np.nan)
    empty = dataclasses.replace(track, points_px=points, confidence=np.zeros((len(points), 68)))
    assert values(empty) == {}
    assert all(reasons(empty).values())
    assert all(np.isnan(curve.values).all() for curve in curves_of(follow(empty)))


@pytest.mark.parametrize("task", [None, "SOMETHING_ELSE", *TASKS])
def test_every_measure_of_the_catalogue_is_computed_for_its_tasks(task):
    found = measure_motion(follow(film(opening(wave(0.5, 2)), seconds=4)), task)
    assert [one.name for one in found] == [info.name for info in applicable("video", task)]
    assert all(isinstance(one, Measure) and (one.value is None) == bool(one.why) for one in found)
    assert all(one.value is None or math.isfinite(one.value) for one in found)


def test_curves_show_the_gesture_itself():
    lips = wave(0.5, 2)
    motion = follow(film(opening(lips), still=True, uneven=0.3))
    by_name = {curve.name: curve for curve in curves_of(motion, "DDK_PA")}
    aperture = by_name["lip_aperture"]
    inner = slice(20, -20)
    np.testing.assert_allclose(aperture.values[inner], 0.06 + lips(aperture.times_s)[inner], atol=0.01)
    np.testing.assert_allclose(by_name["jaw_opening"].values[inner], 2.05 + lips(aperture.times_s)[inner], atol=0.01)
    np.testing.assert_allclose(by_name["mouth_width"].values, 1.7, atol=1e-6)
    assert np.nanmax(by_name["right_corner_excursion"].values) < 1e-6
    assert all(len(curve.values) == len(curve.times_s) for curve in by_name.values())
