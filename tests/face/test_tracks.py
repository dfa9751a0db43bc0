from __future__ import annotations

import numpy as np
import pytest

from divine.face.sight import NOTHING, Correction, Sight
from divine.face.tracks import Tracks, landmarks_of
from divine.media import unpack


def sight(seed: int, faces: int = 1) -> Sight:
    random = np.random.default_rng(seed)
    return Sight(random.uniform(0, 600, (68, 2)), random.uniform(0, 1, 68), random.normal(size=3), faces)


def test_what_goes_in_comes_out_however_many_frames_were_expected():
    tracks, sights = Tracks(3), [sight(i) for i in range(50)]
    for i, one in enumerate(sights):
        tracks.append(i / 25, one)
    found = landmarks_of(unpack(tracks.packed("mesh", 640, 480, ("a damaged tail",)), "clip"))
    np.testing.assert_allclose(found.times_s, np.arange(50) / 25)
    np.testing.assert_allclose(found.points_px, [one.points_px for one in sights], rtol=1e-6)
    np.testing.assert_allclose(found.confidence, [one.confidence for one in sights], atol=0.0026)
    np.testing.assert_allclose(found.pose_deg, [one.pose_deg for one in sights], rtol=1e-6)
    assert (found.width, found.height, found.backend, found.notes) == (640, 480, "mesh", ("a damaged tail",))
    assert found.found.all()


def test_gaps_and_crowds_are_named():
    tracks = Tracks(4)
    for i, one in enumerate([sight(0, faces=3), NOTHING, sight(1), NOTHING]):
        tracks.append(i / 25, one)
    found = landmarks_of(unpack(tracks.packed("mesh", 640, 480, ()), "clip"))
    assert found.found.tolist() == [True, False, True, False]
    assert found.confidence[1].max() == 0
    assert np.isnan(found.pose_deg[1]).all()
    crowd, gap = found.notes
    assert "3 faces" in crowd
    assert "25%" in crowd
    assert "2 of 4 frames (50%)" in gap


@pytest.mark.parametrize("angle", [0.0, 0.5, -1.2])
def test_a_correction_is_added_in_the_face_s_own_axes(angle):
    across, down = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    points = np.zeros((68, 2))
    points[45] = 80 * across  # the eyes are 80 px apart
    tracks = Tracks(3)
    for i in range(3):
        tracks.append(float(i), Sight(points, np.ones(68), np.zeros(3), 1))
    offset = np.zeros((68, 2))
    offset[48] = (0.1, 0.25)
    tracks.correct([Correction(1, 2, offset)])
    np.testing.assert_allclose(tracks.points_px[1, 48], 8 * across + 20 * down, atol=1e-4)
    np.testing.assert_allclose(tracks.points_px[[0, 2]], [points, points], atol=1e-5)
