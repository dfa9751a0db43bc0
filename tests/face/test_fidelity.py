"""A small case of ``benchmarks.fidelity``: landmarks follow a drooping corner, a wide jaw and a brow, and know when not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.fidelity import HIGH, LOW, backend, heights, score_moving
from benchmarks.warped_faces import LEFT, RIGHT, Frame, Motion, film, render, truth
from divine.face.pixels import Pixels
from divine.synthetic.face import FaceCamera
from divine.synthetic.gesture import make_gesture
from divine.synthetic.roster import make_subjects
from tests.face.real_face import face

WAVE = (1 - np.cos(np.linspace(0, 2 * np.pi, 25))) / 2


@pytest.mark.parametrize("side", [RIGHT, LEFT])
def test_a_corner_that_sinks_is_followed_and_the_other_stays(side):
    motions = [Motion(corners=(a, 0.0) if side == RIGHT else (0.0, a)) for a in 0.10 * np.concatenate([np.zeros(4), WAVE])]
    frames = list(film(face(), motions))
    score = score_moving(face(), backend("mediapipe"), frames, motions, "corner")[0]
    assert LOW < score.gain < HIGH
    assert score.correlation > 0.99
    assert abs(score.crosstalk) < 0.1
    assert score_moving(face(), backend("mesh"), frames, motions, "corner")[0].gain < 0.6  # the measure can tell


def test_a_jaw_that_opens_wide_is_followed_and_the_upper_lip_stays():
    motions = [Motion(jaw=a) for a in 0.35 * np.concatenate([np.zeros(4), WAVE])]
    frames = list(film(face(), motions, shaken=True))
    for score in score_moving(face(), backend("mediapipe"), frames, motions, "jaw"):
        assert LOW < score.gain < HIGH, score
        assert abs(score.crosstalk) < 0.1, score


def test_a_brow_that_rises_is_followed_and_the_other_stays():
    motions = [Motion(brows=(-a, 0.0)) for a in 0.10 * np.concatenate([np.zeros(4), WAVE])]
    frames = list(film(face(), motions))
    score = score_moving(face(), backend("mediapipe"), frames, motions, "brow")[0]
    assert LOW < score.gain < HIGH
    assert abs(score.crosstalk) < 0.1
    assert score_moving(face(), backend("mesh"), frames, motions, "brow")[0].gain < 0.6  # the measure can tell


def test_a_covered_mouth_is_not_believed_and_is_found_again():
    image = face().image
    low, high = face().points[48:60].min(axis=0).astype(int) - 12, face().points[48:60].max(axis=0).astype(int) + 12
    covered = image.copy()
    covered[low[1] : high[1], low[0] : high[0]] = (110, 110, 110)
    see = Pixels()
    sights = [see(covered if 8 <= i < 16 else image, i / 50) for i in range(22)]
    belief = np.array([sight.confidence[48:60].mean() for sight in sights])
    assert belief[1:8].min() > 0.8
    assert belief[8:16].max() < 0.35
    assert belief[17:].min() > 0.8
    assert sights[12].confidence[27:31].mean() > 0.8  # the bridge of the nose is still in sight
    np.testing.assert_allclose(sights[-1].points_px[48:68], sights[4].points_px[48:68], atol=0.02 * face().oed)


def test_eye_corners_are_held_while_the_jaw_opens_as_wide_as_it_goes():
    """The mesh's eyes give way then (SYNTHETIC faces): what looks as it did is believed all the same."""
    person = make_subjects(36, 1)[10]
    gesture = make_gesture(person, "NSM_OPEN", 1, 6.0)
    see = Pixels()
    frames = FaceCamera(person.face).film(gesture, np.arange(0.0, 1.6, 0.04))
    belief = np.array([see(frame.picture, frame.time_s).confidence[[36, 39, 42, 45]] for frame in frames])
    assert (belief[3:] > 0.5).mean() > 0.9


def test_eyes_are_found_again_after_a_blink_in_which_a_new_anchor_was_made():
    """A SYNTHETIC recording: lips move fast, the eyes close at 0.8 s; what the new anchor never knew, the first one does."""
    person = make_subjects(12, 1)[1]
    gesture = make_gesture(person, "DDK_PATAKA", 1, 6.0)
    see, times = Pixels(), np.arange(0.0, 1.5, 1 / 30)
    frames = FaceCamera(person.face, seed=1).film(gesture, times)
    belief = np.array([see(frame.picture, frame.time_s).confidence[[36, 39, 42, 45]] for frame in frames])
    assert gesture.mouth.lids[300:500].max() > 0.9
    assert (belief[times > 1.1] > 0.4).mean() > 0.9


def test_pressed_lips_touch_but_do_not_cross():
    motions = [Motion(jaw=a) for a in np.concatenate([0.1 * np.ones(2), np.linspace(0.1, 0, 8), np.zeros(2)])]
    points = backend("mediapipe")([Frame(render(face(), m), i / 50, np.eye(2, 3)) for i, m in enumerate(motions)])
    assert (points[:, [67, 66, 65], 1] >= points[:, [61, 62, 63], 1] - 1e-3).all()


def test_heights_are_freed_of_the_head_s_motion():
    turn = np.array([[0.9, -0.3, 20.0], [0.3, 0.9, -10.0]])
    places = truth(face(), Motion(jaw=0.2))
    frames = [Frame(face().image, 0.0, np.eye(2, 3)), Frame(face().image, 0.02, turn)]
    points = np.stack([places, places @ turn[:, :2].T + turn[:, 2]])
    still, moved = heights(face(), points, frames, [8])
    assert still == pytest.approx(moved)
    assert still == pytest.approx(places[8, 1] / face().oed)
