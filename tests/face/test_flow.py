from __future__ import annotations

import cv2
import numpy as np
import pytest

from divine.face.flow import likeness, locked, patches, step


def texture(shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 256, (40, 40)).astype(np.uint8)
    broad = cv2.resize(noise, (240, 240), interpolation=cv2.INTER_CUBIC)
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    return cv2.warpAffine(broad, matrix, (240, 240), borderMode=cv2.BORDER_REFLECT)


PLACES = np.array([[60.0, 70.0], [120.0, 100.0], [150.3, 160.7]])


@pytest.mark.parametrize("shift", [(0.4, -0.3), (3.0, 2.0), (-7.5, 6.25)])
def test_a_known_shift_is_followed_to_a_part_of_a_pixel(shift):
    np.testing.assert_allclose(step(texture(), texture(shift), PLACES) - PLACES, np.tile(shift, (3, 1)), atol=0.1)


def test_an_anchor_corrects_a_guess_and_says_so():
    there, found = locked(texture(), texture((5.0, -4.0)), PLACES, PLACES + np.array([4.0, -3.0]), window=11)
    assert found.all()
    np.testing.assert_allclose(there - PLACES, np.tile([5.0, -4.0], (3, 1)), atol=0.1)


def test_what_is_covered_is_not_found():
    covered = texture()
    cv2.circle(covered, (120, 100), 25, 90, -1)
    _, found = locked(texture(), covered, PLACES, PLACES, window=11)
    assert found.tolist() == [True, False, True]


def test_likeness_is_its_formula():
    random = np.random.default_rng(0)
    one, other = random.normal(0, 30, (4, 169)), random.normal(0, 30, (4, 169))
    for a, b, got in zip(one, other, likeness(one, other), strict=True):
        assert got == pytest.approx(1 - np.sum((a - b) ** 2) / (np.sum(a**2) + np.sum(b**2) + 100 * 169))


def test_likeness_of_detail_of_bare_skin_and_of_strangers():
    grey, noise = texture(), np.random.default_rng(1).normal(0, 3, (240, 240))
    same = np.clip(grey + noise, 0, 255).astype(np.uint8)
    assert likeness(patches(grey, PLACES, 13), patches(same, PLACES, 13)).min() > 0.95
    assert likeness(patches(grey, PLACES, 13), patches(grey, PLACES[::-1], 13))[[0, 2]].max() < 0.5
    skin = [np.clip(150 + np.random.default_rng(i).normal(0, 4, (240, 240)), 0, 255).astype(np.uint8) for i in (4, 5)]
    assert likeness(patches(skin[0], PLACES, 25), patches(skin[1], PLACES, 25)).min() > 0.7


def test_patches_are_the_pixels_around_a_point_less_their_mean():
    grey = texture()
    expected = grey[64:77, 54:67].astype(float)
    np.testing.assert_allclose(patches(grey, PLACES[:1], 13)[0], (expected - expected.mean()).ravel(), atol=1e-3)
