"""Tiny networks that hear, in their published formats."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from tests.encoders.publishing import WIDTHS, Tensors, renamed, shaken, write_json, write_safetensors

_SPEECH = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "feat_extract_norm": "group",
}
_OLD_WEIGHT_NORM = (("parametrizations.weight.original0", "weight_g"), ("parametrizations.weight.original1", "weight_v"))


def _speech_settings(folder: Path, config: Any, *, do_normalize: bool) -> None:
    write_json(folder / "config.json", config.to_dict())
    write_json(
        folder / "preprocessor_config.json",
        {
            "do_normalize": do_normalize,
            "feature_extractor_type": "Wav2Vec2FeatureExtractor",
            "feature_size": 1,
            "padding_side": "right",
            "padding_value": 0.0,
            "return_attention_mask": False,
            "sampling_rate": 16000,
        },
    )


def wavlm(folder: Path) -> None:
    from transformers import WavLMConfig, WavLMModel

    config = WavLMConfig(**_SPEECH)
    _speech_settings(folder, config, do_normalize=False)
    torch.save(renamed(shaken(WavLMModel(config)), *_OLD_WEIGHT_NORM), folder / "pytorch_model.bin")


def wav2vec2(folder: Path) -> None:
    from transformers import Wav2Vec2Config, Wav2Vec2ForPreTraining

    config = Wav2Vec2Config(**_SPEECH, codevector_dim=8, num_codevectors_per_group=4, proj_codevector_dim=8)
    _speech_settings(folder, config, do_normalize=True)
    torch.save(renamed(shaken(Wav2Vec2ForPreTraining(config)), *_OLD_WEIGHT_NORM), folder / "pytorch_model.bin")


def hubert(folder: Path) -> None:
    from transformers import HubertConfig, HubertModel

    config = HubertConfig(**_SPEECH)
    _speech_settings(folder, config, do_normalize=True)
    torch.save(renamed(shaken(HubertModel(config)), *_OLD_WEIGHT_NORM), folder / "pytorch_model.bin")


def whisper(folder: Path) -> None:
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    config = WhisperConfig(
        d_model=32,
        encoder_layers=2,
        encoder_attention_heads=4,
        decoder_layers=1,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        vocab_size=51865,
    )
    write_json(folder / "config.json", config.to_dict())
    write_json(
        folder / "preprocessor_config.json",
        {
            "chunk_length": 30,
            "feature_extractor_type": "WhisperFeatureExtractor",
            "feature_size": 80,
            "hop_length": 160,
            "n_fft": 400,
            "n_samples": 480000,
            "nb_max_frames": 3000,
            "padding_side": "right",
            "padding_value": 0.0,
            "return_attention_mask": False,
            "sampling_rate": 16000,
        },
    )
    tensors = shaken(WhisperForConditionalGeneration(config))
    del tensors["proj_out.weight"]  # published tied
    write_safetensors(folder / "model.safetensors", tensors)


def xvector(folder: Path) -> None:
    """Write the table of tensors alone: the YAML beside it, which SpeechBrain would run, is never read."""
    generator = torch.Generator().manual_seed(0)
    channels, kernels = [24, 16, 16, 16, 16, 20], [5, 3, 3, 1, 1]
    tensors: Tensors = {}
    for layer, kernel in enumerate(kernels):
        inside, outside = channels[layer], channels[layer + 1]
        noise = torch.randn(outside, inside, kernel, generator=generator)
        tensors[f"blocks.{3 * layer}.conv.weight"] = noise / math.sqrt(inside * kernel)
        tensors[f"blocks.{3 * layer}.conv.bias"] = 0.2 * torch.randn(outside, generator=generator)
        norm = f"blocks.{3 * layer + 2}.norm"
        tensors[f"{norm}.weight"] = 1 + 0.2 * torch.randn(outside, generator=generator)
        tensors[f"{norm}.bias"] = 0.2 * torch.randn(outside, generator=generator)
        tensors[f"{norm}.running_mean"] = 0.2 * torch.randn(outside, generator=generator)
        tensors[f"{norm}.running_var"] = 1 + torch.rand(outside, generator=generator)
        tensors[f"{norm}.num_batches_tracked"] = torch.tensor(7)
    tensors["blocks.16.w.weight"] = torch.randn(WIDTHS["XV"], 40, generator=generator) / math.sqrt(40)
    tensors["blocks.16.w.bias"] = 0.2 * torch.randn(WIDTHS["XV"], generator=generator)
    torch.save(tensors, folder / "embedding_model.ckpt")
    (folder / "hyperparams.yaml").write_text("n_mels: 24\n")


TRILL_HOP, TRILL_BANDS = 400, 10


def trillsson(folder: Path) -> None:
    """Write a SavedModel with the published signature: float32 (batch, time) to ``embedding`` (batch, width)."""
    import tensorflow as tf

    class Embedder(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            generator = tf.random.Generator.from_seed(0)
            self.kernel = tf.Variable(generator.normal((2 * TRILL_BANDS, WIDTHS["TR"])), name="kernel")
            self.bias = tf.Variable(generator.normal((WIDTHS["TR"],)), name="bias")

        @tf.function(input_signature=[tf.TensorSpec((None, None), tf.float32)])
        def __call__(self, audio: tf.Tensor) -> dict[str, tf.Tensor]:
            frames = tf.signal.frame(audio, TRILL_HOP, TRILL_HOP)
            bands = tf.abs(tf.signal.rfft(frames))[:, :, 1 : 1 + TRILL_BANDS]
            loud = tf.math.log(bands + 1e-2)
            pooled = tf.concat([tf.reduce_mean(loud, 1), tf.math.reduce_std(loud, 1)], 1)
            return {"embedding": tf.tanh(0.3 * (pooled @ self.kernel) + self.bias)}

    tf.saved_model.save(Embedder(), str(folder))
