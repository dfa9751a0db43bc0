from __future__ import annotations

import numpy as np
import pytest

from divine.face.detector import Face, anchors, full_range, merged, overlap, short_range
from tests.face.real_face import LEFT_PUPIL, RIGHT_PUPIL, picture, placed


@pytest.mark.parametrize("make", [short_range, full_range])
def test_the_photograph_s_eyes_are_where_a_person_sees_them(make):
    faces = make()(picture())
    assert len(faces) == 1
    assert faces[0].score > 0.8
    np.testing.assert_allclose(faces[0].right_eye_px, RIGHT_PUPIL, atol=6)
    np.testing.assert_allclose(faces[0].left_eye_px, LEFT_PUPIL, atol=6)


def test_the_same_face_elsewhere_is_found_elsewhere():
    detector = short_range()
    first = detector(placed(480, 640, (40, 60, 1.0)))[0]
    second = detector(placed(480, 640, (340, 200, 1.0)))[0]
    np.testing.assert_allclose(second.box_px - first.box_px, [300, 140, 300, 140], atol=8)


def test_no_face_in_noise():
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert short_range()(noise) == []
    assert full_range()(noise) == []


def test_anchors_are_those_of_the_published_graphs():
    near = anchors(128, ((8, 2), (16, 6)))
    assert near.shape == (896, 2)  # the model has 896 outputs
    np.testing.assert_allclose(near[0], near[1])
    np.testing.assert_allclose(near[[0, 2, 512]], [[0.5 / 16, 0.5 / 16], [1.5 / 16, 0.5 / 16], [0.5 / 8, 0.5 / 8]])
    assert anchors(192, ((4, 1),)).shape == (2304, 2)


def test_overlap_of_boxes_counted_by_pixels():
    random = np.random.default_rng(1)
    for _ in range(20):
        low = random.integers(0, 20, (2, 2))
        boxes = np.concatenate([low, low + random.integers(1, 20, (2, 2))], axis=1).astype(float)
        masks = np.zeros((2, 40, 40), dtype=bool)
        for mask, (left, top, right, bottom) in zip(masks, boxes.astype(int), strict=True):
            mask[top:bottom, left:right] = True
        expected = (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
        assert overlap(boxes[0], boxes[1:])[0] == pytest.approx(expected, abs=1e-6)


def test_candidates_for_one_face_are_blended_by_score_and_another_face_stays():
    boxes = np.array([[0, 0, 10, 10], [2, 0, 12, 10], [50, 50, 60, 60]], dtype=float)
    faces = merged(np.array([0.9, 0.6, 0.7]), boxes, np.zeros((3, 2, 2)))
    assert [round(face.score, 2) for face in faces] == [0.9, 0.7]
    np.testing.assert_allclose(faces[0].box_px, [0.8, 0, 10.8, 10])
    assert isinstance(faces[0], Face)
    assert faces[1].size_px == 10
