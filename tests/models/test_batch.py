"""Pooling and collation against PyTorch's adaptive pooling and plain loops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from divine.models.batch import collate, take
from divine.models.errors import ModelError
from divine.models.pooling import pool_steps


@settings(deadline=None, max_examples=60)
@given(t=st.integers(1, 90), steps=st.integers(1, 40), seed=st.integers(0, 1000))
def test_pooling_everything_is_adaptive_average_pooling(t, steps, seed):
    x = torch.randn(t, 3, generator=torch.Generator().manual_seed(seed))
    pooled = pool_steps(x, torch.ones(t, dtype=torch.bool), steps)
    expected = torch.nn.functional.adaptive_avg_pool1d(x.T[None], min(t, steps))[0].T
    torch.testing.assert_close(pooled.values, expected)
    assert pooled.mask.all()


@settings(deadline=None, max_examples=60)
@given(t=st.integers(1, 60), steps=st.integers(1, 12), seed=st.integers(0, 1000))
def test_pooling_averages_only_what_is_valid(t, steps, seed):
    g = torch.Generator().manual_seed(seed)
    x, mask = torch.randn(t, 2, generator=g), torch.rand(t, generator=g) < 0.4
    x[~mask] = math.nan
    pooled, count = pool_steps(x, mask, steps), min(t, steps)
    for one in range(count):
        window = [row for row in range(math.floor(one * t / count), math.ceil((one + 1) * t / count)) if mask[row]]
        assert bool(pooled.mask[one]) == bool(window)
        expected = x[window].mean(dim=0) if window else torch.zeros(2)
        torch.testing.assert_close(pooled.values[one], expected)


def test_short_clips_are_kept_to_the_bit():
    x = torch.randn(32, 4, generator=torch.Generator().manual_seed(1)) * torch.logspace(-6, 6, 4)
    assert torch.equal(pool_steps(x, torch.ones(32, dtype=torch.bool), 32).values, x)


def test_collation_pads_masks_and_marks_what_is_absent():
    whole = collate([torch.ones(2, 3), None, torch.full((5, 3), math.nan)], [torch.ones(1, 2)] * 3, max_steps=4)
    assert whole.video.values.shape == (3, 4, 3)
    assert whole.video.mask.tolist() == [[True, True, False, False], [False] * 4, [False] * 4]
    assert whole.video.present.tolist() == [True, False, False]  # a clip without a single finite frame has no video
    assert whole.audio.values.shape == (3, 1, 2)
    assert whole.video.values.isfinite().all()


def test_a_frame_without_a_face_is_masked():
    frames = torch.tensor([[1.0, 2.0], [math.nan, 0.0], [3.0, 4.0]])
    whole = collate([frames], [None])
    assert whole.video.mask.tolist() == [[True, False, True]]
    assert whole.audio is None


def test_taking_clips_keeps_everything_in_step():
    whole = collate([torch.full((1, 1), float(one)) for one in range(4)], [None] * 4)
    assert take(whole, torch.tensor([2, 0])).video.values.flatten().tolist() == [2.0, 0.0]
    assert take(whole, torch.tensor([2, 0])).audio is None


@pytest.mark.parametrize(("video", "audio"), [([], []), ([None], []), ([torch.ones(1, 2), torch.ones(1, 3)], [None, None])])
def test_clips_that_do_not_fit_together_are_refused(video, audio):
    with pytest.raises(ModelError):
        collate(video, audio)
