"""``VV``: ViViT-B/16x2 (Arnab et al. 2021), trained on Kinetics-400.

It sees 32 pictures, cut into tubes of two pictures by 16 × 16 pixels; a step is the mean over the tubes of two pictures.
The published weights lack a pooler, so the last hidden states are used; the class token is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from divine.encoders import folder, pixels, pretrained
from divine.encoders.device import batch_size
from divine.encoders.packages import require
from divine.encoders.registry import Encoder, register
from divine.encoders.sight import Eyes, see
from divine.records import Features, Observation

SOURCE = "google/vivit-b-16x2-kinetics400"

_NAMES = (
    (r"^encoder\.layer\.", "layers."),
    (r"\.attention\.attention\.query\.", ".attention.q_proj."),
    (r"\.attention\.attention\.key\.", ".attention.k_proj."),
    (r"\.attention\.attention\.value\.", ".attention.v_proj."),
    (r"\.attention\.output\.dense\.", ".attention.o_proj."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
)
"""From the published names to the network's; the order matters."""


@register(
    "VV",
    title="ViViT-B/16x2",
    modality="video",
    dim=768,
    rate_hz=4.0,
    weights=SOURCE,
    licence="MIT",
    revision="1",
    size_mb=356,
)
def vivit() -> Encoder:
    """Load ViViT."""
    require("VV", "transformers")
    from transformers.models.vivit import VivitConfig, VivitModel

    path = folder.opened("VV", SOURCE)
    published = pretrained.settings("VV", path)
    config = VivitConfig.from_dict(published)
    found = pretrained.unprefixed(pretrained.tensors("VV", path), "vivit.")
    network = pretrained.filled("VV", VivitModel(config, add_pooling_layer=False), found, _rename)
    eyes = Eyes(published["image_size"], config.num_frames, config.tubelet_size[0], pixels.published("VV", path))

    def look(films: Float[Tensor, "b f 3 h w"]) -> Float[Tensor, "b t d"]:
        tubes = network(films).last_hidden_state[:, 1:]
        return torch.stack(tubes.chunk(eyes.window // eyes.step, dim=1), dim=1).mean(dim=2)

    def encode(observations: Sequence[Observation]) -> list[Features]:
        return see("VV", observations, eyes, look, most=batch_size(1, 8))

    return encode


def _rename(name: str) -> str:
    for old, new in _NAMES:
        name = re.sub(old, new, name)
    return name
