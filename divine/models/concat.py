"""Concatenation, the paper's baseline of fusion: both encoders refined and pooled, side by side, and the dense head."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from divine.models.answer import PlainAnswer, conform
from divine.models.batch import Batch, Sequence
from divine.models.config import DivineConfig, Schema
from divine.models.fcn import DenseHead, answer
from divine.models.layers import mean_over_time
from divine.models.refine import Refinement
from divine.records import Modality


class Concat(nn.Module):
    """``[mean_t CNN_v(X_v); mean_t CNN_a(X_a)]`` → the dense head; an absent modality is zeros."""

    def __init__(self, config: DivineConfig, schema: Schema) -> None:
        super().__init__()
        self.config, self.schema = config, schema
        c = config
        self.refinement = nn.ModuleDict(
            {m: Refinement(dim, c.refine_channels, c.refine_kernel, c.refine_pool) for m, dim in schema.dims.items()}
        )
        self.head = DenseHead(len(schema.dims) * c.refine_channels, schema, c.dropout)

    def forward(
        self, batch: Batch, class_weights: Float[Tensor, " c"] | None = None, sampling: bool | None = None
    ) -> PlainAnswer:
        """Answer; ``sampling`` is of no matter, nothing is drawn."""
        vectors = conform(batch, self.schema).map(self._pooled)
        logits = self.head(torch.cat(vectors.given, dim=1))
        return answer(self.config, self.schema, batch, vectors, logits, class_weights)

    def _pooled(self, modality: Modality, sequence: Sequence) -> Tensor:
        refined = self.refinement[modality](sequence.values, sequence.mask & sequence.present[:, None])
        return mean_over_time(refined.values, refined.mask)
