"""A function of tensors at the price of one launch: recorded as a CUDA graph, and replayed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_WARM_UP = 3
"""Calls that run as written before one is recorded: libraries set themselves up in them."""


class Replay:
    """A function that is called again and again with tensors of the same shapes.

    A step of a stack is some thousands of small kernels, and a GPU waits longer for Python to launch them than it computes.
    After a few calls on a GPU, which run as written, the next is recorded; from then on a call copies its arguments to where
    the recording reads them, and launches all of it at once. On a CPU every call runs as written.

    Args:
        function: does the same whatever its arguments' values are, and changes in place what it keeps.
        device: where all its tensors live.
    """

    def __init__(self, function: Callable[..., Tensor], device: torch.device) -> None:
        self.function, self.device = function, device
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, *arguments: Tensor) -> Tensor:
        """Return what the function returns; on a GPU the next call overwrites it."""
        self.calls += 1
        if self.device.type != "cuda" or self.calls <= _WARM_UP:
            return self.function(*arguments)
        if self.graph is None:
            self.arguments = tuple(one.clone() for one in arguments)
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.result = self.function(*self.arguments)
        for held, given in zip(self.arguments, arguments, strict=True):
            held.copy_(given)
        self.graph.replay()
        return self.result
