"""Tiny random networks, saved as the real ones are published: names of files and tensors, pickles and shards and all."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
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


def publish(code: str, folder: Path) -> Path:
    """Write the published files of an encoder, at tiny size."""
    folder.mkdir(parents=True)
    _PUBLISHERS[code](folder)
    return folder


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


def _wavlm(folder: Path) -> None:
    from transformers import WavLMConfig, WavLMModel

    config = WavLMConfig(**_SPEECH)
    _speech_settings(folder, config, do_normalize=False)
    torch.save(renamed(shaken(WavLMModel(config)), *_OLD_WEIGHT_NORM), folder / "pytorch_model.bin")


def _wav2vec2(folder: Path) -> None:
    from transformers import Wav2Vec2Config, Wav2Vec2ForPreTraining

    config = Wav2Vec2Config(**_SPEECH, codevector_dim=8, num_codevectors_per_group=4, proj_codevector_dim=8)
    _speech_settings(folder, config, do_normalize=True)
    torch.save(renamed(shaken(Wav2Vec2ForPreTraining(config)), *_OLD_WEIGHT_NORM), folder / "pytorch_model.bin")


def _hubert(folder: Path) -> None:
    from transformers import HubertConfig, HubertModel

    config = HubertConfig(**_SPEECH)
    _speech_settings(folder, config, do_normalize=True)
    torch.save(renamed(shaken(HubertModel(config)), *_OLD_WEIGHT_NORM), folder / "pytorch_model.bin")


def _whisper(folder: Path) -> None:
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


def _xvector(folder: Path) -> None:
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


def _trillsson(folder: Path) -> None:
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


_VISION = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "image_size": 32,
}
_IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
_HALVES = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
_PREPARED = {"do_rescale": True, "do_normalize": True, "rescale_factor": 1 / 255}


def _videomae(folder: Path) -> None:
    from transformers import VideoMAEConfig, VideoMAEForPreTraining

    config = VideoMAEConfig(
        **_VISION,
        num_frames=16,
        use_mean_pooling=False,
        layer_norm_eps=1e-12,
        decoder_num_attention_heads=2,
        decoder_hidden_size=16,
        decoder_num_hidden_layers=1,
        decoder_intermediate_size=16,
    )
    write_json(folder / "config.json", {**config.to_dict(), "qkv_bias": True})
    write_json(
        folder / "preprocessor_config.json", {**_PREPARED, **_IMAGENET, "feature_extractor_type": "VideoMAEFeatureExtractor"}
    )
    beside = ((".attention.query.bias", ".attention.q_bias"), (".attention.value.bias", ".attention.v_bias"))
    write_safetensors(folder / "model.safetensors", renamed(shaken(VideoMAEForPreTraining(config), scale=0.5), *beside))


def _timm_blocks(generator: torch.Generator, width: int, inner: int, layers: int) -> Tensors:
    """Return the tensors of a vision transformer's blocks under timm's names, but for what is beside the joint weights."""

    def noise(*shape: int) -> Tensor:
        scale = 0.5 / math.sqrt(math.prod(shape[1:])) if len(shape) > 1 else 0.2
        return torch.randn(shape, generator=generator) * scale

    tensors: Tensors = {}
    for layer in range(layers):
        stem = f"blocks.{layer}"
        for norm in ("norm1", "norm2"):
            tensors |= {f"{stem}.{norm}.weight": 1 + noise(width), f"{stem}.{norm}.bias": noise(width)}
        tensors |= {f"{stem}.attn.qkv.weight": noise(3 * width, width)}
        tensors |= {f"{stem}.attn.proj.weight": noise(width, width), f"{stem}.attn.proj.bias": noise(width)}
        tensors |= {f"{stem}.mlp.fc1.weight": noise(inner, width), f"{stem}.mlp.fc1.bias": noise(inner)}
        tensors |= {f"{stem}.mlp.fc2.weight": noise(width, inner), f"{stem}.mlp.fc2.bias": noise(width)}
    return tensors


def _videomae_v2(folder: Path) -> None:
    generator = torch.Generator().manual_seed(2)
    tensors = _timm_blocks(generator, 32, 64, 2)
    for layer in range(2):
        tensors[f"blocks.{layer}.attn.q_bias"] = 0.2 * torch.randn(32, generator=generator)
        tensors[f"blocks.{layer}.attn.v_bias"] = 0.2 * torch.randn(32, generator=generator)
    tensors["patch_embed.proj.weight"] = torch.randn(32, 3, 2, 16, 16, generator=generator) * 0.01
    tensors["patch_embed.proj.bias"] = 0.02 * torch.randn(32, generator=generator)
    tensors["fc_norm.weight"] = 1 + 0.2 * torch.randn(32, generator=generator)
    tensors["fc_norm.bias"] = 0.2 * torch.randn(32, generator=generator)
    write_safetensors(folder / "model.safetensors", renamed(tensors, prefix="model."))
    settings = {
        **{"img_size": 32, "patch_size": 16, "in_chans": 3, "num_classes": 0, "embed_dim": 32, "depth": 2, "num_heads": 4},
        **{"mlp_ratio": 2, "qkv_bias": True, "qk_scale": None, "norm_layer": "nn.LayerNorm", "layer_norm_eps": 1e-6},
        **{"init_values": 0.0, "use_learnable_pos_emb": False, "tubelet_size": 2, "use_mean_pooling": True},
        **{"num_frames": 16, "cos_attn": False},
    }
    write_json(folder / "config.json", {"model_type": "VideoMAEv2_Base", "model_config": settings})
    write_json(folder / "preprocessor_config.json", {**_PREPARED, **_IMAGENET})
    (folder / "modeling_videomaev2.py").write_text("raise SystemExit('remote code ran')\n")


_VIVIT_NAMES = (
    ("vivit.layers.", "vivit.encoder.layer."),
    (".attention.q_proj.", ".attention.attention.query."),
    (".attention.k_proj.", ".attention.attention.key."),
    (".attention.v_proj.", ".attention.attention.value."),
    (".attention.o_proj.", ".attention.output.dense."),
    (".mlp.fc1.", ".intermediate.dense."),
    (".mlp.fc2.", ".output.dense."),
)


def _vivit(folder: Path) -> None:
    from transformers import VivitConfig, VivitForVideoClassification

    config = VivitConfig(**_VISION, num_frames=32, num_labels=3)
    write_json(folder / "config.json", {**config.to_dict(), "tubelet_size": [2, 16, 16]})
    about = {"do_normalize": True, "do_rescale": True, "offset": True, "rescale_factor": 1 / 127.5}
    write_json(folder / "preprocessor_config.json", {**about, **_HALVES, "image_processor_type": "VivitImageProcessor"})
    tensors = renamed(shaken(VivitForVideoClassification(config), scale=0.5), *_VIVIT_NAMES)
    torch.save(tensors, folder / "pytorch_model.bin")


def _deepseek(folder: Path) -> None:
    """Write two shards with an index; the language model's tensors lie among the tower's."""
    generator = torch.Generator().manual_seed(3)
    width, inner = WIDTHS["DS"], 80
    tower = _timm_blocks(generator, width, inner, 2)
    for layer in range(2):
        tower[f"blocks.{layer}.attn.qkv.bias"] = 0.2 * torch.randn(3 * width, generator=generator)
    tower["patch_embed.proj.weight"] = torch.randn(width, 3, 14, 14, generator=generator) * 0.01
    tower["patch_embed.proj.bias"] = 0.02 * torch.randn(width, generator=generator)
    tower["pos_embed"] = 0.02 * torch.randn(1, 4, width, generator=generator)
    tower["norm.weight"] = 1 + 0.2 * torch.randn(width, generator=generator)
    tower["norm.bias"] = 0.2 * torch.randn(width, generator=generator)
    tower["attn_pool.latent"] = torch.randn(1, 1, width, generator=generator)
    whole = renamed(tower, prefix="vision.") | {"language.model.norm.weight": torch.ones(4), "image_newline": torch.ones(4)}
    names = sorted(whole)
    shards = {f"model-0000{i + 1}-of-000002.safetensors": names[i::2] for i in range(2)}
    for shard, inside in shards.items():
        write_safetensors(folder / shard, {name: whole[name].to(torch.bfloat16) for name in inside})
    places = {name: shard for shard, inside in shards.items() for name in inside}
    write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": 0}, "weight_map": places})
    vision = {"layers": 2, "mlp_ratio": 1.25, "model_name": "siglip_so400m_patch14_384", "patch_size": 14, "width": width}
    write_json(folder / "config.json", {"candidate_resolutions": [[28, 28], [28, 56]], "vision_config": vision})
    write_json(folder / "processor_config.json", {**_HALVES, "normalize": True, "patch_size": 14})


def _resnet(folder: Path) -> None:
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 12, 16, 24], depths=[2, 2, 2, 2], layer_type="basic", num_labels=3)
    write_json(folder / "config.json", config.to_dict())
    about = {"crop_pct": 0.875, "do_normalize": True, "do_resize": True, "feature_extractor_type": "ConvNextFeatureExtractor"}
    write_json(folder / "preprocessor_config.json", {**about, **_IMAGENET, "size": 224})
    write_safetensors(folder / "model.safetensors", renamed(shaken(ResNetForImageClassification(config), scale=1.5)))


_PUBLISHERS: dict[str, Callable[[Path], None]] = {
    "WV": _wavlm,
    "W2": _wav2vec2,
    "HT": _hubert,
    "WR": _whisper,
    "XV": _xvector,
    "TR": _trillsson,
    "Vi": _videomae,
    "V2": _videomae_v2,
    "VV": _vivit,
    "DS": _deepseek,
    "TA": _resnet,
}
CODES = tuple(_PUBLISHERS)
