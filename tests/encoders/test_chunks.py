import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from divine.encoders import EncoderError
from divine.encoders.chunks import Frames, framewise, pieces, together
from divine.encoders.utterances import utterances
from divine.records import Observation, Sound
from tests.encoders.memory import peak_bytes
from tests.encoders.observations import observation, voice

FRAMES = Frames(hop=320, reach=400, centre=200)


@given(st.integers(1, 20_000), st.integers(110, 1500), st.integers(0, 50))
def test_pieces_cover_every_frame_once_with_context(frames: int, longest: int, context: int):
    cut = pieces(frames, longest=longest, context=context)
    kept = [frame for piece in cut for frame in range(piece.keep_from, piece.keep_to)]
    assert kept == list(range(frames))
    for piece in cut:
        assert 0 <= piece.first <= piece.keep_from < piece.keep_to <= piece.last <= frames
        assert piece.last - piece.first == min(frames, longest)
        assert piece.first == 0 or piece.keep_from - piece.first >= context
        assert piece.last == frames or piece.last - piece.keep_to >= context


@given(st.lists(st.integers(0, 3)), st.integers(1, 4))
def test_together_loses_nothing_and_mixes_nothing(items: list[int], most: int):
    groups = list(together(items, lambda item: item, most))
    assert sorted(item for group in groups for item in group) == sorted(items)
    assert all(len(set(group)) == 1 and len(group) <= most for group in groups)


def levels(samples: torch.Tensor) -> torch.Tensor:
    """A network without context: each frame's mean square and its first sample."""
    frames = samples.unfold(1, FRAMES.reach, FRAMES.hop)
    return torch.stack([frames.square().mean(dim=2), frames[:, :, 0]], dim=2)


@pytest.mark.parametrize("seconds", [0.01, 1.0, 20.0, 21.0, 95.3])
def test_a_network_without_context_says_the_same_of_a_whole_sound_and_its_pieces(seconds: float):
    sound = voice(seconds)
    (found,) = framewise("XX", [observation(None, sound)], FRAMES, levels, longest_s=20, most=2)
    samples = sound.samples.astype(np.float64) - sound.samples.astype(np.float64).mean()
    samples *= 0.05 / np.sqrt(np.mean(samples**2))
    samples = np.pad(samples, (0, max(0, 400 - len(samples))))
    starts = np.arange((len(samples) - 400) // 320 + 1) * 320
    literal = np.array([[np.mean(samples[s : s + 400] ** 2), samples[s]] for s in starts])
    np.testing.assert_allclose(found.values, literal, atol=1e-6)
    np.testing.assert_allclose(found.times_s, (starts + 200) / 16_000)


def test_the_clock_is_the_clip_s():
    late = Sound(voice(1.0).samples, 16_000, start_s=0.5)
    (found,) = framewise("XX", [observation(None, late)], FRAMES, levels, longest_s=20, most=1)
    assert found.times_s[0] == pytest.approx(0.5125)
    (found,) = utterances("XX", [observation(None, late)], lambda samples: samples[:, :2], least_s=0.4, most=1)
    assert found.times_s == pytest.approx([1.0])


@pytest.mark.parametrize("seconds", [0.2, 1.9, 2.0, 2.49, 2.5, 7.3])
def test_windows_slide_over_the_sound(seconds: float):
    sound = voice(seconds)
    (found,) = utterances("XX", [observation(None, sound)], lambda samples: samples[:, [0, -1]], least_s=0.4, most=3)
    samples = sound.samples.astype(np.float64) - sound.samples.astype(np.float64).mean()
    samples *= 0.05 / np.sqrt(np.mean(samples**2))
    samples = np.pad(samples, (0, max(0, 6400 - len(samples))))
    rows = [samples[s : s + 32_000] for s in range(0, max(1, len(samples) - 32_000 + 1), 8000)]
    np.testing.assert_allclose(found.values, [[row[0], row[-1]] for row in rows], atol=1e-6)


def test_what_is_not_finite_is_an_error():
    with pytest.raises(EncoderError, match=r"made: XX made features that are not finite"):
        framewise(
            "XX",
            [observation(None, voice(1.0))],
            FRAMES,
            lambda samples: levels(samples) * float("nan"),
            longest_s=20,
            most=1,
        )


def test_a_long_sound_takes_little_more_memory_than_its_samples():
    short, long = observation(None, voice(30.0)), observation(None, voice(600.0))

    def hear(seen: Observation) -> None:
        framewise("XX", [seen], FRAMES, levels, longest_s=20, most=2)

    hear(short)
    before, after = (peak_bytes(lambda seen=seen: hear(seen)) for seen in (short, long))
    assert after - before < 3 * 600 * 16_000 * 4  # one copy at 16 kHz in float32, one more for a moment
