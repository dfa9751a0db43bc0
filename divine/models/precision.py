"""Reduced precision where it pays: matrix products in bfloat16, everything around them in float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch
from torch import nn

Precision = Literal["float32", "bfloat16"]


class Reducible(nn.Module):
    """A block whose products may run in bfloat16; what goes in and what comes out is float32 in either case."""

    reduced: bool = False

    def products(self, device: torch.device) -> AbstractContextManager[object]:
        """Return the context in which the block's products run."""
        return torch.autocast(device.type, torch.bfloat16) if self.reduced else nullcontext()


def set_precision(model: object, precision: Precision) -> None:
    """Let every block of a model that can run its products in ``precision`` do so."""
    for block in model.modules() if isinstance(model, nn.Module) else ():
        if isinstance(block, Reducible):
            block.reduced = precision == "bfloat16"
