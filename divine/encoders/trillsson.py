"""``TR``: TRILLsson (Shor & Venugopalan 2022), a TensorFlow SavedModel read through tensorflow-hub.

A SavedModel is a program, so it is loaded only where ``divine encoders fetch`` put it: from its publisher, or from a folder
that the user vouched for.
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from divine.encoders import folder
from divine.encoders.packages import require
from divine.encoders.registry import Encoder, EncoderError, register
from divine.encoders.utterances import HOP_S, WINDOW_S, utterances
from divine.encoders.waveform import RATE_HZ
from divine.records import Features, Observation
from divine.weights import encoder_folder

SOURCE = "https://tfhub.dev/google/trillsson3/1"
"""Of the five published sizes the third; ``fetch TR --from FOLDER`` takes another."""


@register(
    "TR",
    title="TRILLsson",
    modality="audio",
    dim=1024,
    rate_hz=1 / HOP_S,
    weights=SOURCE,
    licence="Apache-2.0",
    revision="1",
    size_mb=90,
)
def trillsson() -> Encoder:
    """Load the SavedModel."""
    require("TR", "tensorflow", "tensorflow_hub", "tf_keras")
    path = folder.opened("TR", SOURCE, confirmed=True)
    model = _loaded(path)

    def embed(samples: Float[np.ndarray, "b n"]) -> Float[np.ndarray, "b d"]:
        return np.asarray(model(samples)["embedding"], dtype=np.float32)

    def encode(observations: Sequence[Observation]) -> list[Features]:
        return utterances("TR", observations, embed, least_s=WINDOW_S, most=8)

    return encode


def download(into: Path) -> None:
    """Bring the SavedModel from its publisher.

    Raises:
        EncoderError: it cannot be reached.
    """
    require("TR", "tensorflow", "tensorflow_hub")
    os.environ["TFHUB_CACHE_DIR"] = str(into)
    try:
        found = Path(_hub().resolve(SOURCE))
    except Exception as error:  # urllib, tarfile and TensorFlow each have errors of their own
        raise EncoderError(
            f"TR: {SOURCE} cannot be fetched ({type(error).__name__}: {str(error)[:200]}). Download the TensorFlow 2 model "
            "from https://www.kaggle.com/models/google/trillsson, unpack it, and run `divine encoders fetch TR --from FOLDER`. "
            f"For a machine without the network, carry {encoder_folder('TR')} over from one with."
        ) from error
    finally:
        del os.environ["TFHUB_CACHE_DIR"]
    for part in found.iterdir():
        shutil.move(part, into / part.name)
    shutil.rmtree(found)


def _hub() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
        import tensorflow as tf
        import tensorflow_hub as hub
    tf.config.set_visible_devices([], "GPU")  # TensorFlow would take all of a GPU's memory from torch
    return hub


def _loaded(path: Path) -> Any:
    """Load the model and try it on silence: does it turn waveforms into embeddings, with finite weights?"""
    hub = _hub()
    try:
        model = hub.load(str(path))
    except Exception as error:  # TensorFlow's errors share no class but this
        what = re.sub(r"\s+", " ", str(error))[:200]
        raise EncoderError(f"TR: {path} cannot be loaded ({what}). Fetch TR again.") from error
    for variable in getattr(model, "variables", ()):
        if not np.isfinite(variable.numpy()).all():
            raise EncoderError(f"TR: {variable.name} holds values that are not finite. Fetch TR again.")
    try:
        shape = model(np.zeros((1, round(WINDOW_S * RATE_HZ)), np.float32))["embedding"].shape
    except (TypeError, KeyError, ValueError) as error:
        what = re.sub(r"\s+", " ", str(error))[:200]
        raise EncoderError(f"TR: {path} is no model of embeddings ({what}). Fetch TR again.") from error
    if len(shape) != 2:
        raise EncoderError(f"TR: {path} makes embeddings of shape {tuple(shape)}, not (batch, width). Fetch TR again.")
    return model
