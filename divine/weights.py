"""Files of weights: where they lie, what they must hash to, and under which licence they may be used."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from divine.config import ASSETS, home
from divine.records import DivineError


class WeightsError(DivineError):
    """A file of weights is missing or is not what it should be."""


@dataclass(frozen=True)
class WeightsFile:
    """A file that the project ships or that set-up brings."""

    name: str
    sha256: str
    licence: str
    source: str
    remedy: str
    shipped: bool = True

    def candidates(self) -> tuple[Path, ...]:
        return (ASSETS / "face" / self.name,) if self.shipped else (home() / "weights" / self.name,)


def _mediapipe(name: str, sha256: str) -> WeightsFile:
    return WeightsFile(name, sha256, licence="Apache-2.0", source="Google MediaPipe", remedy="restore it from the repository")


FACE_DETECTOR = _mediapipe(
    "face_detection_short_range.tflite", "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
)
FACE_DETECTOR_FULL_RANGE = _mediapipe(
    "face_detection_full_range_sparse.tflite", "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce"
)
FACE_MESH = _mediapipe("face_landmark.tflite", "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493")


@functools.cache
def verified(weights: WeightsFile) -> Path:
    """Return the path of a file of weights once its digest was checked.

    Raises:
        WeightsError: no such file, or its SHA-256 differs.
    """
    for path in weights.candidates():
        if path.is_file():
            if hashlib.sha256(path.read_bytes()).hexdigest() != weights.sha256:
                raise WeightsError(f"{weights.name}: damaged or replaced (its SHA-256 differs); {weights.remedy}.")
            return path
    raise WeightsError(f"{weights.name}: not found; {weights.remedy}.")


def encoder_folder(code: str) -> Path:
    """Return where an encoder's weights lie, whether or not they do: carry the folder to a machine that is offline."""
    return home() / "encoders" / code


def encoder_present(code: str) -> bool:
    """Say whether an encoder's weights were brought; whether they are whole is seen when they are loaded."""
    folder = encoder_folder(code)
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())
