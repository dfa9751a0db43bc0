"""Encoders over observations, kept under what went in, so that nothing finished is done again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from divine import encoders
from divine.encoders import EncoderError
from divine.quality import usable
from divine.records import Features, Observation
from divine.store import Store, content_key

OBSERVATION_REVISION = "1"
"""Raise it when decoding or landmarks change: features of every encoder rest on them."""


@dataclass(frozen=True, eq=False)
class Extracted:
    """What encoders made of one clip, by code; and for those that made nothing, why."""

    features: dict[str, Features] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def __contains__(self, code: str) -> bool:
        return code in self.features or code in self.absent


def extract(observation: Observation, codes: Iterable[str]) -> Extracted:
    """Run encoders over one observation, for the modalities that are fit to be used.

    Raises:
        EncoderError: no encoder has one of the codes, or one cannot run here: its weights or packages are missing.
    """
    seen, found = usable(observation), Extracted()
    for code in codes:
        modality = encoders.info(code).modality
        if modality not in seen:
            nothing = "no face stays in sight for half a second" if modality == "video" else "no sound above silence"
            found.absent[code] = f"{observation.clip.name}: {nothing}."
            continue
        encoder = encoders.load(code)  # outside: weights that are missing today are no fact about this clip
        try:
            (found.features[code],) = encoder([observation])
        except EncoderError as error:
            found.absent[code] = str(error)
    return found


def feature_key(digest: str, code: str) -> str:
    """Return the key of a clip's features: the media's bytes, the encoder and its revision, how the clip was observed."""
    revision = encoders.info(code).revision
    return content_key(kind="features", media=digest, encoder=code, revision=revision, observed=OBSERVATION_REVISION)


def keep(store: Store, digest: str, found: Extracted) -> None:
    """Put what was made of a clip, and what could not be made, under its keys.

    Raises:
        StoreError: the store cannot be written.
    """
    for code, features in found.features.items():
        store.put(feature_key(digest, code), {"values": features.values.astype(np.float32), "times_s": features.times_s})
    for code, why in found.absent.items():
        store.put(feature_key(digest, code), {}, {"absent": why})


def stored(store: Store, digest: str, codes: Iterable[str]) -> Extracted:
    """Return what was kept of a clip; codes that were never run are in neither part."""
    found = Extracted()
    for code in codes:
        entry = store.get(feature_key(digest, code))
        if entry is None:
            continue
        arrays, about = entry
        if "absent" in about:
            found.absent[code] = about["absent"]
        else:
            found.features[code] = Features(arrays["values"], arrays["times_s"], code)
    return found
