"""Tiny random networks, saved as the real ones are published: names of files and tensors, pickles and shards and all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.encoders import published_speech, published_video


def publish(code: str, folder: Path) -> Path:
    """Write the published files of an encoder, at tiny size."""
    folder.mkdir(parents=True)
    _PUBLISHERS[code](folder)
    return folder


_PUBLISHERS: dict[str, Callable[[Path], None]] = {
    "WV": published_speech.wavlm,
    "W2": published_speech.wav2vec2,
    "HT": published_speech.hubert,
    "WR": published_speech.whisper,
    "XV": published_speech.xvector,
    "TR": published_speech.trillsson,
    "Vi": published_video.videomae,
    "V2": published_video.videomae_v2,
    "VV": published_video.vivit,
    "DS": published_video.deepseek,
    "TA": published_video.resnet,
}
CODES = tuple(_PUBLISHERS)
