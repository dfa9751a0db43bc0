"""Between the modalities: ``D_a`` (section 4), and, beyond the paper, a reader of what a private latent should not hold."""

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


class LeakReader(nn.Module):
    """Says from one modality's private latent what the *other* modality holds; the latent learns to make that impossible.

    Only what is shared can be seen from both sides. The reader learns to read, and its gradient reaches the latent reversed
    (Ganin and Lempitsky, "Unsupervised domain adaptation by backpropagation", ICML 2015).
    """

    def __init__(self, latent: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.layers = mlp(latent, hidden, outputs, dropout=0.0)

    def forward(self, private: Float[Tensor, "b p"]) -> Float[Tensor, "b w"]:
        return self.layers(2 * private.detach() - private)
