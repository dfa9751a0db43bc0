"""What the browser reads, read back as its documentation says."""

from __future__ import annotations

import io
import json
import struct
import wave
from dataclasses import replace

import numpy as np
import pytest

from divine.records import Check, Curve, Measure, Measured, Quality, Sound
from tests.ui.fake import landmarks_of
from ui import wire


@pytest.mark.parametrize(("width", "height"), [(640, 480), (3840, 2160), (16_000, 300)])
def test_a_track_reads_back_to_a_sixteenth_of_a_pixel_or_better_than_the_picture_shows(width: int, height: int):
    times = np.array([0.0, 0.021, 0.055, 0.09])
    points = np.random.default_rng(0).uniform(-5, [width, height], (4, 68, 2))
    points[2] = np.nan
    face = replace(landmarks_of(4, times), points_px=points, width=width, height=height)
    content = wire.track_bytes(face)
    magic, frames, seen_width, seen_height, steps, count = struct.unpack_from("<4sIIIfI", content)
    assert (magic, frames, seen_width, seen_height, count) == (b"DVT1", 4, width, height, 68)
    read_times = np.frombuffer(content, "<f8", 4, 24)
    read_points = np.frombuffer(content, "<i2", 4 * 136, 24 + 32).reshape(4, 68, 2)
    read_confidence = np.frombuffer(content, np.uint8, 4 * 68, 24 + 32 + 4 * 272).reshape(4, 68)
    assert len(content) == 24 + 4 * (8 + 272 + 68)
    assert np.array_equal(read_times, times)
    assert (read_points[2] == -32768).all()
    kept = [0, 1, 3]
    assert np.abs(read_points[kept] / steps - points[kept]).max() <= 0.5 / steps + 1e-3
    assert steps == (16 if width < 2000 else pytest.approx(32_000 / width))
    assert np.abs(read_confidence / 255 - face.confidence).max() <= 0.5 / 255 + 1e-9


def test_a_sound_reads_back():
    samples = np.array([0, 0.5, -0.5, 1, -1, 2, np.nan], np.float32)
    with wave.open(io.BytesIO(wire.wav_bytes(Sound(samples, 8000)))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8000, 1, 7)
        read = np.frombuffer(file.readframes(7), "<i2") / 32767
    assert np.allclose(read, [0, 0.5, -0.5, 1, -1, 1, 0], atol=1 / 32767)


def test_what_is_undefined_is_null_and_never_nan():
    curve = Curve("f0", "Pitch", "Hz", "audio", np.array([0.0, 0.1]), np.array([np.nan, 120.123456789]))
    measured = Measured(
        (Measure("lip_aperture_range", None, "hidden"), Measure("mouth_width_range", float("inf"))),
        (curve,),
        Quality((Check("face", float("nan"), "%", False, "come closer"),)),
    )
    facts = json.loads(json.dumps(wire.measured_facts(measured), allow_nan=False))
    assert facts["curves"][0]["values"] == [None, 120.123]
    assert [measure["value"] for measure in facts["measures"]] == [None, None]
    assert facts["measures"][0]["why"] == "hidden"
    assert facts["measures"][0]["unit"] == "ICD"
    assert facts["quality"] == {
        "passed": False,
        "checks": [{"name": "face", "value": None, "unit": "%", "passed": False, "advice": "come closer"}],
    }
