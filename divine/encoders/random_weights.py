"""Networks of the published size with random weights, in a folder as the encoders read it: for measuring speed, never features.

Sizes are those of the published settings. Tensors carry the names of the networks that the encoders build, which the
encoders take as well as the published ones. TRILLsson, a TensorFlow program, cannot be made so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from divine.encoders.registry import EncoderError

_HALVES = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
Made = tuple[dict[str, Any], dict[str, Any], Mapping[str, Tensor]]
"""What is in ``config.json``, in the preparer's settings, and the tensors."""


def write(code: str, folder: Path) -> None:
    """Write an encoder's folder.

    Raises:
        EncoderError: no random network of its size can be made.
    """
    from safetensors.torch import save_file

    if code not in _MAKERS:
        raise EncoderError(f"{code}: no random weights can be made for it. Those for which they can: {', '.join(_MAKERS)}.")
    settings, preparer, tensors = _MAKERS[code]()
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(settings, default=str))
    for name in ("preprocessor_config.json", "processor_config.json"):
        (folder / name).write_text(json.dumps(preparer))
    file = "embedding_model.safetensors" if code == "XV" else "model.safetensors"
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, folder / file)


def _speech(kind: str) -> Callable[[], Made]:
    def make() -> Made:
        import transformers

        config = getattr(transformers, f"{kind}Config")()  # whose defaults are the base model
        return config.to_dict(), {"do_normalize": False}, getattr(transformers, f"{kind}Model")(config).state_dict()

    return make


def _whisper() -> Made:
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    config = WhisperConfig(d_model=512, encoder_layers=6, encoder_attention_heads=8, encoder_ffn_dim=2048)
    mel = {"feature_size": 80, "hop_length": 160, "chunk_length": 30, "n_fft": 400}
    return config.to_dict(), mel, WhisperEncoder(config).state_dict()


def _xvector() -> Made:
    from divine.encoders.xvector import DILATIONS, speechbrain_parts

    kind, _ = speechbrain_parts()
    network = kind(
        tdnn_blocks=len(DILATIONS),
        tdnn_channels=[512, 512, 512, 512, 1500],
        tdnn_kernel_sizes=[5, 3, 3, 1, 1],
        tdnn_dilations=DILATIONS,
        lin_neurons=512,
        in_channels=24,
    )
    return {}, {}, network.state_dict()


def _videomae() -> Made:
    from transformers import VideoMAEConfig, VideoMAEModel

    config = VideoMAEConfig(use_mean_pooling=False)
    return config.to_dict(), _HALVES, VideoMAEModel(config).state_dict()


def _videomae_v2() -> Made:
    from transformers import VideoMAEConfig, VideoMAEModel

    about = {
        **{"img_size": 224, "patch_size": 16, "in_chans": 3, "num_frames": 16, "tubelet_size": 2, "embed_dim": 768},
        **{"depth": 12, "num_heads": 12, "mlp_ratio": 4, "qkv_bias": True, "layer_norm_eps": 1e-6, "use_mean_pooling": True},
    }
    tensors = VideoMAEModel(VideoMAEConfig(use_mean_pooling=True, layer_norm_eps=1e-6)).state_dict()
    norm = {f"fc_norm.{name}": tensor for name, tensor in nn.LayerNorm(768).state_dict().items()}
    return {"model_config": about}, _HALVES, tensors | norm


def _vivit() -> Made:
    from transformers import VivitConfig, VivitModel

    config = VivitConfig()
    return config.to_dict(), _HALVES | {"offset": True}, VivitModel(config, add_pooling_layer=False).state_dict()


def _deepseek() -> Made:
    from transformers import SiglipVisionConfig
    from transformers.models.siglip.modeling_siglip import SiglipVisionModel

    config = SiglipVisionConfig(
        hidden_size=1152,
        intermediate_size=4304,
        num_hidden_layers=27,
        num_attention_heads=16,
        image_size=384,
        patch_size=14,
        vision_use_head=False,
    )
    tensors = dict(SiglipVisionModel(config).state_dict())
    # The tower's size is read off these two, by their published names.
    published = {"embeddings.patch_embedding": "patch_embed.proj", "encoder.layers.0.mlp.fc1": "blocks.0.mlp.fc1"}
    for ours, theirs in published.items():
        tensors |= {f"{theirs}.{part}": tensors.pop(f"{ours}.{part}") for part in ("weight", "bias")}
    about = {"candidate_resolutions": [[384, 384]], "vision_config": {"layers": 27}}
    return about, _HALVES, {f"vision.{name}": tensor for name, tensor in tensors.items()}


def _resnet() -> Made:
    from transformers import ResNetConfig, ResNetModel

    config = ResNetConfig(embedding_size=64, hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic")
    return config.to_dict(), _HALVES, ResNetModel(config).state_dict()


_MAKERS: dict[str, Callable[[], Made]] = {
    "WV": _speech("WavLM"),
    "W2": _speech("Wav2Vec2"),
    "HT": _speech("Hubert"),
    "WR": _whisper,
    "XV": _xvector,
    "Vi": _videomae,
    "V2": _videomae_v2,
    "VV": _vivit,
    "DS": _deepseek,
    "TA": _resnet,
}
CODES = tuple(_MAKERS)
