"""The registry: one dict and one decorator. A new encoder is listed, cached and contract-tested by existing."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from divine.records import DivineError, Features, Modality, Observation
from divine.weights import encoder_present


class EncoderError(DivineError):
    """An encoder is unknown, or cannot make features of a recording."""


@runtime_checkable
class Encoder(Protocol):
    """Observations in, one sequence of features each out: ``[t d]`` with its own clock.

    ``t`` is at least 1, ``d`` and the rate are those the registry states, every value is finite, and the same
    observation gives the same bytes again; in a batch it gives the same to rounding (1e-5).
    """

    def __call__(self, observations: Sequence[Observation]) -> list[Features]: ...


@dataclass(frozen=True)
class EncoderInfo:
    """The facts about an encoder that never change."""

    code: str
    title: str
    modality: Modality
    dim: int
    rate_hz: float
    weights: str | None
    """Where the weights come from; None for an encoder that needs none."""
    licence: str
    revision: str
    """Part of every cache key: raise it when the same input would give other features."""
    load: Callable[[], Encoder]
    size_mb: int = 0
    """What its weights take on the disk, about."""

    @property
    def present(self) -> bool:
        """Whether it can run here, as far as weights go."""
        return self.weights is None or encoder_present(self.code)


# A family's module registers its encoders when it is imported; importing one stays light (loaders import what is heavy).
_FAMILIES = (
    *("kinematic", "acoustic", "speech_ssl", "whisper", "xvector", "trillsson"),
    *("videomae", "vivit", "deepseek", "resnet"),
)

_REGISTRY: dict[str, EncoderInfo] = {}
_LOADED: dict[str, Encoder] = {}
_LOADING = threading.Lock()


def register(
    code: str,
    *,
    title: str,
    modality: Modality,
    dim: int,
    rate_hz: float,
    weights: str | None,
    licence: str,
    revision: str,
    size_mb: int = 0,
) -> Callable[[Callable[[], Encoder]], Callable[[], Encoder]]:
    """Register the decorated loader under ``code``; a code that is taken raises ``ValueError``."""

    def decorate(load: Callable[[], Encoder]) -> Callable[[], Encoder]:
        if code in _REGISTRY:
            raise ValueError(f"two encoders call themselves {code}")
        _REGISTRY[code] = EncoderInfo(code, title, modality, dim, rate_hz, weights, licence, revision, load, size_mb)
        return load

    return decorate


def registered() -> dict[str, EncoderInfo]:
    """Return every encoder by its code."""
    for family in _FAMILIES:
        importlib.import_module(f"divine.encoders.{family}")
    return dict(_REGISTRY)


def info(code: str) -> EncoderInfo:
    """Return the facts about one encoder.

    Raises:
        EncoderError: no encoder has that code.
    """
    known = registered()
    if code not in known:
        raise EncoderError(f"no encoder is called {code!r}; there are {', '.join(sorted(known))}.")
    return known[code]


def load(code: str) -> Encoder:
    """Return an encoder ready to run; the second call is free, and of several threads one loads.

    Raises:
        EncoderError: no encoder has that code, or its weights or packages are missing or wrong.
    """
    with _LOADING:
        if code not in _LOADED:
            _LOADED[code] = info(code).load()
        return _LOADED[code]
