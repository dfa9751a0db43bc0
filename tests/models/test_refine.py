"""Temporal refinement against torch's own layers, and its blindness to what is masked."""

import pytest
import torch

from divine.models.refine import MaskedBatchNorm, Refinement


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def everything(x):
    return torch.ones(x.shape[:2], dtype=torch.bool)


def test_normalisation_of_complete_batches_is_torchs():
    ours, theirs = MaskedBatchNorm(5), torch.nn.BatchNorm1d(5)
    for seed in range(3):
        x = 2 * noise(4, 6, 5, seed=seed) + 1
        torch.testing.assert_close(ours(x, everything(x)), theirs(x.transpose(1, 2)).transpose(1, 2))
    torch.testing.assert_close(ours.mean, theirs.running_mean)
    torch.testing.assert_close(ours.var, theirs.running_var)
    x = noise(2, 3, 5, seed=9)
    torch.testing.assert_close(ours.eval()(x, everything(x)), theirs.eval()(x.transpose(1, 2)).transpose(1, 2))


def test_normalisation_counts_only_valid_steps():
    x, mask = noise(3, 4, 2), torch.tensor([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]]).bool()
    layer, theirs = MaskedBatchNorm(2), torch.nn.BatchNorm1d(2)
    torch.testing.assert_close(layer(x, mask)[mask], theirs(x[mask]))
    torch.testing.assert_close(layer.mean, theirs.running_mean)
    torch.testing.assert_close(layer.var, theirs.running_var)


@pytest.mark.parametrize("steps", [1, 6])
def test_one_clip_is_normalised_by_what_was_learned_before(steps):
    layer = MaskedBatchNorm(2)
    layer(x := 3 * noise(4, 5, 2) + 1, everything(x))
    before = layer.mean.clone(), layer.var.clone()
    alone = torch.zeros(3, steps, dtype=torch.bool)
    alone[1] = True  # two more clips in the batch, both without this modality
    x = noise(3, steps, 2, seed=1).requires_grad_()
    out = layer(x, alone)
    torch.testing.assert_close(out, (x - before[0]) / (before[1] + 1e-5).sqrt())
    assert torch.equal(layer.mean, before[0])
    assert torch.equal(layer.var, before[1])
    out.sum().backward()
    assert x.grad.isfinite().all()


def test_refinement_of_complete_clips_is_the_papers_stack():
    ours = Refinement(3, 4, kernel=3, pool=2)
    stack = torch.nn.Sequential(
        torch.nn.Conv1d(3, 4, 3, padding=1, bias=False), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.MaxPool1d(2)
    )
    stack[0].weight = ours.convolution.weight
    x = noise(5, 8, 3)
    torch.testing.assert_close(ours(x, everything(x)).values, stack(x.transpose(1, 2)).transpose(1, 2))


@pytest.mark.parametrize(("steps", "left"), [(1, 1), (2, 1), (3, 2), (32, 16)])
def test_at_least_one_step_is_left(steps, left):
    refined = Refinement(3, 4, kernel=3, pool=2).eval()(x := noise(2, steps, 3), everything(x))
    assert refined.values.shape == (2, left, 4)
    assert refined.mask.all()


def test_more_padding_changes_nothing():
    layer = Refinement(3, 4, kernel=3, pool=2)
    x, mask = noise(2, 5, 3), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]).bool()
    wide = torch.full((2, 12, 3), float("nan"))
    wide[:, :5] = x
    long = torch.zeros(2, 12, dtype=torch.bool)
    long[:, :5] = mask
    short_result, wide_result = layer(x, mask), layer(wide, long)
    torch.testing.assert_close(wide_result.values[:, :3], short_result.values, rtol=0, atol=1e-6)
    assert wide_result.mask[:, :3].equal(short_result.mask)
    assert not wide_result.mask[:, 3:].any()
    assert (wide_result.values[:, 3:] == 0).all()


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_a_convolution_as_a_product_is_the_convolution(kernel):
    block, x = Refinement(5, 7, kernel, 2), torch.randn(3, 6, 5)
    expected = block.convolution(x.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(block.as_product(x), expected, rtol=1e-5, atol=1e-6)
