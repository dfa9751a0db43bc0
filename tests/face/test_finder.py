from __future__ import annotations

import numpy as np

from divine.face.finder import Finder
from tests.face.real_face import placed

HEAD = (105.0, 110.0)
"""Middle of the face in the part that ``placed`` copies, times its scale."""


def middle(found) -> np.ndarray:
    return found.shape.vertices_px[:, :2].mean(axis=0)


def test_follows_a_face_that_moves():
    finder = Finder()
    for i in range(12):
        found = finder(placed(480, 640, (100 + 12 * i, 100 + 4 * i, 1.2)), i / 25)
        assert found.shape is not None
        np.testing.assert_allclose(middle(found), np.array([100 + 12 * i, 100 + 4 * i]) + 1.2 * np.array(HEAD), atol=15)


def test_face_leaves_and_comes_back_elsewhere():
    finder, empty = Finder(), placed(480, 640)
    assert finder(placed(480, 640, (50, 50, 1.2)), 0.0).shape is not None
    gone = finder(empty, 0.04)
    assert gone.shape is None
    assert gone.faces == 0
    assert finder(empty, 0.08).shape is None
    back = finder(placed(480, 640, (350, 200, 1.2)), 0.12)
    assert back.shape is not None
    np.testing.assert_allclose(middle(back), np.array([350, 200]) + 1.2 * np.array(HEAD), atol=15)


def test_of_two_faces_the_larger_is_followed_though_another_grows():
    finder = Finder()
    first = finder(placed(480, 640, (30, 100, 1.4), (420, 150, 0.9)), 0.0)
    assert first.faces == 2
    np.testing.assert_allclose(middle(first), np.array([30, 100]) + 1.4 * np.array(HEAD), atol=20)
    later = finder(placed(480, 640, (30, 100, 1.4), (335, 50, 1.4)), 0.5)
    np.testing.assert_allclose(middle(later), middle(first), atol=5)


def test_a_face_that_joins_is_counted_within_a_second():
    finder = Finder()
    alone, joined = placed(480, 640, (30, 100, 1.3)), placed(480, 640, (30, 100, 1.3), (400, 120, 1.0))
    assert finder(alone, 0.0).faces == 1
    assert [finder(joined, t).faces for t in (0.5, 1.0)] == [1, 2]


def test_a_face_at_the_edge_yields_to_one_in_the_middle():
    found = Finder()(placed(480, 640, (0, 0, 1.0), (220, 150, 1.0)), 0.0)
    np.testing.assert_allclose(middle(found), np.array([220, 150]) + np.array(HEAD), atol=15)
