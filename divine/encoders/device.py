"""Where networks run: the first GPU, in bfloat16 and compiled, or the CPU, in float32 and as they are.

What is done on a GPU has not been run on one where this was written; batches and compilation are tested on a CPU.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


@functools.cache
def device() -> torch.device:
    """Return where networks run."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextlib.contextmanager
def inference() -> Iterator[None]:
    """Without gradients, and on a GPU with matrix products in bfloat16."""
    on_gpu = device().type == "cuda"
    with torch.inference_mode(), torch.autocast(device().type, dtype=torch.bfloat16, enabled=on_gpu):
        yield


def batch_size(on_cpu: int, on_gpu: int) -> int:
    """Choose how many inputs go through a network at once: on a CPU more only cost memory."""
    return on_gpu if device().type == "cuda" else on_cpu


def ready(network: Network) -> Network:
    """Put a network where networks run, frozen; on a GPU have it compiled at its first use, where Triton is installed."""
    network = network.to(device()).eval().requires_grad_(False)
    if device().type == "cuda" and importlib.util.find_spec("triton"):
        compile_in_place(network)
    return network


def compile_in_place(network: nn.Module, backend: str = "inductor") -> None:
    """Have a network compiled at its first use; what cannot be compiled runs as it is."""
    import torch._dynamo.config

    torch._dynamo.config.suppress_errors = True
    network.compile(backend=backend)
