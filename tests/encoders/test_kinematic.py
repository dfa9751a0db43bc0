import dataclasses

import numpy as np
import pytest

from divine.encoders import EncoderError, load
from divine.encoders.kinematic import CHANNELS, kinematic_channels
from tests.encoders.observations import face, observation

ICD_PX = 40.0


def channels_of(landmarks) -> np.ndarray:
    found = kinematic_channels(landmarks)
    assert found is not None
    return found[0]


def channel(landmarks, name: str) -> np.ndarray:
    return channels_of(landmarks)[:, CHANNELS.index(name)]


def test_a_drooping_corner_shows_on_either_side():
    even, left = (np.median(channel(face(2, rate_hz=0, droop=droop), "corner_height_gap")) for droop in (0.0, 6.0))
    assert left - even == pytest.approx(6 / ICD_PX, abs=0.01)
    lowered = face(2, rate_hz=0, droop=6.0)
    points = lowered.points_px.copy()
    points[:, (53, 54, 55, 64), 1] -= 6.0
    points[:, (48, 49, 59, 60), 1] += 6.0
    right = np.median(channel(dataclasses.replace(lowered, points_px=points), "corner_height_gap"))
    assert right == pytest.approx(left, abs=0.01)


@pytest.mark.parametrize(("rate_hz", "band"), [(1.0, "0.3-1.5"), (2.5, "1.5-3.5"), (4.5, "3.5-5.5")])
def test_the_rate_of_the_lips_shows_in_its_band(rate_hz: float, band: str):
    landmarks = face(6, rate_hz=rate_hz)
    channels = channels_of(landmarks)
    beats = [i for i, name in enumerate(CHANNELS) if name.startswith("lip_aperture beat")]
    assert CHANNELS[beats[int(np.argmax(channels[:, beats].mean(axis=0)))]] == f"lip_aperture beat {band} Hz"


def test_frames_without_a_face_leave_no_trace():
    whole = face(4)
    points, confidence = whole.points_px.copy(), whole.confidence.copy()
    points[100:120] = np.nan
    confidence[100:120] = 0
    gap = dataclasses.replace(whole, points_px=points, confidence=confidence)
    full, holed = (load("KI")([observation(one, None)])[0].values for one in (whole, gap))
    assert np.isfinite(holed).all()
    jaw = CHANNELS.index("jaw_opening")
    np.testing.assert_allclose(full[:7, jaw], holed[:7, jaw], atol=0.02)


def test_no_face_at_all_says_so():
    lost = face(1)
    lost = dataclasses.replace(lost, points_px=np.full_like(lost.points_px, np.nan), confidence=np.zeros_like(lost.confidence))
    with pytest.raises(EncoderError, match="needs a face"):
        load("KI")([observation(lost, None)])
