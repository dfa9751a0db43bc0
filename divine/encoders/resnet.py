"""``TA``: ResNet-18 (He et al. 2016), one vector per picture.

The paper's temporal attention over these vectors is no part of the encoder: it is trained inside each fold, with the rest
of the system.
"""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from divine.encoders import folder, pixels, pretrained
from divine.encoders.device import batch_size
from divine.encoders.face_crops import RATE_HZ
from divine.encoders.packages import require
from divine.encoders.registry import Encoder, register
from divine.encoders.sight import Eyes, see
from divine.records import Features, Observation

SOURCE = "microsoft/resnet-18"
SIZE = 224


@register(
    "TA",
    title="ResNet-18, per picture",
    modality="video",
    dim=512,
    rate_hz=RATE_HZ,
    weights=SOURCE,
    licence="Apache-2.0",
    revision="1",
    size_mb=47,
)
def resnet() -> Encoder:
    """Load ResNet-18."""
    require("TA", "transformers")
    from transformers.models.resnet import ResNetConfig, ResNetModel

    path = folder.opened("TA", SOURCE)
    config = ResNetConfig.from_dict(pretrained.settings("TA", path))
    found = pretrained.unprefixed(pretrained.tensors("TA", path), "resnet.")
    network = pretrained.filled("TA", ResNetModel(config), found)
    eyes = Eyes(SIZE, 1, 1, pixels.published("TA", path))

    def look(pictures: Float[Tensor, "b 1 3 h w"]) -> Float[Tensor, "b 1 d"]:
        return network(pictures[:, 0]).pooler_output.flatten(1)[:, None]

    def encode(observations: Sequence[Observation]) -> list[Features]:
        return see("TA", observations, eyes, look, most=batch_size(8, 64))

    return encode
