"""``XV``: x-vectors of VoxCeleb (Snyder et al. 2018), as SpeechBrain publishes them.

24 log-mel bands less their mean over the window, five time-delay layers, mean and deviation over time, one linear layer.
SpeechBrain's own loader would run the published YAML as code; its parts are put together here instead, with sizes read
from the published tensors and the recipe's dilations, which no tensor shows.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from divine.encoders import folder, pretrained
from divine.encoders.device import batch_size, device, inference
from divine.encoders.packages import require
from divine.encoders.registry import Encoder, EncoderError, register
from divine.encoders.utterances import HOP_S, utterances
from divine.records import Features, Observation

SOURCE = "speechbrain/spkrec-xvect-voxceleb"
FILE = "embedding_model.safetensors"
DILATIONS = [1, 2, 3, 1, 1]
LEAST_S = 0.4
"""The time-delay layers reach over 15 frames of 10 ms."""
DEVIATION_FLOOR = 1e-5


@register(
    "XV",
    title="x-vector (VoxCeleb)",
    modality="audio",
    dim=512,
    rate_hz=1 / HOP_S,
    weights=SOURCE,
    licence="Apache-2.0",
    revision="1",
    size_mb=17,
)
def xvector() -> Encoder:
    """Load the x-vector network."""
    require("XV", "speechbrain", "hyperpyyaml", "sentencepiece")
    path = folder.opened("XV", SOURCE)
    found = pretrained.tensors("XV", path, file=FILE)
    bands, network = _network(found)
    network = pretrained.filled("XV", network, found)
    bands = bands.to(device())

    def embed(samples: Float[np.ndarray, "b n"]) -> Float[np.ndarray, "b d"]:
        with inference():
            spectra = bands(torch.from_numpy(samples).to(device()))
            return _pooled(network, spectra - spectra.mean(dim=1, keepdim=True)).float().cpu().numpy()

    def encode(observations: Sequence[Observation]) -> list[Features]:
        return utterances("XV", observations, embed, least_s=LEAST_S, most=batch_size(16, 128))

    return encode


def _network(found: dict[str, Tensor]) -> tuple[torch.nn.Module, Any]:
    """Build the front and the network at the size of the published tensors."""
    xvectors, fbank = speechbrain_parts()
    kernels = [found.get(f"blocks.{3 * layer}.conv.weight") for layer in range(len(DILATIONS))]
    last = found.get(f"blocks.{3 * len(DILATIONS) + 1}.w.weight")
    convolutions = [kernel for kernel in kernels if kernel is not None and kernel.dim() == 3]
    if len(convolutions) < len(DILATIONS) or last is None:
        raise EncoderError(f"XV: tensors are missing in {FILE}. Remove their folder and run `divine encoders fetch XV`.")
    network = xvectors(
        tdnn_blocks=len(DILATIONS),
        tdnn_channels=[kernel.shape[0] for kernel in convolutions],
        tdnn_kernel_sizes=[kernel.shape[2] for kernel in convolutions],
        tdnn_dilations=DILATIONS,
        lin_neurons=last.shape[0],
        in_channels=convolutions[0].shape[1],
    )
    return fbank(n_mels=convolutions[0].shape[1]), network


def _pooled(network: Any, spectra: Float[Tensor, "b t m"]) -> Float[Tensor, "b d"]:
    """Run the network without the random noise that its pooling adds to the mean, even at test time."""
    *delays, _, linear = network.blocks
    for layer in delays:
        spectra = layer(spectra)
    pooled = torch.cat([spectra.mean(dim=1), spectra.std(dim=1) + DEVIATION_FLOOR], dim=1)
    return linear(pooled)


def speechbrain_parts() -> tuple[Any, Any]:
    """Import the two classes, and leave no trace that could harm others.

    SpeechBrain imports torchaudio, of which neither class uses anything, and which has no CPU build: a stand-in serves. And
    it leaves modules that import themselves when anybody looks at them, as ``inspect`` does, and then fail: they go.
    """
    absent = "torchaudio" not in sys.modules
    if absent:
        sys.modules["torchaudio"] = ModuleType("torchaudio")
        sys.modules["torchaudio"].__dict__["__version__"] = "2.11.0"
    try:
        from speechbrain.lobes.features import Fbank
        from speechbrain.lobes.models.Xvector import Xvector
    finally:
        if absent:
            del sys.modules["torchaudio"]
        for name in [name for name, module in sys.modules.items() if _imports_itself(module)]:
            del sys.modules[name]
    return Xvector, Fbank


def _imports_itself(module: object) -> bool:
    return any(kind.__name__ == "LazyModule" and kind.__module__.startswith("speechbrain.") for kind in type(module).__mro__)
