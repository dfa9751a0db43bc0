"""Reduced precision where it pays: matrix products in bfloat16, everything around them in float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from divine.models.config import Precision

MANY_ROWS = 256
"""Fewer rows use a weight too little to pay for rounding it, and its gradient back. What acts on clips (at most a batch of 32)
lies below, what acts on their steps at the published sizes above; between them the bound was not tuned."""


class Reducible(nn.Module):
    """A block whose products may run in bfloat16; what goes in and what comes out is float32 in either case."""

    reduced: bool = False

    def reduces(self, input: Tensor) -> bool:
        """Say whether products of the rows of ``input`` run in bfloat16: a weight that few rows use stays as it is."""
        return self.reduced and input.numel() >= MANY_ROWS * input.shape[-1]

    def products(self, input: Tensor) -> AbstractContextManager[object]:
        """Return the context in which products of the rows of ``input`` run."""
        return torch.autocast(input.device.type, torch.bfloat16) if self.reduces(input) else nullcontext()


def set_precision(model: object, precision: Precision) -> None:
    """Let every block of a model that can run its products in ``precision`` do so."""
    for block in model.modules() if isinstance(model, nn.Module) else ():
        if isinstance(block, Reducible):
            block.reduced = precision == "bfloat16"
