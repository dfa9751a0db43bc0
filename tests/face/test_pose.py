from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from divine.face.finder import Finder
from divine.face.pose import pose_deg
from tests.face.real_face import face, shape


def test_the_frontal_photograph_is_frontal():
    assert np.abs(pose_deg(shape().vertices_px)).max() < 8


@pytest.mark.parametrize("angles", [(20, 0, 0), (0, 25, 0), (0, 0, 30), (10, -15, 20), (-12, 8, -5)])
def test_a_known_rotation_is_read_back(angles):
    # Picture axes: x right, y down, z away. Looking up takes the nose, at -z, to -y: a negative turn about x.
    pitch, yaw, roll = angles
    upright = shape().vertices_px - shape().vertices_px.mean(axis=0)
    pitch_0, yaw_0, roll_0 = pose_deg(upright)

    def head(p, y, r):
        return Rotation.from_euler("zxy", [r, -p, -y], degrees=True)

    turned = (head(pitch, yaw, roll) * head(pitch_0, yaw_0, roll_0).inv()).apply(upright)
    np.testing.assert_allclose(pose_deg(turned), angles, atol=1e-6)


def test_a_turned_picture_rolls_the_head_clockwise():
    matrix = cv2.getRotationMatrix2D((320, 240), -20, 1.0)  # OpenCV counts anticlockwise
    turned = cv2.warpAffine(face().image, matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    found = Finder()(turned, 0.0).shape
    assert found is not None
    assert pose_deg(found.vertices_px)[2] - pose_deg(shape().vertices_px)[2] == pytest.approx(20, abs=3)


def test_a_mirror_changes_the_side_the_face_turns_to():
    found = Finder()(np.ascontiguousarray(face().image[:, ::-1]), 0.0).shape
    assert found is not None
    assert pose_deg(found.vertices_px)[1] == pytest.approx(-pose_deg(shape().vertices_px)[1], abs=4)
