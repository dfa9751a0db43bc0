from __future__ import annotations

import zlib

import numpy as np
import pytest

from divine.face.mesh import TO_68
from divine.face.sight import NOTHING, Correction, Sight
from divine.face.tracks import LENGTH, Tracks, landmarks_of
from divine.media import IsolationError, Parcel, unpack
from tests.face.real_face import shape


def sight(seed: int, faces: int = 1) -> Sight:
    random = np.random.default_rng(seed)
    return Sight(random.uniform(0, 600, (68, 2)), random.uniform(0, 1, 68), random.normal(size=3), faces)


def face_points() -> np.ndarray:
    """A real face's points, its outer eye corners 80 px apart."""
    points = shape().vertices_px[TO_68, :2]
    return 80 * points / np.linalg.norm(points[45] - points[36])


def through(sights: list[Sight], corrections: list[Correction] | None = None):
    tracks = Tracks()
    for i, one in enumerate(sights):
        tracks.append(i / 25, one)
    packed = tracks.packed("mesh", 640, 480, notes=("a damaged tail",), corrections=corrections)
    return landmarks_of(unpack(packed, "clip"), "clip")


@pytest.mark.parametrize("count", [1, 50, LENGTH, LENGTH + 1])
def test_what_goes_in_comes_out(count):
    sights = [sight(i) for i in range(count)]
    found = through(sights)
    np.testing.assert_allclose(found.times_s, np.arange(count) / 25)
    np.testing.assert_allclose(found.points_px, [one.points_px for one in sights], atol=0.2)  # eyes lie hundreds of px apart
    np.testing.assert_allclose(found.confidence, [one.confidence for one in sights], atol=0.0051)
    np.testing.assert_allclose(found.pose_deg, [one.pose_deg for one in sights], rtol=1e-6)
    assert (found.width, found.height, found.backend, found.notes) == (640, 480, "mesh", ("a damaged tail",))
    assert found.found.all()


def test_rounding_is_a_fraction_of_a_thousandth_of_the_face_whatever_its_size():
    for size in (0.1, 1.0, 5.0):
        points = size * face_points()
        found = through([Sight(points + 0.37 * i, np.ones(68), np.zeros(3), 1) for i in range(20)])
        expected = np.stack([points + 0.37 * i for i in range(20)])
        assert np.abs(found.points_px - expected).max() <= 80 * size / 2048 / 2 + 1e-3


def test_ten_minutes_of_a_real_motion_take_little_room():
    random, tracks = np.random.default_rng(0), Tracks()
    for i in range(2048):
        moved = face_points() + 5 * np.sin(i / 10) + random.normal(0, 0.05, (68, 2))
        tracks.append(i / 30, Sight(moved, np.full(68, 0.9), np.zeros(3), 1))
    assert len(tracks.content) / 2048 < 200  # bytes a frame; 816 as they are


def test_gaps_and_crowds_are_named():
    found = through([sight(0, faces=3), NOTHING, sight(1), NOTHING])
    assert found.found.tolist() == [True, False, True, False]
    assert found.confidence[1].max() == 0
    assert np.isnan(found.points_px[1]).all()
    assert np.isnan(found.pose_deg[1]).all()
    _, crowd, gap = found.notes
    assert "3 faces" in crowd
    assert "25%" in crowd
    assert "2 of 4 frames (50%)" in gap


@pytest.mark.parametrize("angle", [0.0, 0.5, -1.2])
def test_a_correction_is_added_in_the_face_s_own_axes(angle):
    across, down = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    points = np.zeros((68, 2))
    points[45] = 80 * across  # the eyes are 80 px apart
    offset = np.zeros((68, 2))
    offset[48] = (0.1, 0.25)
    found = through([Sight(points, np.ones(68), np.zeros(3), 1)] * 3, [Correction(1, 2, offset)])
    np.testing.assert_allclose(found.points_px[1, 48], 8 * across + 20 * down, atol=0.025)
    np.testing.assert_allclose(found.points_px[[0, 2]], [points, points], atol=0.025)


def test_what_a_broken_child_might_send_is_refused():
    tracks = Tracks()
    tracks.append(0.0, sight(0))
    arrays, about = unpack(tracks.packed("mesh", 640, 480), "clip")
    bomb = np.frombuffer(zlib.compress(bytes(10_000_000)), dtype=np.uint8)
    for broken in (
        Parcel({**arrays, "blocks": bomb}, {**about, "blocks": [[len(bomb), 1, 0.01]]}),
        Parcel({**arrays, "blocks": arrays["blocks"][::-1].copy()}, about),
        Parcel(arrays, {**about, "blocks": [[5, 400, 0.01]]}),
        Parcel({}, about),
    ):
        with pytest.raises(IsolationError):
            landmarks_of(broken, "clip")
