"""Local temporal refinement: Conv1d, BatchNorm, ReLU, MaxPool, all of them blind to masked steps (section 4)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from divine.models.layers import keep
from divine.models.precision import Reducible


class Refined(NamedTuple):
    """``X'``: the refined steps of one modality."""

    values: Float[Tensor, "b s c"]
    mask: Bool[Tensor, "b s"]


class MaskedBatchNorm(nn.Module):
    """Batch normalisation of ``[b t c]`` over the valid steps of the clips that have any.

    In training the batch's own mean and variance are used where at least two clips contribute; with fewer, the running
    statistics are used and left as they are, so no batch of one is normalised by itself and no clip is dropped.
    Running statistics follow ``torch.nn.BatchNorm1d`` (momentum 0.1, unbiased variance). The choice is a ``where``, not a
    branch: the layer runs under ``functional_call`` and ``vmap`` if its buffers are stacked and passed as arguments, and it
    updates them in place.
    """

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(self, x: Float[Tensor, "b t c"], mask: Bool[Tensor, "b t"]) -> Float[Tensor, "b t c"]:
        mean, var = self._statistics(x, mask) if self.training else (self.mean, self.var)
        return (x - mean) * torch.rsqrt(var + self.eps) * self.weight + self.bias

    def _statistics(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        count = mask.sum().clamp(min=1).to(x.dtype)
        valid = mask[..., None].to(x.dtype)  # a product: what reaches this layer is finite, and `keep` takes thrice the time
        mean = (x * valid).sum((0, 1)) / count
        var = ((x - mean).square() * valid).sum((0, 1)) / count
        enough = mask.any(dim=1).sum() >= 2
        # clone: the buffers change in place below, and the backward pass still needs what was used here
        used = torch.where(enough, mean, self.mean.clone()), torch.where(enough, var, self.var.clone())
        with torch.no_grad():
            unbiased = var * count / (count - 1).clamp(min=1)
            self.mean.copy_(torch.where(enough, torch.lerp(self.mean, mean, self.momentum), self.mean))
            self.var.copy_(torch.where(enough, torch.lerp(self.var, unbiased, self.momentum), self.var))
        return used


class Refinement(Reducible):
    """``X'_m = CNN_m(X_m)``; ``ceil(t / pool)`` steps remain, at least one."""

    def __init__(self, inputs: int, channels: int, kernel: int, pool: int) -> None:
        super().__init__()
        self.pool = pool
        # no bias: the normalisation that follows would cancel it
        self.convolution = nn.Conv1d(inputs, channels, kernel, padding=kernel // 2, bias=False)
        self.normalisation = MaskedBatchNorm(channels)

    def forward(self, x: Float[Tensor, "b t d"], mask: Bool[Tensor, "b t"]) -> Refined:
        convolved = self._convolve(keep(x, mask))
        # after the ReLU nothing is below zero, so a zero never wins a maximum against a valid step
        active = keep(F.relu(self.normalisation(convolved, mask)), mask)
        values = F.max_pool1d(active.transpose(1, 2), self.pool, ceil_mode=True).transpose(1, 2).contiguous()
        pooled = F.max_pool1d(mask.to(x.dtype)[:, None], self.pool, ceil_mode=True)[:, 0] > 0
        return Refined(values, pooled)

    def _convolve(self, x: Tensor) -> Tensor:
        if self.reduces(x) or x.device.type == "cuda":
            return self.as_product(x)
        return self.convolution(x.transpose(1, 2)).transpose(1, 2)

    def as_product(self, x: Float[Tensor, "b t d"]) -> Float[Tensor, "b t c"]:
        """Convolve as one product over all steps at once.

        On a CPU convolutions gain less from bfloat16 than this does; on a GPU cuDNN would round those of a stack to TF32.
        """
        reach = self.convolution.weight.shape[2] // 2
        steps = x.shape[1]
        padded = F.pad(x.bfloat16() if self.reduces(x) else x, (0, 0, reach, reach))
        windows = torch.cat([padded[:, shift : shift + steps] for shift in range(2 * reach + 1)], dim=-1)
        with self.products(x):
            return F.linear(windows, self.convolution.weight.transpose(1, 2).flatten(1)).float()
