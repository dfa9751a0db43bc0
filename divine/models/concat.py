"""Concatenation, the paper's baseline of fusion: both encoders refined and pooled, side by side, and the dense head."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from divine.models.answer import PlainAnswer, Vector, conform
from divine.models.batch import Batch, PerModality, Sequence
from divine.models.config import DivineConfig, Schema
from divine.models.fcn import DenseHead, said, weighed
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
        return weighed(self, self.judge(self.infer(batch)), batch, class_weights)

    def infer(self, batch: Batch, sampling: bool = False) -> PerModality[Vector]:
        """Features to their refined mean over time, each modality by itself."""
        return conform(batch, self.schema).map(self._pooled)

    def judge(self, parts: PerModality[Vector]) -> PlainAnswer:
        """Answer from the means."""
        return said(parts, self.head)

    def _pooled(self, modality: Modality, sequence: Sequence) -> Vector:
        refined = self.refinement[modality](sequence.values, sequence.mask & sequence.present[:, None])
        return Vector(mean_over_time(refined.values, refined.mask), refined.mask.any(dim=1))
