"""Crops as a network was trained to see them: scaled and shifted colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from divine.encoders import pretrained
from divine.encoders.device import device


class Pixels(NamedTuple):
    """``(x * factor - shift - mean) / deviation`` per colour channel, as the published image processors compute."""

    factor: float
    shift: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(self, crops: Sequence[UInt8[np.ndarray, "*t h w 3"]]) -> Float[Tensor, "b *t 3 h w"]:
        pictures = torch.from_numpy(np.stack(crops)).to(device()).movedim(-1, -3).float()
        mean, deviation = (torch.tensor(value, device=device()).view(3, 1, 1) for value in (self.mean, self.deviation))
        return (pictures * self.factor - self.shift - mean) / deviation


def published(code: str, path: Path, *, name: str = "preprocessor_config.json") -> Pixels:
    """Read how a network's publisher prepares pictures. Crops have the network's size already, so nothing is resized.

    Raises:
        EncoderError: the file is missing or damaged.
    """
    given: dict[str, Any] = pretrained.settings(code, path, name)
    normalised = given.get("do_normalize", given.get("normalize", True))
    return Pixels(
        factor=float(given.get("rescale_factor", 1 / 255)) if given.get("do_rescale", True) else 1.0,
        shift=1.0 if given.get("offset", False) else 0.0,
        mean=tuple(map(float, given["image_mean"])) if normalised else (0.0, 0.0, 0.0),
        deviation=tuple(map(float, given["image_std"])) if normalised else (1.0, 1.0, 1.0),
    )
