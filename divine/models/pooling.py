"""Adaptive pooling over time: any number of frames to at most so many steps."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class Steps(NamedTuple):
    """A clip reduced to steps."""

    values: Float[Tensor, "s d"]
    mask: Bool[Tensor, " s"]


def pool_steps(values: Float[Tensor, "t d"], mask: Bool[Tensor, " t"], max_steps: int) -> Steps:
    """Average the valid frames of each of ``s = min(t, max_steps)`` windows.

    Window i holds frames ``floor(i t / s)`` up to, not including, ``ceil((i + 1) t / s)``, as in PyTorch's
    ``adaptive_avg_pool1d``; neighbours overlap by a frame where s does not divide t. A window without a valid frame is masked
    and zero. Masked frames count for nothing, whatever they hold.
    """
    frames = len(mask)
    held = torch.where(mask[:, None], values, 0.0)
    if frames <= max_steps:
        return Steps(held, mask)
    index = torch.arange(max_steps)
    first, end = index * frames // max_steps, -(-(index + 1) * frames // max_steps)
    total, count = _prefix(held.double()), _prefix(mask.double())
    valid = count[end] - count[first]
    means = (total[end] - total[first]) / valid.clamp(min=1.0)[:, None]
    return Steps(torch.where(valid[:, None] > 0, means, 0.0).to(values.dtype), valid > 0)


def _prefix(frames: Tensor) -> Tensor:
    """Sums of the first 0, 1, ... t frames."""
    return torch.cat([frames.new_zeros(1, *frames.shape[1:]), frames.cumsum(0)])
