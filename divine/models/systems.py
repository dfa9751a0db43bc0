"""The trained systems by name: each is built from the same config and schema, and reads the same batch."""

from __future__ import annotations

from collections.abc import Callable

from divine.models.answer import System
from divine.models.cnn import Cnn
from divine.models.concat import Concat
from divine.models.config import DivineConfig, Schema
from divine.models.divine import Divine
from divine.models.errors import ModelError
from divine.models.fcn import Fcn
from divine.models.flat import Flat
from divine.models.single_level import SingleLevel

ARCHITECTURES: dict[str, Callable[[DivineConfig, Schema], System]] = {
    "divine": Divine,
    "flat": Flat,
    "single-level": SingleLevel,
    "concat": Concat,
    "fcn": Fcn,
    "cnn": Cnn,
}


def build(architecture: str, config: DivineConfig, schema: Schema) -> System:
    """Build a system with fresh weights.

    Raises:
        ModelError: there is no such architecture, or it cannot be built for this schema.
    """
    if architecture not in ARCHITECTURES:
        raise ModelError(f"{architecture}: no such architecture. Choose of {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[architecture](config, schema)


def architecture_of(model: System) -> str:
    """Return the name under which a system is built."""
    return next(name for name, kind in ARCHITECTURES.items() if type(model) is kind)
