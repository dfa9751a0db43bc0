"""Local (window) VAE: one bottleneck per refined step (section 4, ``VAE_window``)."""

from __future__ import annotations

from collections.abc import Iterable

from jaxtyping import Float
from torch import Tensor, nn

from divine.models.gaussian import Gaussian, GaussianEncoder
from divine.models.layers import mlp
from divine.records import Modality


class LocalVae(nn.Module):
    """``(mu_w, logvar_w) = f_enc(X'[t])`` and ``X'_hat[t] = f_dec(z[t])``: per modality, the same for every step."""

    def __init__(self, modalities: Iterable[Modality], channels: int, latent: int, hidden: int, dropout: float) -> None:
        super().__init__()
        names = tuple(modalities)
        self.encoder = nn.ModuleDict({name: GaussianEncoder(channels, hidden, latent, dropout) for name in names})
        self.decoder = nn.ModuleDict({name: mlp(latent, hidden, channels, dropout) for name in names})

    def encode(self, modality: Modality, refined: Float[Tensor, "b s c"]) -> Gaussian:
        return self.encoder[modality](refined)

    def decode(self, modality: Modality, z: Float[Tensor, "b s z"]) -> Float[Tensor, "b s c"]:
        return self.decoder[modality](z)
