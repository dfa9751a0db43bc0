"""What each published network says, computed from the published files without the project's own code.

Where a library knows the published format, it computes (transformers' ``from_pretrained``, with nothing missing); else the
network's equations are written out here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

RATE_HZ = 16_000
Published = dict[str, Tensor]


def hear(code: str, folder: Path, samples: np.ndarray) -> np.ndarray:
    """Return the features of a sound at 16 kHz that is shorter than a window of 2 s or a chunk of 30 s."""
    samples = samples.astype(np.float64) - samples.mean()
    samples = (samples * 0.05 / np.sqrt(np.mean(samples**2))).astype(np.float32)
    with torch.no_grad():
        return _HEARING[code](folder, samples)


def look(code: str, folder: Path, crops: np.ndarray) -> np.ndarray:
    """Return the features of pictures of the network's size, as many as whole windows of it."""
    with torch.no_grad():
        return _SEEING[code](folder, crops)


def _from_library(model: Any, folder: Path, **settings: Any) -> Any:
    network, told = model.from_pretrained(folder, output_loading_info=True, local_files_only=True, **settings)
    assert not told["missing_keys"] and not told["mismatched_keys"]
    return network.eval()


def _speech(model: str) -> Callable[[Path, np.ndarray], np.ndarray]:
    def run(folder: Path, samples: np.ndarray) -> np.ndarray:
        import transformers

        extractor = transformers.AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
        values = extractor(samples, sampling_rate=RATE_HZ, return_tensors="pt").input_values
        return _from_library(getattr(transformers, model), folder)(values).last_hidden_state[0].numpy()

    return run


def _whisper(folder: Path, samples: np.ndarray) -> np.ndarray:
    from transformers import WhisperFeatureExtractor, WhisperModel

    extractor = WhisperFeatureExtractor.from_pretrained(folder, local_files_only=True)
    spectra = extractor(samples, sampling_rate=RATE_HZ, return_tensors="pt").input_features
    states = _from_library(WhisperModel, folder).get_encoder()(spectra).last_hidden_state[0]
    return states[: len(samples) // 320].numpy()


def _xvector(folder: Path, samples: np.ndarray) -> np.ndarray:
    published: Published = torch.load(folder / "embedding_model.ckpt", weights_only=True)
    x = torch.from_numpy(_log_mel_24(samples)).T[None].float()
    for layer, dilation in enumerate((1, 2, 3, 1, 1)):
        kernel = published[f"blocks.{3 * layer}.conv.weight"]
        reach = dilation * (kernel.shape[2] - 1) // 2
        padded = F.pad(x, (reach, reach), mode="reflect")
        x = F.leaky_relu(F.conv1d(padded, kernel, published[f"blocks.{3 * layer}.conv.bias"], dilation=dilation), 0.01)
        norm = {name: published[f"blocks.{3 * layer + 2}.norm.{name}"][:, None] for name in ("weight", "bias")}
        moments = {name: published[f"blocks.{3 * layer + 2}.norm.running_{name}"][:, None] for name in ("mean", "var")}
        x = (x - moments["mean"]) / torch.sqrt(moments["var"] + 1e-5) * norm["weight"] + norm["bias"]
    pooled = torch.cat([x.mean(dim=2), x.std(dim=2) + 1e-5], dim=1)
    return (pooled @ published["blocks.16.w.weight"].T + published["blocks.16.w.bias"]).numpy()


def _log_mel_24(samples: np.ndarray) -> np.ndarray:
    """SpeechBrain's log-mel bands less their mean: Hamming windows of 25 ms every 10 ms, triangles as wide as the next gap."""
    padded = np.pad(samples.astype(np.float64), 200)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160] * window
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    mel = np.linspace(0, 2595 * math.log10(1 + 8000 / 700), 26)
    hertz = 700 * (10 ** (mel / 2595) - 1)
    slope = (np.linspace(0, 8000, 201) - hertz[1:-1, None]) / np.diff(hertz)[:-1, None]
    bands = 10 * np.log10(np.maximum(power @ np.maximum(0, np.minimum(slope + 1, 1 - slope)).T, 1e-10))
    bands = np.maximum(bands, bands.max() - 80)
    return bands - bands.mean(axis=0)


def _trillsson(folder: Path, samples: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    saved = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    kernel, bias = (saved.get_tensor(f"{name}/.ATTRIBUTES/VARIABLE_VALUE") for name in ("kernel", "bias"))
    frames = samples[: len(samples) // 400 * 400].reshape(-1, 400)
    loud = np.log(np.abs(np.fft.rfft(frames, axis=1))[:, 1 : 1 + len(kernel) // 2] + 1e-2)
    return np.tanh(0.3 * (np.concatenate([loud.mean(axis=0), loud.std(axis=0)]) @ kernel) + bias)[None].astype(np.float32)


def _steps(tubes: Tensor, steps: int) -> np.ndarray:
    return tubes.reshape(-1, tubes.shape[1] // steps, tubes.shape[2]).mean(dim=1).numpy()


def _videomae(folder: Path, crops: np.ndarray) -> np.ndarray:
    from transformers import VideoMAEImageProcessorPil, VideoMAEModel

    films = crops.reshape(-1, 16, *crops.shape[1:])
    processor = VideoMAEImageProcessorPil.from_pretrained(folder, do_resize=False, do_center_crop=False, local_files_only=True)
    pictures = processor([list(film) for film in films], return_tensors="pt").pixel_values
    return _steps(_from_library(VideoMAEModel, folder)(pictures).last_hidden_state, 8)


def _vivit(folder: Path, crops: np.ndarray) -> np.ndarray:
    from transformers import VivitImageProcessor, VivitModel

    films = crops.reshape(-1, 32, *crops.shape[1:])
    processor = VivitImageProcessor.from_pretrained(folder, do_resize=False, do_center_crop=False, local_files_only=True)
    pictures = torch.cat([processor(list(film), return_tensors="pt").pixel_values for film in films])
    network = _from_library(VivitModel, folder, add_pooling_layer=False)
    return _steps(network(pictures).last_hidden_state[:, 1:], 16)


def _resnet(folder: Path, crops: np.ndarray) -> np.ndarray:
    from transformers import ConvNextImageProcessorPil, ResNetModel

    processor = ConvNextImageProcessorPil.from_pretrained(folder, do_resize=False, local_files_only=True)
    pictures = processor(list(crops), return_tensors="pt").pixel_values
    return _from_library(ResNetModel, folder)(pictures).pooler_output.flatten(1).numpy()


def _coloured(folder: Path, name: str, crops: np.ndarray) -> Tensor:
    about = json.loads((folder / name).read_text())
    pictures = (crops / 255.0 - np.array(about["image_mean"])) / np.array(about["image_std"])
    return torch.from_numpy(pictures).float().movedim(-1, 1)


def _block(x: Tensor, p: Published, stem: str, heads: int, bias: Tensor | None, *, tanh: bool) -> Tensor:
    """A block of timm's vision transformer: ``x + attend(norm1 x)``, then ``x + mlp(norm2 x)``; norms with 1e-6."""
    width = x.shape[-1]
    normed = F.layer_norm(x, (width,), p[f"{stem}.norm1.weight"], p[f"{stem}.norm1.bias"], 1e-6)
    joint = F.linear(normed, p[f"{stem}.attn.qkv.weight"], bias)
    query, key, value = (part.unflatten(2, (heads, -1)).transpose(1, 2) for part in joint.split(width, dim=2))
    weights = torch.softmax(query @ key.transpose(2, 3) / math.sqrt(width // heads), dim=-1)
    heard = (weights @ value).transpose(1, 2).flatten(2)
    x = x + F.linear(heard, p[f"{stem}.attn.proj.weight"], p[f"{stem}.attn.proj.bias"])
    normed = F.layer_norm(x, (width,), p[f"{stem}.norm2.weight"], p[f"{stem}.norm2.bias"], 1e-6)
    inner = F.gelu(
        F.linear(normed, p[f"{stem}.mlp.fc1.weight"], p[f"{stem}.mlp.fc1.bias"]), approximate="tanh" if tanh else "none"
    )
    return x + F.linear(inner, p[f"{stem}.mlp.fc2.weight"], p[f"{stem}.mlp.fc2.bias"])


def _videomae_v2(folder: Path, crops: np.ndarray) -> np.ndarray:
    """VideoMAE V2's network by its published code: tubes, sinusoid places, blocks, mean, norm."""
    from safetensors.torch import load_file

    p = {name.removeprefix("model."): tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    pictures = _coloured(folder, "preprocessor_config.json", crops)
    films = pictures.reshape(-1, 16, *pictures.shape[1:]).transpose(1, 2)
    x = F.conv3d(films, p["patch_embed.proj.weight"], p["patch_embed.proj.bias"], stride=(2, 16, 16)).flatten(2).transpose(1, 2)
    count, width = x.shape[1:]
    angle = np.arange(count)[:, None] / np.power(10000, 2 * (np.arange(width) // 2) / width)
    x = x + torch.from_numpy(np.where(np.arange(width) % 2, np.cos(angle), np.sin(angle))).float()
    for layer in range(2):
        stem = f"blocks.{layer}"
        bias = torch.cat([p[f"{stem}.attn.q_bias"], torch.zeros(width), p[f"{stem}.attn.v_bias"]])
        x = _block(x, p, stem, 4, bias, tanh=False)
    steps = torch.from_numpy(_steps(x, 8))
    return F.layer_norm(steps, (width,), p["fc_norm.weight"], p["fc_norm.bias"], 1e-6).numpy()


def _deepseek(folder: Path, crops: np.ndarray) -> np.ndarray:
    """DeepSeek-VL2's tower by its published code: patches, places, blocks, norm; the mean over patches."""
    from safetensors.torch import load_file

    whole = {name: tensor for shard in folder.glob("model-*.safetensors") for name, tensor in load_file(shard).items()}
    p = {name.removeprefix("vision."): tensor.float() for name, tensor in whole.items() if name.startswith("vision.")}
    pictures = _coloured(folder, "processor_config.json", crops)
    x = F.conv2d(pictures, p["patch_embed.proj.weight"], p["patch_embed.proj.bias"], stride=14).flatten(2).transpose(1, 2)
    x = x + p["pos_embed"]
    for layer in range(2):
        x = _block(x, p, f"blocks.{layer}", 16, p[f"blocks.{layer}.attn.qkv.bias"], tanh=True)
    return F.layer_norm(x, (x.shape[-1],), p["norm.weight"], p["norm.bias"], 1e-6).mean(dim=1).numpy()


_HEARING: dict[str, Callable[[Path, np.ndarray], np.ndarray]] = {
    "WV": _speech("WavLMModel"),
    "W2": _speech("Wav2Vec2Model"),
    "HT": _speech("HubertModel"),
    "WR": _whisper,
    "XV": _xvector,
    "TR": _trillsson,
}
_SEEING: dict[str, Callable[[Path, np.ndarray], np.ndarray]] = {
    "Vi": _videomae,
    "V2": _videomae_v2,
    "VV": _vivit,
    "DS": _deepseek,
    "TA": _resnet,
}
