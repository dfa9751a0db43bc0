"""``WR``: the encoder of Whisper base (Radford et al. 2023).

It hears a log-mel spectrogram of exactly 30 s and answers with 1500 states of 20 ms; a shorter sound is padded with
silence, as in its training, and the states of the padding are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from divine.encoders import folder, pretrained
from divine.encoders.chunks import Frames, framewise
from divine.encoders.device import batch_size, device
from divine.encoders.packages import require
from divine.encoders.registry import Encoder, register
from divine.encoders.waveform import RATE_HZ
from divine.records import Features, Observation

FRAMES = Frames(hop=320, reach=320, centre=0)
SOURCE = "openai/whisper-base"
LONGEST_S = 30


@register(
    "WR",
    title="Whisper base, encoder",
    modality="audio",
    dim=512,
    rate_hz=50.0,
    weights=SOURCE,
    licence="Apache-2.0",
    revision="1",
    size_mb=290,
)
def whisper() -> Encoder:
    """Load the encoder half of Whisper; its decoder is never built."""
    require("WR", "transformers")
    from transformers.models.whisper import WhisperConfig, WhisperFeatureExtractor
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    path = folder.opened("WR", SOURCE)
    config = WhisperConfig.from_dict(pretrained.settings("WR", path))
    found = pretrained.unprefixed(pretrained.unprefixed(pretrained.tensors("WR", path), "model."), "encoder.")
    network = pretrained.filled("WR", WhisperEncoder(config), found)
    mel = pretrained.settings("WR", path, "preprocessor_config.json")
    extractor = WhisperFeatureExtractor(
        feature_size=mel["feature_size"], hop_length=mel["hop_length"], chunk_length=mel["chunk_length"], n_fft=mel["n_fft"]
    )

    def states(samples: Float[Tensor, "b n"]) -> Float[Tensor, "b t d"]:
        spectra = extractor(list(samples.cpu().numpy()), sampling_rate=RATE_HZ, return_tensors="pt").input_features
        return network(torch.as_tensor(spectra).to(device())).last_hidden_state

    def encode(observations: Sequence[Observation]) -> list[Features]:
        return framewise("WR", observations, FRAMES, states, longest_s=LONGEST_S, most=batch_size(1, 16))

    return encode
