"""Utterance VAE: what both modalities share, and what each keeps to itself (section 4, ``VAE_utterance``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from divine.models.gaussian import Gaussian, GaussianEncoder
from divine.models.layers import mlp
from divine.records import Modality


class Utterance(NamedTuple):
    """Posteriors of one modality's utterance."""

    shared: Gaussian
    private: Gaussian


class UtteranceVae(nn.Module):
    """One *shared* encoder (its weights tied across modalities), a *private* encoder and a decoder per modality."""

    def __init__(
        self, modalities: Iterable[Modality], inputs: int, shared: int, private: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        names = tuple(modalities)
        self.shared = GaussianEncoder(inputs, hidden, shared, dropout)
        self.private = nn.ModuleDict({name: GaussianEncoder(inputs, hidden, private, dropout) for name in names})
        self.decoder = nn.ModuleDict({name: mlp(shared + private, hidden, inputs, dropout) for name in names})

    def encode(self, modality: Modality, pooled: Float[Tensor, "b w"]) -> Utterance:
        return Utterance(self.shared(pooled), self.private[modality](pooled))

    def decode(self, modality: Modality, shared: Float[Tensor, "b s"], private: Float[Tensor, "b p"]) -> Float[Tensor, "b w"]:
        return self.decoder[modality](torch.cat([shared, private], dim=-1))
