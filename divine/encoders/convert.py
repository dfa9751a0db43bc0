"""A published pickle of tensors → safetensors, once, in an isolated child.

Some of the weights are published only as PyTorch pickles, which can carry code. ``torch.load(weights_only=True)`` refuses
such code; because it was bypassed before, it runs in a child without privileges, with limits of memory and time, that hands
over tensors and nothing else. Encoders themselves read safetensors alone.
"""

from __future__ import annotations

import json
from pathlib import Path

from divine.config import Limits
from divine.encoders.registry import EncoderError
from divine.media.errors import nonsense
from divine.media.isolate import Report, run_isolated

_LIMITS = Limits(child_memory_bytes=48 * 1024**3, child_seconds=900.0)


def convert(pickle: Path, out: Path) -> int:
    """Write the tensors of ``pickle`` to ``out`` under their published names, and return how many there were.

    Raises:
        EncoderError: it holds anything but a table of tensors, or is damaged.
        IsolationError: the child crashed, or ran out of memory or time.
    """
    answer = run_isolated(rewrite, pickle, str(out), limits=_LIMITS)
    try:
        return int(json.loads(answer)["tensors"])
    except (KeyError, TypeError, ValueError) as error:
        raise nonsense(pickle.name) from error


def rewrite(pickle: Path, out: str, *, report: Report) -> bytes:
    """Read a pickle and write safetensors; runs in the child."""
    import torch
    from safetensors.torch import save_file

    report(0.0)
    try:
        table = torch.load(pickle, map_location="cpu", weights_only=True, mmap=False)
    except Exception as error:  # a pickle can fail in any way, and none of them may pass for success
        raise EncoderError(f"{pickle.name}: is damaged, or no plain table of tensors ({type(error).__name__}).") from error
    if not isinstance(table, dict) or not table or not all(isinstance(value, torch.Tensor) for value in table.values()):
        raise EncoderError(f"{pickle.name}: holds something else than a table of tensors.")
    tensors = {str(name): tensor.detach().clone().contiguous() for name, tensor in table.items()}
    report(0.5)
    save_file(tensors, out, metadata={"format": "pt"})
    return json.dumps({"tensors": len(tensors)}).encode()
