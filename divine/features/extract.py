"""Encoders over observations, kept under what went in, so that nothing finished is done again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from divine import encoders
from divine.encoders import Encoder, EncoderError
from divine.encoders.folder import identity
from divine.quality import usable
from divine.records import DivineError, Features, Observation
from divine.store import Store, content_key

OBSERVATION_REVISION = "2"
"""Raise it when decoding or landmarks change: features of every encoder rest on them."""


@dataclass(frozen=True, eq=False)
class Extracted:
    """What encoders made of one clip, by code; and for those that made nothing, why."""

    features: dict[str, Features] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    passing: set[str] = field(default_factory=set)
    """Codes of ``absent`` that may do better another time: the reason is no fact about the clip, and is not kept."""

    def __contains__(self, code: str) -> bool:
        return code in self.features or code in self.absent

    def note(self, code: str, outcome: Features | DivineError) -> None:
        """Write down what came of one encoder."""
        if isinstance(outcome, Features):
            self.features[code] = outcome
            return
        self.absent[code] = str(outcome)
        if not isinstance(outcome, EncoderError):
            self.passing.add(code)


def extract(observation: Observation, codes: Iterable[str]) -> Extracted:
    """Run encoders over one observation, for the modalities that are fit to be used.

    Raises:
        EncoderError: no encoder has one of the codes, or one cannot run here: its weights or packages are missing.
    """
    found = Extracted()
    for code in codes:
        (outcome,) = encode(code, [observation])
        found.note(code, outcome)
    return found


def encode(code: str, observations: Sequence[Observation]) -> list[Features | DivineError]:
    """Run one encoder over observations together; where that fails, over each alone, so that one spoils no other.

    What fails is an ``EncoderError`` where that is a fact about the clip, else whatever stood in the way.

    Raises:
        EncoderError: no encoder has the code, or it cannot run here: its weights or packages are missing.
    """
    modality = encoders.info(code).modality
    nothing = "no face stays in sight for half a second" if modality == "video" else "no sound above silence"
    outcomes: list[Features | DivineError] = [EncoderError(f"{one.clip.name}: {nothing}.") for one in observations]
    fit = [place for place, one in enumerate(observations) if modality in usable(one)]
    if fit:
        encoder = encoders.load(code)  # outside: weights that are missing today are no fact about a clip
        for place, outcome in zip(fit, _together(encoder, [observations[place] for place in fit]), strict=True):
            outcomes[place] = _checked(outcome, observations[place].clip.name)
    return outcomes


def _checked(outcome: Features | DivineError, clip: str) -> Features | DivineError:
    """Return the outcome, or in place of features that half precision cannot hold an error."""
    if isinstance(outcome, Features) and not (np.abs(outcome.values) <= np.finfo(np.float16).max).all():
        return EncoderError(
            f"{clip}: {outcome.encoder} made features that are not finite, or beyond 65504, which the store cannot hold. Check "
            f"its weights (`divine encoders verify {outcome.encoder}`), and the recording."
        )
    return outcome


def _together(encoder: Encoder, observations: Sequence[Observation]) -> Sequence[Features | DivineError]:
    try:
        return encoder(observations)
    except DivineError as error:
        if len(observations) == 1:
            return [error]
    return [outcome for one in observations for outcome in _together(encoder, [one])]


def feature_key(digest: str, code: str) -> str:
    """Return the key of a clip's features: the media's bytes, the encoder, its revision and weights, how it was observed."""
    about = encoders.info(code)
    weights = {"weights": identity(code)} if about.weights is not None else {}
    return content_key(
        kind="features", media=digest, encoder=code, revision=about.revision, observed=OBSERVATION_REVISION, **weights
    )


def keep(store: Store, digest: str, found: Extracted) -> None:
    """Put what was made of a clip, in half precision, and what could not be made, under its keys.

    Raises:
        StoreError: the store cannot be written.
    """
    for code, features in found.features.items():
        half = features.values.astype(np.float16)
        store.put(feature_key(digest, code), {"values": half, "times_s": features.times_s})
    for code, why in found.absent.items():
        if code not in found.passing:
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
            found.features[code] = Features(arrays["values"].astype(np.float32), arrays["times_s"], code)
    return found
