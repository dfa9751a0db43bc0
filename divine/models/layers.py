"""What several blocks share: a two-layer network, and means over what is there."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from divine.models.dropout import Dropout
from divine.models.precision import Reducible


class Layers(Reducible, nn.Sequential):
    """Layers one after the other."""

    def forward(self, input: Float[Tensor, "*b d"]) -> Float[Tensor, "*b e"]:
        with self.products(input):
            return super().forward(input).float()


def mlp(inputs: int, hidden: int, outputs: int, dropout: float) -> Layers:
    """Linear, ReLU, dropout, linear."""
    return Layers(nn.Linear(inputs, hidden), nn.ReLU(), Dropout(dropout), nn.Linear(hidden, outputs))


def keep(values: Float[Tensor, "*b d"], mask: Bool[Tensor, "*b"]) -> Float[Tensor, "*b d"]:
    """Zero what the mask excludes; not a product, so that a NaN there cannot leak."""
    return torch.where(mask[..., None], values, 0.0)


def masked_mean(values: Float[Tensor, "*b"], mask: Bool[Tensor, "*b"]) -> Float[Tensor, ""]:
    """Mean of ``values`` where ``mask``; zero, with zero gradient, where it excludes everything."""
    return torch.where(mask, values, 0.0).sum() / mask.sum().clamp(min=1)


def mean_over_time(values: Float[Tensor, "b t d"], mask: Bool[Tensor, "b t"]) -> Float[Tensor, "b d"]:
    """Global average pooling over the valid steps; zero for a clip without one."""
    return keep(values, mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)[:, None]
