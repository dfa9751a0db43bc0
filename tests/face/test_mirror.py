from __future__ import annotations

import numpy as np
import pytest

from benchmarks.fidelity import droop
from benchmarks.warped_faces import Motion, render
from divine.face.canonical import OED, canonical
from divine.face.finder import Finder
from divine.face.mesh import TO_68
from divine.face.mirror import OPPOSITE, Axis, axis_of, halves, peak, placed
from tests.face.real_face import face, shape


def test_opposite_points_are_mirror_images_of_a_neutral_face():
    assert (OPPOSITE[OPPOSITE] == np.arange(68)).all()
    vertices = shape().vertices_px[:, :2]
    reflected = axis_of(vertices).reflect(vertices[TO_68])
    oed = np.linalg.norm(vertices[263] - vertices[33])
    assert np.linalg.norm(reflected[OPPOSITE] - vertices[TO_68], axis=1).max() < 0.1 * oed  # a wrong pair lies farther apart


def test_reflection_keeps_the_axis_and_distances():
    axis = Axis(np.array([3.0, 4.0]), np.array([0.6, 0.8]), np.array([0.8, -0.6]))
    points = np.random.default_rng(0).normal(size=(6, 2)) * 20
    np.testing.assert_allclose(axis.reflect(axis.reflect(points)), points)
    on_axis = axis.origin + np.array([[2.0], [-7.0]]) * axis.along
    np.testing.assert_allclose(axis.reflect(on_axis), on_axis)
    np.testing.assert_allclose(axis.reflect(points).mean(axis=0), axis.reflect(points.mean(axis=0)))


def test_halves_are_symmetric_and_each_keeps_its_side():
    crop = np.random.default_rng(0).integers(0, 256, (192, 192, 3), dtype=np.uint8)
    middle = Axis(np.array([95.5, 0.0]), np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    right, left = halves(crop, middle)
    np.testing.assert_array_equal(right, right[:, ::-1])
    np.testing.assert_array_equal(right[:, :95], crop[:, :95])
    np.testing.assert_array_equal(left, left[:, ::-1])
    np.testing.assert_array_equal(left[:, 97:], crop[:, 97:])


def test_peak_of_a_hill_between_pixels():
    columns, rows = np.meshgrid(np.arange(30.0), np.arange(20.0))
    np.testing.assert_allclose(peak(-((columns - 12.3) ** 2) - 2 * (rows - 7.6) ** 2), [12.3, 7.6], atol=1e-6)


def seen(image: np.ndarray) -> tuple[float, float]:
    """How far the right corner lies below the left, as placed and as the mesh has it, in the face's frame, in OED."""
    finder = Finder()
    found = finder(image, 0.0).shape
    assert found is not None
    view = canonical(image, found.vertices_px)
    by_halves, bare = placed(image, found, view, finder.mesh), view.crop_of(found.vertices_px[TO_68, :2])
    return tuple(float(droop(points[None])[0]) / OED for points in (by_halves, bare))


@pytest.mark.parametrize("side", [0, 1])
def test_a_droop_that_no_other_frame_explains_is_seen(side):
    amounts = np.array([-0.10, -0.05, 0.0, 0.05, 0.10])
    corners = [(a, 0.0) if side == 0 else (0.0, a) for a in amounts]
    by_halves, bare = np.transpose([seen(render(face(), Motion(corners=c))) for c in corners])
    sign = 1 if side == 0 else -1
    assert 0.75 < sign * np.polyfit(amounts, by_halves, 1)[0] < 1.15
    assert sign * np.polyfit(amounts, bare, 1)[0] < 0.3  # what the mesh alone would report
