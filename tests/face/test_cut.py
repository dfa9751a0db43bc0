from __future__ import annotations

import cv2
import numpy as np
import pytest

from divine.face.cut import apply, compose, cut, inverse, sample


def blob(width: int, height: int, x: float, y: float, spread: float) -> np.ndarray:
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return (255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * spread**2))).astype(np.uint8)


def centre(image: np.ndarray) -> np.ndarray:
    columns, rows = np.meshgrid(np.arange(image.shape[1]), np.arange(image.shape[0]))
    mass = image.astype(float)
    return np.array([(columns * mass).sum(), (rows * mass).sum()]) / mass.sum()


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.9, 2.0, 3.3, 7.0])
def test_a_blob_lands_where_the_matrix_says_at_any_scale(scale):
    turn = 0.3
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    to_picture = np.column_stack([linear, [500.0, 200.0]])
    expected = np.array([60.0, 45.0])
    x, y = apply(to_picture, expected)
    picture = blob(1400, 1000, x, y, 4 * scale)
    np.testing.assert_allclose(centre(cut(picture, to_picture, 120, 90)), expected, atol=0.1)


def test_what_is_finer_than_a_pixel_becomes_grey_instead_of_a_moire():
    checks = (np.indices((600, 600)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = cut(checks, np.array([[4.0, 0, 10], [0, 4.0, 10]]), 100, 100)
    assert np.abs(small.astype(float) - 127.5).max() < 3


def test_matrices_undo_and_chain():
    one, other = np.array([[2.0, -1, 5], [1, 2, -3]]), np.array([[0.5, 0.1, 1], [-0.1, 0.5, 2]])
    points = np.random.default_rng(0).normal(size=(5, 2))
    np.testing.assert_allclose(apply(inverse(one), apply(one, points)), points)
    np.testing.assert_allclose(apply(compose(one, other), points), apply(one, apply(other, points)))


def test_sampling_between_pixels_is_bilinear():
    image = np.random.default_rng(1).integers(0, 256, (20, 30), dtype=np.uint8)
    value = sample(image, np.array([[[10.25, 7.5]]]))[0, 0]
    corners = image[7:9, 10:12].astype(float)
    assert value == pytest.approx(0.5 * (corners @ [0.75, 0.25]).sum(), abs=1)
    assert sample(image, np.array([[[-9.0, -9.0]]]))[0, 0] == image[0, 0]


def test_colour_is_cut_like_grey():
    image = cv2.merge([blob(200, 200, 80, 90, 9)] * 3)
    matrix = np.array([[1.0, 0, 20], [0, 1.0, 30]])
    np.testing.assert_array_equal(cut(image, matrix, 100, 100)[..., 1], cut(image[..., 0].copy(), matrix, 100, 100))
