"""Concatenation, the paper's baseline of fusion: both encoders refined and pooled, side by side, and the dense head."""

from __future__ import annotations

from torch import nn

from divine.models.answer import Vector
from divine.models.batch import Sequence
from divine.models.config import DivineConfig, Schema
from divine.models.fcn import DenseHead, Headed
from divine.models.layers import mean_over_time
from divine.models.refine import Refinement
from divine.records import Modality


class Concat(Headed):
    """``[mean_t CNN_v(X_v); mean_t CNN_a(X_a)]`` → the dense head; an absent modality is zeros."""

    def __init__(self, config: DivineConfig, schema: Schema) -> None:
        super().__init__()
        self.config, self.schema = config, schema
        c = config
        self.refinement = nn.ModuleDict(
            {m: Refinement(dim, c.refine_channels, c.refine_kernel, c.refine_pool) for m, dim in schema.dims.items()}
        )
        self.head = DenseHead(len(schema.dims) * c.refine_channels, schema, c.dropout)

    def vector(self, modality: Modality, sequence: Sequence) -> Vector:
        """Return the mean over time of the refined steps."""
        refined = self.refinement[modality](sequence.values, sequence.mask & sequence.present[:, None])
        return Vector(mean_over_time(refined.values, refined.mask), refined.mask.any(dim=1))
