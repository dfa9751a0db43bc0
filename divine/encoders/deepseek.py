"""``DS``: the vision tower of DeepSeek-VL2 (Wu et al. 2024), SigLIP-SO400M/14 at 384 pixels.

Of the published shards only the tensors that begin with ``vision.`` are read (0.8 of 6.7 GB). They carry timm's names and
go into transformers' SigLIP network; the tower hands its normed patch states to the language model, so the features are
their mean, without SigLIP's own pooling head.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from divine.encoders import folder, pixels, pretrained
from divine.encoders.device import batch_size
from divine.encoders.face_crops import RATE_HZ
from divine.encoders.packages import require
from divine.encoders.registry import Encoder, EncoderError, register
from divine.encoders.sight import Eyes, see
from divine.records import Features, Observation

SOURCE = "deepseek-ai/deepseek-vl2-tiny"
HEADS = 16
EPSILON = 1e-6
"""Of the tower's norms; like the heads, it stands in DeepSeek's code and not in its settings."""

_NAMES = (
    (r"^patch_embed\.proj\.", "embeddings.patch_embedding."),
    (r"^pos_embed$", "embeddings.position_embedding.weight"),
    (r"^blocks\.(\d+)\.", r"encoder.layers.\1."),
    (r"\.attn\.proj\.", ".self_attn.out_proj."),
    (r"\.norm(\d)\.", r".layer_norm\1."),
    (r"^norm\.", "post_layernorm."),
)


@register(
    "DS",
    title="DeepSeek-VL2, vision tower",
    modality="video",
    dim=1152,
    rate_hz=RATE_HZ,
    weights=SOURCE,
    licence="DeepSeek Model License",
    revision="1",
    size_mb=6740,
)
def deepseek() -> Encoder:
    """Load the vision tower."""
    require("DS", "transformers")
    from transformers.models.siglip.modeling_siglip import SiglipVisionModel

    path = folder.opened("DS", SOURCE)
    found = pretrained.tensors("DS", path, prefix="vision.")
    config = _config(pretrained.settings("DS", path), found)
    network = pretrained.filled("DS", SiglipVisionModel(config), _tensors(found))
    eyes = Eyes(config.image_size, 1, 1, pixels.published("DS", path, name="processor_config.json"))

    def look(pictures: Float[Tensor, "b 1 3 h w"]) -> Float[Tensor, "b 1 d"]:
        return network(pictures[:, 0]).last_hidden_state.mean(dim=1, keepdim=True)

    def encode(observations: Sequence[Observation]) -> list[Features]:
        return see("DS", observations, eyes, look, most=batch_size(4, 64))

    return encode


def _config(published: Mapping[str, Any], found: Mapping[str, Tensor]) -> Any:
    """Read the size of the tower off its settings and tensors."""
    from transformers import SiglipVisionConfig

    patches, inner = found.get("patch_embed.proj.weight"), found.get("blocks.0.mlp.fc1.weight")
    sizes = published.get("candidate_resolutions")
    if patches is None or inner is None or patches.dim() != 4 or not sizes:
        raise EncoderError("DS: tensors or settings of the vision tower are missing. Run `divine encoders fetch DS` again.")
    return SiglipVisionConfig(
        hidden_size=patches.shape[0],
        intermediate_size=inner.shape[0],
        num_hidden_layers=published["vision_config"]["layers"],
        num_attention_heads=HEADS,
        image_size=int(sizes[0][0]),
        patch_size=patches.shape[2],
        layer_norm_eps=EPSILON,
        hidden_act="gelu_pytorch_tanh",
        vision_use_head=False,
    )


def _tensors(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give the tensors the names of the network, and cut joint queries, keys and values into three."""
    made: dict[str, Tensor] = {}
    for name, tensor in found.items():
        new = name
        for old, replacement in _NAMES:
            new = re.sub(old, replacement, new)
        joint = re.fullmatch(r"(.+)\.attn\.qkv\.(weight|bias)", new)
        if joint:
            for part, piece in zip("qkv", tensor.chunk(3), strict=True):
                made[f"{joint[1]}.self_attn.{part}_proj.{joint[2]}"] = piece
        else:
            made[new] = tensor[0] if name == "pos_embed" else tensor
    return made
