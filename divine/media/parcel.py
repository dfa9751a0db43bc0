"""What a child sends home: arrays and a small JSON in one safetensors, which cannot carry code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from divine.media.errors import nonsense


class Parcel(NamedTuple):
    """Arrays by name, and what was said about them."""

    arrays: dict[str, np.ndarray]
    about: dict[str, Any]


def pack(arrays: Mapping[str, np.ndarray], about: Mapping[str, Any] | None = None) -> bytes:
    """Serialise arrays, and anything that JSON can say, for the way home."""
    tidy = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
    return save(tidy, metadata={"about": json.dumps(dict(about or {}))})


def unpack(content: bytes, name: str) -> Parcel:
    """Read what ``pack`` wrote; ``name`` is the clip's, for the message.

    Raises:
        IsolationError: this is no parcel: the child was not itself any more.
    """
    try:
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return Parcel(load(content), dict(json.loads(header["__metadata__"]["about"])))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise nonsense(name) from error
