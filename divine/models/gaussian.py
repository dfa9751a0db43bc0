"""Diagonal Gaussians: the maths of every variational bottleneck as pure functions, safe under ``torch.func.vmap``."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from divine.models.layers import Layers, mlp


class Gaussian(NamedTuple):
    """Mean and log-*variance*: the paper writes "log sigma", but samples with ``exp(logvar / 2)``."""

    mu: Float[Tensor, "*b z"]
    logvar: Float[Tensor, "*b z"]


def kl_standard(mu: Float[Tensor, "*b z"], logvar: Float[Tensor, "*b z"]) -> Float[Tensor, "*b"]:
    """``KL(N(mu, exp(logvar)) || N(0, I)) = 1/2 sum_z (exp(logvar) + mu^2 - 1 - logvar)``, in nats."""
    return 0.5 * (logvar.exp() + mu.square() - 1.0 - logvar).sum(dim=-1)


def sample(mu: Float[Tensor, "*b z"], logvar: Float[Tensor, "*b z"]) -> Float[Tensor, "*b z"]:
    """``z = mu + exp(logvar / 2) * eps`` with ``eps ~ N(0, I)``; ``Normal.rsample`` would not run under vmap."""
    return mu + torch.randn_like(mu) * (0.5 * logvar).exp()


def active_units(mu: Float[Tensor, "b z"], mask: Bool[Tensor, " b"], threshold: float = 0.01) -> Int[Tensor, ""]:
    """Count the latent dimensions whose posterior mean varies over the data: ``Var_b(mu) > threshold``.

    After Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders", ICLR 2016. Rows outside ``mask`` are left out.
    """
    weight = mask.to(mu.dtype)[:, None]
    count = weight.sum().clamp(min=1.0)
    held = torch.where(mask[:, None], mu, 0.0)
    deviation = (held - held.sum(0) / count) * weight
    return (deviation.square().sum(0) / count > threshold).sum()


LOGVAR_CENTRE, LOGVAR_REACH = -4.0, 4.0


def bounded_logvar(raw: Float[Tensor, "*b z"]) -> Float[Tensor, "*b z"]:
    """``-4 + 4 tanh(raw / 4)``: between -8 and 0, so no variance exceeds that of the prior, and a fresh one is small.

    Without a bound an outlying clip drew ``exp(logvar / 2)`` past what a float holds, and ended the run.
    """
    return LOGVAR_CENTRE + LOGVAR_REACH * torch.tanh(raw / LOGVAR_REACH)


class GaussianEncoder(nn.Module):
    """A vector to the parameters of a Gaussian: ``mu = W x + mlp(x)``, and a log-variance from the same two layers.

    The straight path carries past two bottlenecks what is linear in the features, as most of what few subjects can teach is
    (docs/study.md has the measurement).
    """

    def __init__(self, inputs: int, hidden: int, latent: int, dropout: float) -> None:
        super().__init__()
        self.layers = mlp(inputs, hidden, 2 * latent, dropout)
        self.straight = Layers(nn.Linear(inputs, latent, bias=False))

    def forward(self, x: Float[Tensor, "*b d"]) -> Gaussian:
        mu, raw = self.layers(x).chunk(2, dim=-1)
        return Gaussian(mu + self.straight(x), bounded_logvar(raw))
