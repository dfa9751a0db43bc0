"""One contract for everything registered: a new encoder is tested by its existing."""

import dataclasses

import numpy as np
import pytest

from divine.encoders import EncoderError, info, load, registered
from divine.encoders.registry import register
from divine.records import Observation
from tests.encoders.observations import face, observation, voice

CODES = sorted(registered())


def made(seconds: float = 4.0, rate_hz: float = 2.0) -> Observation:
    return observation(face(seconds, rate_hz=rate_hz), voice(seconds, rate_hz=rate_hz))


@pytest.mark.parametrize("code", CODES)
class TestContract:
    def test_gives_a_finite_sequence_of_the_declared_width_and_rate(self, code: str):
        (found,) = load(code)([made()])
        assert found.encoder == code
        assert found.values.shape == (len(found.times_s), info(code).dim)
        assert found.values.dtype == np.float32 and np.isfinite(found.values).all()
        assert np.diff(found.times_s) == pytest.approx(1 / info(code).rate_hz, abs=1e-9)

    def test_gives_the_same_bytes_twice(self, code: str):
        first, second = (load(code)([made()])[0].values.tobytes() for _ in range(2))
        assert first == second

    def test_a_batch_equals_singles(self, code: str):
        clips = [made(rate_hz=rate) for rate in (1.0, 2.0, 5.0)]
        for alone, together in zip((load(code)([clip])[0] for clip in clips), load(code)(clips), strict=True):
            np.testing.assert_allclose(alone.values, together.values, atol=1e-5)

    def test_hears_or_sees_a_difference(self, code: str):
        slow, fast = (load(code)([made(rate_hz=rate)])[0].values.mean(axis=0) for rate in (1.0, 5.0))
        assert np.abs(slow - fast).max() > 0.05

    @pytest.mark.parametrize("seconds", [0.4, 0.7])
    def test_a_short_clip_keeps_one_step(self, code: str, seconds: float):
        (found,) = load(code)([made(seconds)])
        assert len(found.times_s) >= 1 and np.isfinite(found.values).all()

    def test_says_what_it_lacks(self, code: str):
        with pytest.raises(EncoderError, match=f"{code} needs"):
            load(code)([observation(None, None)])

    def test_silence_and_stillness_are_finite(self, code: str):
        still = face(2.0, rate_hz=0.0)
        sound = dataclasses.replace(voice(2.0), samples=np.zeros(32_000, dtype=np.float32))
        (found,) = load(code)([observation(still, sound)])
        assert np.isfinite(found.values).all()


def test_an_unknown_code_names_those_that_exist():
    with pytest.raises(EncoderError, match="AC, KI"):
        info("XX")


def test_a_code_is_taken_once():
    facts = {"title": "", "modality": "audio", "dim": 1, "rate_hz": 1.0, "weights": None, "licence": "", "revision": "1"}
    with pytest.raises(ValueError, match="AC"):
        register("AC", **facts)(lambda: lambda observations: [])
