"""One contract for everything registered: a new encoder is tested by its existing."""

import dataclasses

import numpy as np
import pytest

from divine.encoders import EncoderError, info, load, registered
from divine.encoders.registry import register
from tests.encoders import published
from tests.encoders.conftest import Made, Tiny
from tests.encoders.observations import observation
from tests.encoders.publishing import WIDTHS

CODES = sorted(registered())


def test_every_encoder_of_the_paper_is_here():
    assert sorted(["WV", "W2", "WR", "XV", "HT", "TR", "Vi", "V2", "VV", "DS", "KI", "TA", "AC"]) == CODES


def test_every_encoder_that_needs_weights_has_a_tiny_publication():
    assert sorted(published.CODES) == sorted(code for code, about in registered().items() if about.weights)


@pytest.mark.parametrize("code", CODES)
class TestContract:
    @pytest.fixture(autouse=True)
    def weights(self, code: str, tiny: Tiny) -> None:
        """Have the encoder read tiny random weights, in the published format."""
        tiny.folder(code)

    def test_gives_a_finite_sequence_of_the_declared_width_and_rate(self, code: str, made: Made):
        (found,) = load(code)([made(4.0, 2.0)])
        assert found.encoder == code
        assert found.values.shape == (len(found.times_s), WIDTHS.get(code, info(code).dim))
        assert found.values.dtype == np.float32 and np.isfinite(found.values).all()
        assert np.diff(found.times_s) == pytest.approx(1 / info(code).rate_hz, abs=1e-9)

    def test_covers_the_clip(self, code: str, made: Made):
        (found,) = load(code)([made(4.0, 2.0)])
        reach_s = 1 + 1 / info(code).rate_hz  # half a window of 2 s, a step
        assert -1e-9 <= found.times_s[0] <= reach_s and 4.0 - reach_s <= found.times_s[-1] <= 4.0

    def test_gives_the_same_bytes_twice(self, code: str, made: Made):
        first, second = (load(code)([made(4.0, 2.0)])[0].values.tobytes() for _ in range(2))
        assert first == second

    def test_a_batch_equals_singles(self, code: str, made: Made):
        clips = [made(4.0, rate) for rate in (1.0, 2.0, 5.0)]
        for alone, together in zip((load(code)([clip])[0] for clip in clips), load(code)(clips), strict=True):
            np.testing.assert_allclose(alone.values, together.values, atol=1e-5)

    def test_a_batch_of_unequal_lengths_equals_singles(self, code: str, made: Made):
        clips = [made(0.7, 2.0), made(4.0, 2.0)]
        for alone, together in zip((load(code)([clip])[0] for clip in clips), load(code)(clips), strict=True):
            np.testing.assert_array_equal(alone.times_s, together.times_s)
            np.testing.assert_allclose(alone.values, together.values, atol=1e-5)

    def test_hears_or_sees_a_difference(self, code: str, made: Made):
        slow, fast = (load(code)([made(4.0, rate)])[0].values for rate in (1.0, 5.0))
        if info(code).weights is None:  # a random network turns a movement any way, and its mean need not tell
            slow, fast = slow.mean(axis=0), fast.mean(axis=0)
        assert np.abs(slow - fast).max() > 0.05

    @pytest.mark.parametrize("seconds", [0.4, 0.7])
    def test_a_short_clip_keeps_one_step(self, code: str, seconds: float, made: Made):
        (found,) = load(code)([made(seconds, 2.0)])
        assert len(found.times_s) >= 1 and np.isfinite(found.values).all()

    def test_says_what_it_lacks(self, code: str):
        with pytest.raises(EncoderError, match=f"{code} needs"):
            load(code)([observation(None, None)])

    def test_silence_and_stillness_are_finite(self, code: str, made: Made):
        still = made(2.0, 0.0)
        assert still.sound is not None
        silence = dataclasses.replace(still.sound, samples=np.zeros(32_000, dtype=np.float32))
        (found,) = load(code)([dataclasses.replace(still, sound=silence)])
        assert np.isfinite(found.values).all()

    def test_is_present(self, code: str):
        assert info(code).present


def test_an_unknown_code_names_those_that_exist():
    with pytest.raises(EncoderError, match="AC, DS, HT, KI"):
        info("XX")


def test_a_code_is_taken_once():
    facts = {"title": "", "modality": "audio", "dim": 1, "rate_hz": 1.0, "weights": None, "licence": "", "revision": "1"}
    with pytest.raises(ValueError, match="AC"):
        register("AC", **facts)(lambda: lambda observations: [])
