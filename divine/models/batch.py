"""What every system trains on and judges: padded sequences with masks, and targets that may be unknown."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Listing
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from divine.models.errors import ModelError
from divine.models.pooling import pool_steps
from divine.records import Modality

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, eq=False)
class PerModality(Generic[T]):
    """One thing per modality; None where the model or the cohort has no such modality.

    (A generic NamedTuple would be plainer, but beartype cannot check one.)
    """

    video: T | None
    audio: T | None

    @property
    def given(self) -> tuple[T, ...]:
        """Those that exist, video first."""
        return tuple(one for _, one in self.named if one is not None)

    @property
    def named(self) -> tuple[tuple[Modality, T | None], ...]:
        return ("video", self.video), ("audio", self.audio)

    def map(self, function: Callable[[Modality, T], U]) -> PerModality[U]:
        """Apply ``function`` to what exists; None stays None."""
        return PerModality(*(None if one is None else function(name, one) for name, one in self.named))


class Sequence(NamedTuple):
    """One modality of a batch of clips. Only steps that ``mask`` and ``present`` allow are ever looked at."""

    values: Float[Tensor, "b t d"]
    mask: Bool[Tensor, "b t"]
    present: Bool[Tensor, " b"]


class Targets(NamedTuple):
    """What is known of the clips. Unknown: -1 for a class or level, False in ``rated`` for an item."""

    diagnosis: Int[Tensor, " b"]
    level: Int[Tensor, " b"]
    ratings: Float[Tensor, "b k"]
    """Mean of the raters."""
    rated: Bool[Tensor, "b k"]
    rating_soft: Float[Tensor, "b k r"]
    """Share of the raters per score of the scale: rows of rated items sum to one."""


class Batch(NamedTuple):
    """Clips as the models see them. A modality is None where the whole cohort lacks it."""

    video: Sequence | None
    audio: Sequence | None
    targets: Targets | None = None

    @property
    def sequences(self) -> PerModality[Sequence]:
        return PerModality(self.video, self.audio)

    @property
    def present(self) -> Bool[Tensor, " b"]:
        """Clips with a valid step of any modality."""
        return torch.stack([(one.mask & one.present[:, None]).any(dim=1) for one in self.sequences.given]).any(dim=0)

    @property
    def size(self) -> int:
        return next(len(sequence.present) for sequence in self.sequences.given)


def collate(
    video: Listing[Float[Tensor, "_ _"] | None],
    audio: Listing[Float[Tensor, "_ _"] | None],
    targets: Targets | None = None,
    *,
    max_steps: int = 32,
) -> Batch:
    """Pad clips to one length per modality, after pooling each over time to at most ``max_steps`` steps.

    Args:
        video: per clip its features, shape [t d] with t >= 1, or None where the clip lacks the modality. Frames with a
            value that is not finite (no face found) are masked; a clip without a finite frame counts as lacking the modality.
        audio: likewise, as many as ``video``.
        targets: what is known of the same clips.
        max_steps: steps kept per clip; shorter clips keep all of theirs.

    Raises:
        ModelError: no clip, unequal numbers of clips, or widths that differ within a modality.
    """
    if not video or len(video) != len(audio):
        raise ModelError(f"cannot collate {len(video)} videos with {len(audio)} sounds: one entry per clip, None if absent.")
    return Batch(_pad(video, "video", max_steps), _pad(audio, "audio", max_steps), targets)


def _pad(clips: Listing[Tensor | None], modality: str, max_steps: int) -> Sequence | None:
    widths = {clip.shape[1] for clip in clips if clip is not None}
    if not widths:
        return None
    if len(widths) > 1:
        raise ModelError(f"{modality} features differ in width ({sorted(widths)}): extract all clips with one encoder.")
    steps = [None if clip is None else pool_steps(clip.float(), clip.isfinite().all(dim=1), max_steps) for clip in clips]
    longest = max(len(step.mask) for step in steps if step is not None)
    values = torch.zeros(len(clips), longest, widths.pop())
    mask = torch.zeros(len(clips), longest, dtype=torch.bool)
    for row, step in enumerate(steps):
        if step is not None:
            values[row, : len(step.mask)] = step.values
            mask[row, : len(step.mask)] = step.mask
    return Sequence(values, mask, mask.any(dim=1))


def take(batch: Batch, index: Int[Tensor, " n"]) -> Batch:
    """Return the clips at ``index``, in that order."""

    def rows(part: Sequence | None) -> Sequence | None:
        return None if part is None else Sequence(*(one[index] for one in part))

    targets = None if batch.targets is None else Targets(*(one[index] for one in batch.targets))
    return Batch(rows(batch.video), rows(batch.audio), targets)


def move(batch: Batch, device: torch.device) -> Batch:
    """Return the same clips on ``device``."""
    parts: Any = [None if part is None else type(part)(*(one.to(device) for one in part)) for part in batch]
    return Batch(*parts)
