"""Encoders over observations, kept under what went in, so that nothing finished is done again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from divine import encoders
from divine.records import Features, Observation
from divine.store import Store, content_key

OBSERVATION_REVISION = "1"
"""Raise it when decoding or landmarks change: features of every encoder rest on them."""


def feature_key(digest: str, code: str) -> str:
    """Return the key of a clip's features: the media's bytes, the encoder and its revision, how the clip was observed."""
    return content_key(
        kind="features", media=digest, encoder=code, revision=encoders.info(code).revision, observed=OBSERVATION_REVISION
    )


def extract(observation: Observation, codes: Sequence[str], store: Store | None = None) -> dict[str, Features]:
    """Run encoders over one observation, for the modalities it has; put what they give into ``store``.

    Raises:
        EncoderError: an encoder is unknown or cannot use the observation.
        StoreError: the store cannot be written.
    """
    found: dict[str, Features] = {}
    for code in codes:
        has = observation.landmarks if encoders.info(code).modality == "video" else observation.sound
        if has is None:
            continue
        (found[code],) = encoders.load(code)([observation])
        if store is not None:
            keep(store, observation.clip.digest, found[code])
    return found


def keep(store: Store, digest: str, features: Features) -> None:
    """Put one sequence of features under its key."""
    arrays = {"values": features.values.astype(np.float32), "times_s": features.times_s}
    store.put(feature_key(digest, features.encoder), arrays, {"encoder": features.encoder})


def stored(store: Store, digest: str, code: str) -> Features | None:
    """Return what was kept, or None."""
    found = store.get(feature_key(digest, code))
    return None if found is None else Features(found[0]["values"], found[0]["times_s"], code)
