from __future__ import annotations

import numpy as np
import pytest

from divine.face.mesh import TO_68
from divine.face.sight import NOTHING, Correction, Sight
from divine.face.tracks import LENGTH, Tracks, landmarks_of
from divine.media import IsolationError, pack, unpack
from tests.face.real_face import shape


def sight(seed: int, faces: int = 1) -> Sight:
    random = np.random.default_rng(seed)
    return Sight(random.uniform(0, 600, (68, 2)), random.uniform(0, 1, 68), random.normal(size=3), faces)


def face_points() -> np.ndarray:
    """A real face's points, its outer eye corners 80 px apart."""
    points = shape().vertices_px[TO_68, :2]
    return 80 * points / np.linalg.norm(points[45] - points[36])


def through(sights: list[Sight], corrections: list[Correction] | None = None):
    blocks: list[bytes] = []
    tracks = Tracks(blocks.append)
    for i, one in enumerate(sights):
        tracks.append(i / 25, one)
    end = tracks.finish("mesh", 640, 480, notes=("a damaged tail",), corrections=corrections or [])
    return landmarks_of(blocks, end, "clip")


@pytest.mark.parametrize("count", [1, 50, LENGTH, LENGTH + 1])
def test_what_goes_in_comes_out(count):
    sights = [sight(i) for i in range(count)]
    found = through(sights)
    np.testing.assert_allclose(found.times_s, np.arange(count) / 25)
    np.testing.assert_allclose(found.points_px, [one.points_px for one in sights], rtol=1e-6)
    np.testing.assert_allclose(found.confidence, [one.confidence for one in sights], rtol=1e-6)
    np.testing.assert_allclose(found.pose_deg, [one.pose_deg for one in sights], rtol=1e-6)
    assert (found.width, found.height, found.backend, found.notes) == (640, 480, "mesh", ("a damaged tail",))
    assert found.found.all()


def test_a_child_holds_no_more_than_a_block():
    sent: list[int] = []
    tracks = Tracks(lambda block: sent.append(len(block)))
    for i in range(5 * LENGTH + 1):
        tracks.append(i / 25, sight(0))
        assert len(sent) == (i + 1) // LENGTH
    assert max(sent) < LENGTH * (68 * 3 * 4 + 8 + 3 * 4 + 4) + 1000  # a block as it is, and a header


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
    np.testing.assert_allclose(found.points_px[1, 48], 8 * across + 20 * down, atol=1e-3)
    np.testing.assert_allclose(found.points_px[[0, 2]], [points, points], atol=1e-3)


def test_what_a_broken_child_might_send_is_refused():
    blocks: list[bytes] = []
    tracks = Tracks(blocks.append)
    tracks.append(0.0, sight(0))
    end = tracks.finish("mesh", 640, 480)
    assert len(landmarks_of(blocks, end, "clip").times_s) == 1
    (block,) = blocks
    arrays, about = unpack(block, "clip").arrays, unpack(end, "clip").about
    for broken, last in (
        ([], end),
        ([block[::-1]], end),
        ([pack(arrays | {"times_s": np.zeros(2)})], end),
        ([pack(arrays | {"points_px": arrays["points_px"][:, :67]})], end),
        ([pack(arrays | {"faces": np.array(["a"], dtype="S1").view(np.uint8)})], end),
        ([pack({})], end),
        (blocks, pack({})),
        (blocks, pack({}, about | {"corrections": [[0, 1, [1, 2, 3]]]})),
    ):
        with pytest.raises(IsolationError):
            landmarks_of(broken, last, "clip")
