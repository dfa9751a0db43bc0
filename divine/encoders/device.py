"""Where networks run: the first GPU, in bfloat16, or the CPU, in float32."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

import torch


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
