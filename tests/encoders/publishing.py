"""Making tiny random networks, and writing files as publishers do."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

WIDTHS = {
    **{"WV": 32, "W2": 32, "HT": 32, "WR": 32, "XV": 24, "TR": 20},
    **{"Vi": 32, "V2": 32, "VV": 32, "DS": 64, "TA": 24},
}
"""Feature dimension of each tiny network."""

Tensors = dict[str, Tensor]


def shaken(network: nn.Module, *, seed: int = 0, scale: float = 1.0) -> Tensors:
    """Return random weights for a network under which every part of it matters: no zeros, no ones."""
    generator = torch.Generator().manual_seed(seed)
    made: Tensors = {}
    for name, tensor in network.state_dict().items():
        noise = torch.randn(tensor.shape, generator=generator)
        if not tensor.is_floating_point():
            made[name] = tensor.clone()
        elif "running_var" in name or name.endswith(("weight_g", "original0")):
            made[name] = 1 + noise.abs()
        elif tensor.dim() >= 2:
            made[name] = noise * scale / math.sqrt(math.prod(tensor.shape[1:]))
        else:
            made[name] = noise * 0.2 + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
    return made


def renamed(tensors: Mapping[str, Tensor], *pairs: tuple[str, str], prefix: str = "") -> Tensors:
    """Replace parts of names, in order."""
    made = {}
    for name, tensor in tensors.items():
        for old, new in pairs:
            name = name.replace(old, new)
        made[prefix + name] = tensor.contiguous().clone()
    return made


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content))


def write_safetensors(path: Path, tensors: Tensors) -> None:
    from safetensors.torch import save_file

    save_file(tensors, path, metadata={"format": "pt"})
