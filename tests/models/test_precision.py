"""Dropout drawn another way, and products in bfloat16: the same things within what they promise."""

import pytest
import torch

from divine.models import precision
from divine.models.dropout import Dropout
from divine.models.layers import mlp
from divine.models.precision import set_precision
from divine.models.systems import ARCHITECTURES
from tests.models.test_systems import clips, system


def test_dropout_drops_its_share_and_keeps_the_mean():
    drop, x = Dropout(0.3), torch.ones(400, 500)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        out = drop(x)
    assert out.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert (out == 0).float().mean().item() == pytest.approx(0.3, abs=4 * (0.3 * 0.7 / 200_000) ** 0.5)
    assert drop.eval()(x) is x


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_bfloat16_says_nearly_the_same_and_gives_float32_gradients(architecture, monkeypatch):
    monkeypatch.setattr(precision, "MANY_ROWS", 1)
    one, whole = system(architecture), clips(architecture)
    exact = one(whole).losses.total
    set_precision(one, "bfloat16")
    rounded = one(whole).losses.total
    assert rounded.dtype == torch.float32
    assert rounded.item() != exact.item()
    torch.testing.assert_close(rounded, exact, rtol=2e-2, atol=2e-2)
    rounded.backward()
    assert all(p.grad.dtype == torch.float32 and p.grad.isfinite().all() for p in one.parameters() if p.grad is not None)
    set_precision(one, "float32")
    assert torch.equal(one(whole).losses.total, exact)


def test_only_weights_that_many_rows_use_are_rounded():
    layers = mlp(6, 5, 4, dropout=0.0)
    rows = torch.randn(precision.MANY_ROWS, 6)
    exact = layers(rows)
    set_precision(layers, "bfloat16")
    assert torch.equal(layers(rows[1:]), exact[1:])
    for many in (rows, rows.reshape(2, -1, 6)):
        assert not torch.equal(layers(many).flatten(0, -2), exact)
        torch.testing.assert_close(layers(many).flatten(0, -2), exact, rtol=2e-2, atol=2e-2)
