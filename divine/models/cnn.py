"""The convolutional network of appendix A.4 on a single encoder: two refinements, flattened, and the dense head."""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from divine.models.answer import PlainAnswer, Vector, conform
from divine.models.batch import Batch, PerModality, Sequence
from divine.models.config import DivineConfig, Schema
from divine.models.errors import ModelError
from divine.models.fcn import DenseHead, only, said, weighed
from divine.models.layers import keep
from divine.models.refine import Refinement
from divine.records import Modality

CHANNELS, KERNEL, POOL = (256, 128), 3, 2


class Cnn(nn.Module):
    """``Conv1d 256 → BatchNorm → pool 2 → Conv1d 128 → BatchNorm → pool 2 → flatten`` → the dense head.

    Clips are padded to ``config.max_steps``, so that flattening has one length; what is padded stays zero.
    """

    def __init__(self, config: DivineConfig, schema: Schema) -> None:
        super().__init__()
        only(schema, "cnn")
        self.config, self.schema = config, schema
        (dim,) = schema.dims.values()
        self.first = Refinement(dim, CHANNELS[0], KERNEL, POOL)
        self.second = Refinement(CHANNELS[0], CHANNELS[1], KERNEL, POOL)
        steps = math.ceil(math.ceil(config.max_steps / POOL) / POOL)
        self.head = DenseHead(steps * CHANNELS[1], schema, config.dropout)

    def forward(
        self, batch: Batch, class_weights: Float[Tensor, " c"] | None = None, sampling: bool | None = None
    ) -> PlainAnswer:
        """Answer; ``sampling`` is of no matter, nothing is drawn.

        Raises:
            ModelError: a clip has more than ``config.max_steps`` steps.
        """
        return weighed(self, self.judge(self.infer(batch)), batch, class_weights)

    def infer(self, batch: Batch, sampling: bool = False) -> PerModality[Vector]:
        """Features to what two refinements leave of them, flattened."""
        return conform(batch, self.schema).map(self._flatten)

    def judge(self, parts: PerModality[Vector]) -> PlainAnswer:
        """Answer from what is flattened."""
        return said(parts, self.head)

    def _flatten(self, modality: Modality, sequence: Sequence) -> Vector:
        steps = self.config.max_steps - sequence.values.shape[1]
        if steps < 0:
            raise ModelError(f"{modality}: {sequence.values.shape[1]} steps, the cnn takes at most {self.config.max_steps}.")
        mask = F.pad(sequence.mask & sequence.present[:, None], (0, steps))
        values, mask = self.second(*self.first(F.pad(sequence.values, (0, 0, 0, steps)), mask))
        return Vector(keep(values, mask).flatten(1), mask.any(dim=1))
