"""``WV``, ``W2``, ``HT``: WavLM (Chen et al. 2022), wav2vec 2.0 (Baevski et al. 2020), HuBERT (Hsu et al. 2021), base.

All three share a convolutional front that makes a frame of 25 ms every 20 ms and a transformer over them; features are its
last hidden states. The base models normalise their first layer over time, so only equally long pieces share a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from divine.encoders import folder, pretrained
from divine.encoders.chunks import Frames, framewise
from divine.encoders.device import batch_size
from divine.encoders.packages import require
from divine.encoders.registry import Encoder, register
from divine.records import Features, Observation

FRAMES = Frames(hop=320, reach=400, centre=200)
LONGEST_S = 20
"""Of one input: attention takes memory with the square of the length."""


@register(
    "WV",
    title="WavLM base",
    modality="audio",
    dim=768,
    rate_hz=50.0,
    weights="microsoft/wavlm-base",
    licence="MIT, in doubt",  # its makers' repository says MIT, a link on its sister models' cards CC BY-SA 3.0
    revision="1",
    size_mb=378,
)
def wavlm() -> Encoder:
    """Load WavLM."""
    require("WV", "transformers")
    from transformers.models.wavlm import WavLMConfig, WavLMModel

    return _encoder("WV", "microsoft/wavlm-base", WavLMConfig, WavLMModel, "wavlm.")


@register(
    "W2",
    title="wav2vec 2.0 base",
    modality="audio",
    dim=768,
    rate_hz=50.0,
    weights="facebook/wav2vec2-base",
    licence="Apache-2.0",
    revision="1",
    size_mb=380,
)
def wav2vec2() -> Encoder:
    """Load wav2vec 2.0."""
    require("W2", "transformers")
    from transformers.models.wav2vec2 import Wav2Vec2Config, Wav2Vec2Model

    return _encoder("W2", "facebook/wav2vec2-base", Wav2Vec2Config, Wav2Vec2Model, "wav2vec2.")


@register(
    "HT",
    title="HuBERT base",
    modality="audio",
    dim=768,
    rate_hz=50.0,
    weights="facebook/hubert-base-ls960",
    licence="Apache-2.0",
    revision="1",
    size_mb=378,
)
def hubert() -> Encoder:
    """Load HuBERT."""
    require("HT", "transformers")
    from transformers.models.hubert import HubertConfig, HubertModel

    return _encoder("HT", "facebook/hubert-base-ls960", HubertConfig, HubertModel, "hubert.")


def _encoder(code: str, source: str, config: Any, model: Any, prefix: str) -> Encoder:
    path = folder.opened(code, source)
    chosen = config.from_dict(pretrained.settings(code, path))
    chosen.mask_time_prob = chosen.mask_feature_prob = 0.0  # masks serve training alone
    found = pretrained.unprefixed(pretrained.tensors(code, path), prefix)
    network = pretrained.filled(code, model(chosen), found, _weight_norm)
    normalised = bool(pretrained.settings(code, path, "preprocessor_config.json").get("do_normalize", False))
    prepare: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]] = _standardise if normalised else np.asarray

    def encode(observations: Sequence[Observation]) -> list[Features]:
        return framewise(
            code,
            observations,
            FRAMES,
            lambda samples: network(samples).last_hidden_state,
            longest_s=LONGEST_S,
            most=batch_size(1, 16),
            prepare=prepare,
        )

    return encode


def _weight_norm(name: str) -> str:
    """Name the two halves of a normalised weight as torch does since 2.1."""
    half = "parametrizations.weight.original"
    return name.replace("conv.weight_g", f"conv.{half}0").replace("conv.weight_v", f"conv.{half}1")


def _standardise(samples: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Zero mean and unit variance over the whole sound, with the published floor of the variance (1e-7)."""
    samples -= samples.mean(dtype=np.float64)
    samples /= np.sqrt(np.dot(samples, samples) / len(samples) + 1e-7)
    return samples
