"""Gaussian maths against torch.distributions and physical facts."""

import jaxtyping
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from divine.models.gaussian import GaussianEncoder, active_units, kl_standard, sample


def test_kl_is_that_of_torch_distributions():
    g = torch.Generator().manual_seed(0)
    mu, logvar = torch.randn(5, 3, generator=g), torch.randn(5, 3, generator=g)
    expected = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0)).sum(dim=-1)
    torch.testing.assert_close(kl_standard(mu, logvar), expected)
    torch.testing.assert_close(kl_standard(torch.zeros(2, 3), torch.zeros(2, 3)), torch.zeros(2))


def test_samples_have_the_mean_and_variance_asked_for():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        mu, logvar = torch.tensor([1.0, -2.0]), torch.tensor([0.0, 1.2])
        drawn = sample(mu.expand(40_000, 2), logvar.expand(40_000, 2))
    torch.testing.assert_close(drawn.mean(0), mu, atol=0.04, rtol=0)
    torch.testing.assert_close(drawn.var(0), logvar.exp(), atol=0.1, rtol=0)


def test_a_unit_is_active_if_its_mean_varies_over_clips_that_count():
    mu = torch.zeros(4, 3)
    mu[:, 0] = torch.tensor([0.3, -0.3, 0.3, -0.3])  # variance 0.09
    mu[:, 1] = torch.tensor([0.05, -0.05, 0.05, -0.05])  # 0.0025: below 0.01
    mu[3, 2] = 100.0
    everyone = torch.ones(4, dtype=torch.bool)
    assert int(active_units(mu, everyone)) == 2
    assert int(active_units(mu, torch.tensor([True, True, True, False]))) == 1


def test_a_wrong_shape_raises():
    with pytest.raises(jaxtyping.TypeCheckError):
        kl_standard(torch.zeros(2, 3), torch.zeros(2, 4))


def test_no_variance_exceeds_that_of_the_prior_however_far_a_clip_lies_out():
    encoder = GaussianEncoder(3, 4, 2, 0.0)
    far = encoder(torch.tensor([[1e4, -1e4, 1e4], [0.0, 0.0, 0.0]]))
    assert bool((far.logvar <= 0).all() and (far.logvar >= -8).all())
    assert bool(torch.isfinite(sample(*far)).all())
