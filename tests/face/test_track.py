from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.warped_faces import Motion, render
from divine.config import Limits
from divine.face.errors import FaceError
from divine.face.track import look, track, track_image
from divine.media import IsolationError, open_clip, run_isolated, write_video
from divine.records import Clip
from tests.face.real_face import LEFT_PUPIL, RIGHT_PUPIL, face, picture, placed

FPS = 25


def filmed(path: Path, images: list[np.ndarray]) -> Clip:
    write_video(path, ((i / FPS, image) for i, image in enumerate(images)))
    return open_clip(path)


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """1 s in which the jaw opens once."""
    opening = (1 - np.cos(np.linspace(0, 2 * np.pi, FPS))) / 2
    images = [render(face(), Motion(jaw=0.25 * amount)) for amount in opening]
    return filmed(tmp_path_factory.mktemp("talking") / "talking.mp4", images)


def test_a_clip_s_landmarks_follow_its_jaw_in_time(talking):
    told: list[float] = []
    found = track(talking, on_progress=told.append)
    assert found.found.all()
    assert found.notes == ()
    assert (found.width, found.height, found.backend) == (640, 480, "mediapipe")
    np.testing.assert_allclose(found.times_s, np.arange(FPS) / FPS, atol=1e-3)
    opening = (found.points_px[:, 66, 1] - found.points_px[:, 62, 1]) / face().oed
    expected = 0.25 * (1 - np.cos(np.linspace(0, 2 * np.pi, FPS))) / 2
    np.testing.assert_allclose(opening - opening[0], expected, atol=0.03)
    assert found.confidence.min() > 0
    assert np.abs(found.pose_deg).max() < 15
    assert told == sorted(told)


def test_twice_the_same_byte_for_byte(talking):
    def once() -> list[bytes]:
        parts: list[bytes] = []
        return [run_isolated(look, talking, "mediapipe", on_part=parts.append), *parts]

    assert once() == once()


def test_no_face_is_no_error(tmp_path):
    found = track(filmed(tmp_path / "empty.mp4", [placed(240, 320)] * 5))
    assert not found.found.any()
    assert np.isnan(found.points_px).all()
    assert np.isnan(found.pose_deg).all()
    assert found.confidence.max() == 0
    assert found.faces.max() == 0
    assert "no face found in 5 of 5 frames" in found.notes[0]


def test_a_face_that_leaves_and_returns_elsewhere(tmp_path):
    here, there = placed(480, 640, (30, 60, 1.3)), placed(480, 640, (320, 200, 1.3))
    found = track(filmed(tmp_path / "back.mp4", [here] * 5 + [placed(480, 640)] * 5 + [there] * 5))
    assert found.found.tolist() == [True] * 5 + [False] * 5 + [True] * 5
    np.testing.assert_allclose(found.points_px[-1] - found.points_px[3], np.tile([290, 140], (68, 1)), atol=10)
    assert "5 of 15 frames" in found.notes[0]


def test_two_faces_are_named_and_the_main_one_is_followed(tmp_path):
    found = track(filmed(tmp_path / "two.mp4", [placed(480, 640, (30, 100, 1.4), (430, 150, 0.9))] * 4))
    assert found.faces.tolist() == [2] * 4
    assert found.points_px[..., 0].max() < 330
    assert "2 faces" in found.notes[0]


def test_a_picture(tmp_path):
    path = tmp_path / "a photograph, 'quoted'.png"
    cv2.imwrite(str(path), picture()[..., ::-1])
    found = track_image(path)
    assert found.points_px.shape == (1, 68, 2)
    np.testing.assert_allclose(found.points_px[0, 36:42].mean(axis=0), RIGHT_PUPIL, atol=4)
    np.testing.assert_allclose(found.points_px[0, 42:48].mean(axis=0), LEFT_PUPIL, atol=4)
    assert (found.width, found.height) == (512, 512)


def test_what_is_no_picture_is_named(tmp_path):
    path = tmp_path / "text.png"
    path.write_text("not a picture")
    with pytest.raises(FaceError, match=r"text\.png: cannot be read as a picture"):
        track_image(path)


def test_a_picture_beyond_the_limits_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), np.zeros((100, 200, 3), np.uint8))
    with pytest.raises(FaceError, match=r"large\.png: has 200 x 100 pixels, more than 5000"):
        track_image(path, limits=Limits(pixels=5000))


def test_a_backend_that_does_not_exist_is_named(talking):
    with pytest.raises(FaceError, match="mediapipe, mesh or fan"):
        run_isolated(look, talking, "openface")


def test_a_child_that_takes_too_long_is_ended(talking):
    with pytest.raises(IsolationError):
        track(talking, limits=Limits(child_seconds=0.01))


def test_a_real_clip(smile):
    found = track(open_clip(smile))
    assert found.found.mean() > 0.97
    assert found.faces.max() == 1
    width = np.linalg.norm(found.points_px[:, 54] - found.points_px[:, 48], axis=1)
    eyes = np.linalg.norm(found.points_px[:, 45] - found.points_px[:, 36], axis=1)
    ratio = (width / eyes)[found.found]
    assert np.percentile(ratio, 95) / np.percentile(ratio, 5) > 1.15  # a smile widens the mouth
    assert found.confidence[found.found, 48:60].mean() > 0.8
