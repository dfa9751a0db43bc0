"""Symptom tokens: K learnable tokens and the fused latent look at one another (section 4, token injection)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from divine.models.layers import mlp


class Mixed(NamedTuple):
    """``H``, and how the fused row came to be."""

    rows: Float[Tensor, "b k1 s"]
    """One row per token, the fused row last."""
    attention: Float[Tensor, "b k"]
    """Attention of the fused row over the tokens, renormalised without itself: it sums to one."""


class AttentionMixer(nn.Module):
    """One pre-norm self-attention block with a feed-forward layer."""

    def __init__(self, width: int, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.before_mlp = nn.LayerNorm(width)
        self.mlp = mlp(width, hidden, width, dropout)

    def forward(self, rows: Float[Tensor, "b k1 s"]) -> Mixed:
        b, k1, s = rows.shape
        parts = self.query_key_value(self.before_attention(rows)).reshape(b, k1, 3, self.heads, s // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        weights = (query @ key.transpose(-1, -2) * (s // self.heads) ** -0.5).softmax(dim=-1)
        rows = rows + self.out((weights @ value).transpose(1, 2).reshape(b, k1, s))
        rows = rows + self.mlp(self.before_mlp(rows))
        over_tokens = weights.mean(dim=1)[:, -1, :-1]
        return Mixed(rows, over_tokens / over_tokens.sum(dim=-1, keepdim=True).clamp(min=1e-12))


class DenseMixer(nn.Module):
    """Two dense layers over all rows at once, with a residual. Attention is the softmax of ``h_fused . T_k / sqrt(d)``."""

    def __init__(self, rows: int, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mlp = mlp(rows * width, hidden, rows * width, dropout)

    def forward(self, rows: Float[Tensor, "b k1 s"]) -> Mixed:
        mixed = rows + self.mlp(self.norm(rows).flatten(1)).reshape(rows.shape)
        likeness = (rows[:, :-1] * rows[:, -1:]).sum(dim=-1) * rows.shape[-1] ** -0.5
        return Mixed(mixed, likeness.softmax(dim=-1))


class SymptomTokens(nn.Module):
    """``S = [T_1..T_K, h_fused]``, ``H = Dense(S)``."""

    def __init__(
        self, tokens: int, width: int, mixer: Literal["attention", "dense"], hidden: int, heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.tokens = nn.Parameter(torch.empty(tokens, width))
        # uniform, of variance 1 / width: a normal draw on the meta device, where checkpoints are loaded, imports sympy
        nn.init.uniform_(self.tokens, -((3 / width) ** 0.5), (3 / width) ** 0.5)
        attention = mixer == "attention"
        self.mixer = (
            AttentionMixer(width, hidden, heads, dropout) if attention else DenseMixer(tokens + 1, width, hidden, dropout)
        )

    def forward(self, fused: Float[Tensor, "b s"]) -> Mixed:
        tokens = self.tokens.expand(len(fused), *self.tokens.shape)
        return self.mixer(torch.cat([tokens, fused[:, None]], dim=1))
