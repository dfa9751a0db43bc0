"""``Vi``: VideoMAE base (Tong et al. 2022). ``V2``: VideoMAE V2 base (Wang et al. 2023).

Both see 16 pictures, cut into tubes of two pictures by 16 × 16 pixels; a step is the mean over the tubes of two pictures.
V2's own code asks for remote code and is not run: its published tensors go into the same network as VideoMAE's, which is
the same but for names and, in V2, a norm after the mean (applied here to each step's).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from divine.encoders import folder, pixels, pretrained
from divine.encoders.device import batch_size
from divine.encoders.packages import require
from divine.encoders.registry import Encoder, EncoderError, register
from divine.encoders.sight import Eyes, see
from divine.records import Features, Observation

VI_SOURCE = "MCG-NJU/videomae-base"
V2_SOURCE = "OpenGVLab/VideoMAEv2-Base"
RATE_HZ = 4.0

_V2_NAMES = (
    (r"^patch_embed\.proj\.", "embeddings.patch_embeddings.projection."),
    (r"^blocks\.(\d+)\.", r"encoder.layer.\1."),
    (r"\.attn\.proj\.", ".attention.output.dense."),
    (r"\.attn\.q_bias$", ".attention.attention.query.bias"),
    (r"\.attn\.v_bias$", ".attention.attention.value.bias"),
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
    (r"\.mlp\.fc1\.", ".intermediate.dense."),
    (r"\.mlp\.fc2\.", ".output.dense."),
    (r"^norm\.", "layernorm."),
)


@register(
    "Vi",
    title="VideoMAE base",
    modality="video",
    dim=768,
    rate_hz=RATE_HZ,
    weights=VI_SOURCE,
    licence="CC-BY-NC-4.0",
    revision="1",
    size_mb=377,
)
def videomae() -> Encoder:
    """Load VideoMAE."""
    require("Vi", "transformers")
    from transformers.models.videomae import VideoMAEConfig, VideoMAEModel

    path = folder.opened("Vi", VI_SOURCE)
    config = VideoMAEConfig.from_dict(pretrained.settings("Vi", path))
    found = pretrained.unprefixed(pretrained.tensors("Vi", path), "videomae.")
    network = pretrained.filled("Vi", VideoMAEModel(config), found, _biases)
    return _encoder("Vi", config, pixels.published("Vi", path), network, lambda steps: steps)


@register(
    "V2",
    title="VideoMAE V2 base",
    modality="video",
    dim=768,
    rate_hz=RATE_HZ,
    weights=V2_SOURCE,
    licence="CC-BY-NC-4.0",
    revision="1",
    size_mb=345,
)
def videomae_v2() -> Encoder:
    """Load VideoMAE V2."""
    require("V2", "transformers")
    from transformers.models.videomae import VideoMAEModel

    path = folder.opened("V2", V2_SOURCE)
    published = pretrained.settings("V2", path).get("model_config")
    if not isinstance(published, dict):
        raise EncoderError(f"V2: {path / 'config.json'} has no model_config. Run `divine encoders fetch V2` again.")
    found = pretrained.unprefixed(pretrained.tensors("V2", path), "model.")
    config = _v2_config(published)
    network = pretrained.filled("V2", VideoMAEModel(config), _v2_tensors(found))
    norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
    inside = {name.removeprefix("fc_norm."): tensor for name, tensor in found.items() if name.startswith("fc_norm.")}
    pretrained.filled("V2", norm, inside)
    return _encoder("V2", config, pixels.published("V2", path), network, norm)


def _v2_config(published: Mapping[str, Any]) -> Any:
    from transformers.models.videomae import VideoMAEConfig

    return VideoMAEConfig(
        image_size=published["img_size"],
        patch_size=published["patch_size"],
        num_channels=published["in_chans"],
        num_frames=published["num_frames"],
        tubelet_size=published["tubelet_size"],
        hidden_size=published["embed_dim"],
        num_hidden_layers=published["depth"],
        num_attention_heads=published["num_heads"],
        intermediate_size=round(published["embed_dim"] * published["mlp_ratio"]),
        qv_bias=published["qkv_bias"],
        layer_norm_eps=published["layer_norm_eps"],
        use_mean_pooling=published["use_mean_pooling"],
    )


def _v2_tensors(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give V2's tensors the names of the network, and cut its joint queries, keys and values into three."""
    made: dict[str, Tensor] = {}
    for name, tensor in found.items():
        new = name
        for old, replacement in _V2_NAMES:
            new = re.sub(old, replacement, new)
        if new.endswith(".attn.qkv.weight"):
            stem = new.removesuffix(".attn.qkv.weight")
            for part, piece in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                made[f"{stem}.attention.attention.{part}.weight"] = piece
        else:
            made[new] = tensor
    return made


def _biases(name: str) -> str:
    """Name the biases as the network does; they were published beside the weights, not inside the layers."""
    return re.sub(r"\.attention\.q_bias$", ".attention.query.bias", re.sub(r"\.v_bias$", ".value.bias", name))


def _encoder(
    code: str,
    config: Any,
    seen: pixels.Pixels,
    network: nn.Module,
    after: Callable[[Float[Tensor, "b t d"]], Float[Tensor, "b t d"]],
) -> Encoder:
    eyes = Eyes(config.image_size, config.num_frames, config.tubelet_size, seen)
    steps = config.num_frames // config.tubelet_size

    def look(films: Float[Tensor, "b f 3 h w"]) -> Float[Tensor, "b t d"]:
        tubes = network(films).last_hidden_state
        return after(torch.stack(tubes.chunk(steps, dim=1), dim=1).mean(dim=2))

    def encode(observations: Sequence[Observation]) -> list[Features]:
        return see(code, observations, eyes, look, most=batch_size(1, 16))

    return encode
