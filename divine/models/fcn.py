"""The fully connected network of appendix A.4 on the mean over time, and the head that the CNN and concatenation share."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from divine.models.answer import PlainAnswer, Vector, conform, plain_losses
from divine.models.batch import Batch, PerModality, Sequence
from divine.models.config import DivineConfig, Schema
from divine.models.dropout import Dropout
from divine.models.errors import ModelError
from divine.models.heads import Logits
from divine.models.layers import Layers, keep, mean_over_time
from divine.records import Modality

WIDTHS = (256, 128, 64)
"""Neurons of the three dense layers."""


class DenseHead(nn.Module):
    """``256 → 128 → 64``, ReLU and dropout after each, then a linear output per target."""

    def __init__(self, inputs: int, schema: Schema, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((inputs, *WIDTHS), WIDTHS, strict=False):
            layers += [nn.Linear(before, after), nn.ReLU(), Dropout(dropout)]
        self.layers = Layers(*layers)
        self.diagnosis = nn.Linear(WIDTHS[-1], len(schema.classes))
        self.level = nn.Linear(WIDTHS[-1], len(schema.levels)) if schema.items else None
        self.items = nn.Linear(WIDTHS[-1], len(schema.items) * len(schema.scores)) if schema.items else None
        self.shape = len(schema.items), len(schema.scores)

    def forward(self, x: Float[Tensor, "b d"]) -> Logits:
        h = self.layers(x)
        if self.level is None or self.items is None:
            return Logits(self.diagnosis(h), None, None)
        return Logits(self.diagnosis(h), self.level(h), self.items(h).unflatten(1, self.shape))


def only(schema: Schema, system: str) -> None:
    """Refuse a second modality.

    Raises:
        ModelError: there are two.
    """
    if len(schema.dims) > 1:
        raise ModelError(f"{system} reads one encoder, and there are two: give one alone, or choose concat.")


class Headed(nn.Module):
    """A system that is vectors, one per modality (``infer``), and the dense head on them."""

    config: DivineConfig
    schema: Schema
    head: DenseHead

    def forward(
        self, batch: Batch, class_weights: Float[Tensor, " c"] | None = None, sampling: bool | None = None
    ) -> PlainAnswer:
        """Answer; ``sampling`` is of no matter, nothing is drawn."""
        answer = self.judge(self.infer(batch))
        if batch.targets is None:
            return answer
        losses = plain_losses(self.config.loss, self.schema, answer.logits, batch.targets, batch.present, class_weights)
        return answer._replace(losses=losses)

    def infer(self, batch: Batch, sampling: bool = False) -> PerModality[Vector]:
        """Features to vectors, each modality by itself.

        Raises:
            ModelError: the batch does not fit the schema, or the system.
        """
        return conform(batch, self.schema).map(self.vector)

    def vector(self, modality: Modality, sequence: Sequence) -> Vector:
        """Return what one modality brings: this is all that such systems differ in."""
        raise NotImplementedError

    def judge(self, parts: PerModality[Vector]) -> PlainAnswer:
        """Answer from the vectors side by side; an absent one is zeros."""
        vectors = parts.map(lambda _, one: keep(one.values, one.present))
        return PlainAnswer(self.head(torch.cat(vectors.given, dim=1)), None, vectors)


class Fcn(Headed):
    """Mean over the valid steps of one encoder → the dense head."""

    def __init__(self, config: DivineConfig, schema: Schema) -> None:
        super().__init__()
        only(schema, "fcn")
        self.config, self.schema = config, schema
        (dim,) = schema.dims.values()
        self.head = DenseHead(dim, schema, config.dropout)

    def vector(self, modality: Modality, sequence: Sequence) -> Vector:
        """Return the mean over time."""
        mask = sequence.mask & sequence.present[:, None]
        return Vector(mean_over_time(sequence.values, mask), mask.any(dim=1))
