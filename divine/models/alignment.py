"""Between the modalities: ``D_a`` (section 4)."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from divine.models.layers import mlp


class CrossModalDecoder(nn.Module):
    """``D_a``: ``z_shared^v`` to an estimate of ``z_shared^a``."""

    def __init__(self, latent: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layers = mlp(latent, hidden, latent, dropout)

    def forward(self, shared_video: Float[Tensor, "b s"]) -> Float[Tensor, "b s"]:
        return self.layers(shared_video)
