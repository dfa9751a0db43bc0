"""Output heads: diagnosis, severity level, and a distribution over the scale for every rated item (section 4)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from divine.models.config import Schema
from divine.models.dropout import Dropout


class Logits(NamedTuple):
    """Before the softmax. Severity is None in a cohort without ratings."""

    diagnosis: Float[Tensor, "b c"]
    level: Float[Tensor, "b l"] | None
    items: Float[Tensor, "b k r"] | None


class Heads(nn.Module):
    """Linear heads on the mixed rows: diagnosis and level read the fused row, item k its own token's row or the fused row."""

    def __init__(self, schema: Schema, width: int, severity_from: Literal["tokens", "fused"], dropout: float) -> None:
        super().__init__()
        self.from_tokens = severity_from == "tokens"
        self.norm = nn.LayerNorm(width)
        self.dropout = Dropout(dropout)
        self.diagnosis = nn.Linear(width, len(schema.classes))
        self.level = nn.Linear(width, len(schema.levels)) if schema.items else None
        self.items = nn.ModuleList(nn.Linear(width, len(schema.scores)) for _ in schema.items)

    def forward(self, rows: Float[Tensor, "b k1 s"]) -> Logits:
        rows = self.dropout(self.norm(rows))
        h = rows[:, -1]
        if self.level is None:
            return Logits(self.diagnosis(h), None, None)
        items = [head(rows[:, index] if self.from_tokens else h) for index, head in enumerate(self.items)]
        return Logits(self.diagnosis(h), self.level(h), torch.stack(items, dim=1))


def expected_scores(items: Float[Tensor, "b k r"], scale: tuple[int, int]) -> Float[Tensor, "b k"]:
    """Expectation of each item over its scale, from logits."""
    scores = torch.arange(scale[0], scale[1] + 1, dtype=items.dtype, device=items.device)
    return items.softmax(dim=-1) @ scores
