"""The convolutional network of appendix A.4 on a single encoder: two refinements, flattened, and the dense head."""

from __future__ import annotations

import math

from torch.nn import functional as F

from divine.models.answer import Vector
from divine.models.batch import Sequence
from divine.models.config import DivineConfig, Schema
from divine.models.errors import ModelError
from divine.models.fcn import DenseHead, Headed, only
from divine.models.layers import keep
from divine.models.refine import Refinement
from divine.records import Modality

CHANNELS, KERNEL, POOL = (256, 128), 3, 2


class Cnn(Headed):
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

    def vector(self, modality: Modality, sequence: Sequence) -> Vector:
        """Return what two refinements leave, flattened.

        Raises:
            ModelError: a clip has more than ``config.max_steps`` steps.
        """
        steps = self.config.max_steps - sequence.values.shape[1]
        if steps < 0:
            raise ModelError(f"{modality}: {sequence.values.shape[1]} steps, the cnn takes at most {self.config.max_steps}.")
        mask = F.pad(sequence.mask & sequence.present[:, None], (0, steps))
        values, mask = self.second(*self.first(F.pad(sequence.values, (0, 0, 0, steps)), mask))
        return Vector(keep(values, mask).flatten(1), mask.any(dim=1))
