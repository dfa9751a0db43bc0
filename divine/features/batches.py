"""Features of many clips → the batch that every model takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import torch

from divine import encoders
from divine.encoders import EncoderError
from divine.models.batch import Batch, Targets, collate
from divine.records import Features, Modality


class Pair(NamedTuple):
    """The encoders of a system: one per modality, None where it has no such modality."""

    video: str | None
    audio: str | None

    @classmethod
    def parse(cls, text: str, given: Mapping[str, Modality] = MappingProxyType({})) -> Pair:
        """Read ``KI+AC``, or one code alone; ``given`` names features that a cohort brings as files.

        Raises:
            EncoderError: a code is unknown, or both are of one modality.
        """
        codes: dict[Modality, str] = {}
        for code in (part.strip() for part in text.split("+")):
            modality = given.get(code) or encoders.info(code).modality
            if modality in codes:
                raise EncoderError(f"{text}: two {modality} encoders; a pair is one for the face and one for the voice.")
            codes[modality] = code
        return cls(codes.get("video"), codes.get("audio"))

    @property
    def named(self) -> tuple[tuple[Modality, str], ...]:
        """Those that exist, each with its modality, video first."""
        both: tuple[tuple[Modality, str | None], ...] = (("video", self.video), ("audio", self.audio))
        return tuple((modality, code) for modality, code in both if code is not None)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for _, code in self.named)

    def __str__(self) -> str:
        return "+".join(self.codes)


class Several(NamedTuple):
    """Any encoders, to be extracted together: a clip is looked at once and listened to once for all of them."""

    named: tuple[tuple[Modality, str], ...]

    @classmethod
    def parse(cls, text: str, given: Mapping[str, Modality] = MappingProxyType({})) -> Several:
        """Read codes with commas or plus signs between them; ``given`` names features that a cohort brings as files.

        Raises:
            EncoderError: a code is unknown.
        """
        codes = dict.fromkeys(part.strip() for part in text.replace("+", ",").split(","))
        return cls(tuple((given.get(code) or encoders.info(code).modality, code) for code in codes))

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for _, code in self.named)

    def __str__(self) -> str:
        return "+".join(self.codes)


def batch(pair: Pair, clips: Sequence[dict[str, Features]], *, max_steps: int, targets: Targets | None = None) -> Batch:
    """Collate the features of clips, each by encoder code; a code that a clip lacks is a modality it lacks."""

    def column(code: str | None) -> list[torch.Tensor | None]:
        return [None if code is None or code not in clip else torch.from_numpy(clip[code].values) for clip in clips]

    return collate(column(pair.video), column(pair.audio), targets, max_steps=max_steps)
