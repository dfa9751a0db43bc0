"""What keeps shared factors out of the private latents: its value, whom it moves and which way."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch

from divine.models.config import LossWeights
from divine.models.losses import separation_loss
from tests.models.toy import TINY, batch, model, without

APART = replace(TINY, loss=LossWeights(separation=1.0))


def whitened(z: np.ndarray) -> np.ndarray:
    """Rows whose covariance is the identity, but for a ridge of a tenth of the mean variance."""
    z = z - z.mean(axis=0)
    covariance = z.T @ z / len(z)
    ridge = 0.1 * np.trace(covariance) / len(covariance) + 1e-5
    values, vectors = np.linalg.eigh(covariance + ridge * np.eye(len(covariance)))
    return z @ vectors / np.sqrt(values)


def test_it_is_the_u_statistic_over_all_quadruples_of_clips():
    rng = np.random.default_rng(0)
    private, other, both = rng.normal(size=(9, 2)), rng.normal(size=(9, 3)), np.array([True] * 7 + [False] * 2)
    k, l = (white @ white.T for white in (whitened(private[both]), whitened(other[both])))  # noqa: E741
    terms = [k[i, j] * (l[i, j] + l[q, r] - 2 * l[i, q]) for i, j, q, r in permutations(range(7), 4)]
    said = separation_loss(torch.from_numpy(private), torch.from_numpy(other), torch.from_numpy(both))
    assert float(said) == pytest.approx(np.mean(terms) / 2, rel=1e-6)


def test_it_is_near_zero_where_nothing_is_shared_and_near_one_where_all_is():
    g = torch.Generator().manual_seed(0)
    both = torch.ones(24, dtype=torch.bool)
    alone = [float(separation_loss(torch.randn(24, 8, generator=g), torch.randn(24, 8, generator=g), both)) for _ in range(200)]
    assert abs(np.mean(alone)) < 4 * np.std(alone) / np.sqrt(200)
    many, mixing = torch.randn(400, 8, generator=g), torch.linalg.qr(torch.randn(8, 8, generator=g)).Q
    assert 0.75 < float(separation_loss(many, 5 * many @ mixing, torch.ones(400, dtype=torch.bool))) < 1


def test_it_moves_private_encoders_alone_and_they_learn_to_hide_what_is_shared():
    one = model(APART)
    before = one(batch(12)).losses.separation
    before.backward()
    moved = {name for name, value in one.named_parameters() if value.grad is not None and value.grad.any()}
    assert moved and all(name.startswith("utterance_vae.private.") for name in moved)
    with torch.no_grad():
        for parameter in one.utterance_vae.private.parameters():
            if parameter.grad is not None:
                parameter -= 0.05 * parameter.grad
    assert float(one(batch(12)).losses.separation.detach()) < float(before.detach())


def test_it_needs_four_clips_with_both_modalities():
    one = model(APART)
    assert float(one(without(batch(6), video=[0, 1, 2], audio=[3, 4, 5])).losses.separation.detach()) == 0.0
    few = one(without(batch(6), video=[0, 1, 2])).losses
    assert float(few.separation.detach()) == 0.0
    few.total.backward()
    assert all(torch.isfinite(value.grad).all() for value in one.parameters() if value.grad is not None)
    assert float(model(replace(TINY, loss=LossWeights(separation=0.0)))(batch(6)).losses.separation.detach()) == 0.0
