"""What must not change a measure: where, how large and how tilted the face is filmed, and when; and what a mirror swaps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divine.face.curves import curves_of
from divine.face.kinematic_clock import follow
from divine.face.kinematic_quality import FaceQuality, face_quality
from divine.face.kinematics import measure_motion
from divine.records import Landmarks
from tests.face.kinematic_face import MIRROR, film, landmarks, opening, shift


def gestures(right: float, left: float, rate_hz: float):
    beat = lambda t: (1 - np.cos(2 * np.pi * rate_hz * t)) / 2  # noqa: E731
    return (
        opening(lambda t: 0.3 * beat(t)),
        shift((48, 60), lambda t: -right * beat(t), lambda t: 0.05 + 0 * t),
        shift((54, 64), lambda t: left * beat(t), lambda t: -0.3 * left * beat(t)),
    )


def values(track: Landmarks, task: str | None) -> dict[str, float | None]:
    return {one.name: one.value for one in measure_motion(follow(track), task)}


def quality_of(track: Landmarks) -> FaceQuality:
    return face_quality(track, follow(track))


def assert_alike(some: dict[str, float | None], other: dict[str, float | None], tolerance: float = 1e-6) -> None:
    assert some.keys() == other.keys()
    for name, value in some.items():
        expected = other[name]
        assert value == (None if expected is None else pytest.approx(expected, rel=tolerance, abs=tolerance)), name


@settings(max_examples=12, deadline=None)
@given(
    turn=st.floats(-0.6, 0.6),
    size=st.floats(0.2, 5),
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
    later=st.floats(-20, 3000),
    task=st.sampled_from([None, "DDK_PA", "NSM_KISS", "NSM_BROW"]),
)
def test_place_size_tilt_and_start_of_the_recording_change_nothing(turn, size, x, y, later, task):
    track = film(*gestures(0.2, 0.1, 1.5), seconds=3, noise_px=0.3)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = landmarks(track.times_s + later, size * track.points_px @ rotation.T + (x, y))
    # A clock 50 minutes on holds fewer digits of each frame's time.
    assert_alike(values(moved, task), values(track, task), 1e-5)


@settings(max_examples=8, deadline=None)
@given(right=st.floats(0.02, 0.3), left=st.floats(0.02, 0.3), rate=st.floats(0.8, 4))
def test_a_mirror_swaps_the_sides_and_nothing_else(right, left, rate):
    track = film(*gestures(right, left, rate), seconds=4, noise_px=0.2)
    points = track.points_px[:, MIRROR] * (-1, 1) + (640, 0)
    straight, mirrored = values(track, None), values(landmarks(track.times_s, points), None)
    swapped = {}
    for name, value in straight.items():
        other = name.replace("right_", "#").replace("left_", "right_").replace("#", "left_")
        signed = name.endswith(("_asymmetry", "_difference"))
        swapped[other] = -value if signed and value is not None else value
    assert_alike(mirrored, {name: swapped[name] for name in mirrored}, 1e-6)


def test_the_order_and_repetition_of_frames_changes_nothing():
    track = film(*gestures(0.2, 0.1, 2), seconds=4)
    order = np.random.default_rng(0).permutation(np.append(np.arange(len(track.times_s)), 50))
    assert_alike(values(landmarks(track.times_s[order], track.points_px[order]), None), values(track, None))


def test_quality_says_how_the_face_was_filmed():
    track = film(seconds=4, icd_px=40, still=True, uneven=0, dropped=0, fps=25)
    points, faces, pose = track.points_px.copy(), np.ones(100, dtype=np.int64), np.zeros((100, 3))
    points[10:30] = np.nan
    points[50:, :, 0] += 80
    faces[:5] = 2
    pose[:, 1] = -12
    confidence = np.ones((100, 68))
    confidence[10:30] = 0
    confidence[60:70, 48:60] = 0
    quality = quality_of(dataclasses.replace(track, points_px=points, faces=faces, pose_deg=pose, confidence=confidence))
    assert quality.found_fraction == pytest.approx(0.8)
    # Of 3.96 s from first frame to last, a gap of 21 frames and one of 11.
    assert quality.mouth_followed_fraction == pytest.approx(1 - 32 / 99, abs=0.01)
    assert quality.several_faces_fraction == pytest.approx(0.05)
    assert quality.frame_rate_hz == pytest.approx(25)
    assert quality.intercanthal_px == pytest.approx(40)
    assert quality.turn_deg == pytest.approx(12)
    assert quality.cut_fraction == 0


def test_one_point_of_the_mouth_that_is_lost_again_and_again_is_a_mouth_that_is_not_followed():
    track = film(seconds=4, still=True, uneven=0, dropped=0, fps=30)
    confidence = np.ones((120, 68))
    confidence[np.arange(120) % 10 < 4, 54] = 0.1  # stretches of 0.2 s between losses: too short for any measure
    lost = dataclasses.replace(track, confidence=confidence)
    assert quality_of(track).mouth_followed_fraction == 1
    assert quality_of(lost).mouth_followed_fraction == 0
    assert values(lost, "DDK_PA")["mouth_width_range"] is None


# A marker slides along the lip past its neighbour, or from the lower lip up to the philtrum; the jaw may be open as it does.
@pytest.mark.parametrize(("point", "to"), [(53, (0.1, 1.75)), (50, (0.1, 1.73)), (56, (-0.1, 2.32)), (55, (0.5, 1.45))])
@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_a_point_that_slides_along_the_lips_is_found_out_though_it_is_sure(point, to, turn):
    track = film(*gestures(0.2, 0.1, 2), seconds=4, still=True, uneven=0, dropped=0, noise_px=0.2)
    points = track.points_px.copy()
    points[100:, point] = np.array(to) * 60 + (320, 180)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    whole, slid = (landmarks(track.times_s, some @ rotation.T + (90, 0)) for some in (track.points_px, points))
    assert quality_of(whole).mouth_followed_fraction == 1
    assert quality_of(slid).mouth_followed_fraction == pytest.approx(0.5, abs=0.02)
    assert values(whole, "DDK_PA")["mouth_area_asymmetry"] is not None
    assert values(slid, "DDK_PA")["mouth_area_asymmetry"] is None
    asymmetry = next(one for one in curves_of(follow(slid), "DDK_PA") if one.name == "mouth_area_asymmetry")
    assert np.isfinite(asymmetry.values).mean() == pytest.approx(0.5, abs=0.02)


def test_quality_of_a_recording_without_a_face():
    track = film(seconds=2)
    empty = dataclasses.replace(track, points_px=np.full_like(track.points_px, np.nan))
    quality = quality_of(empty)
    assert (quality.found_fraction, quality.intercanthal_px, quality.cut_fraction) == (0, None, None)
    nothing = quality_of(landmarks(np.zeros(0), np.zeros((0, 68, 2))))
    assert (nothing.found_fraction, nothing.frame_rate_hz) == (0, 0)


def test_a_face_that_leaves_the_picture_is_cut():
    track = film(seconds=2, still=True, dropped=0)
    points = track.points_px.copy()
    points[:25] -= (320, 0)
    assert quality_of(dataclasses.replace(track, points_px=points)).cut_fraction == pytest.approx(0.25)
