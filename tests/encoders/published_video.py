"""Tiny networks that see, in their published formats."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor

from tests.encoders.publishing import WIDTHS, Tensors, renamed, shaken, write_json, write_safetensors

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


def videomae(folder: Path) -> None:
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


def videomae_v2(folder: Path) -> None:
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


def vivit(folder: Path) -> None:
    from transformers import VivitConfig, VivitForVideoClassification

    config = VivitConfig(**_VISION, num_frames=32, num_labels=3)
    write_json(folder / "config.json", {**config.to_dict(), "tubelet_size": [2, 16, 16]})
    about = {"do_normalize": True, "do_rescale": True, "offset": True, "rescale_factor": 1 / 127.5}
    write_json(folder / "preprocessor_config.json", {**about, **_HALVES, "image_processor_type": "VivitImageProcessor"})
    tensors = renamed(shaken(VivitForVideoClassification(config), scale=0.5), *_VIVIT_NAMES)
    torch.save(tensors, folder / "pytorch_model.bin")


def deepseek(folder: Path) -> None:
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


def resnet(folder: Path) -> None:
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 12, 16, 24], depths=[2, 2, 2, 2], layer_type="basic", num_labels=3)
    write_json(folder / "config.json", config.to_dict())
    about = {"crop_pct": 0.875, "do_normalize": True, "do_resize": True, "feature_extractor_type": "ConvNextFeatureExtractor"}
    write_json(folder / "preprocessor_config.json", {**about, **_IMAGENET, "size": 224})
    write_safetensors(folder / "model.safetensors", renamed(shaken(ResNetForImageClassification(config), scale=1.5)))
