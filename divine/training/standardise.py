"""Standardisation of features: mean and standard deviation of the training subjects, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Listing
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from divine.models.batch import Batch, PerModality, Sequence
from divine.records import Modality
from divine.training.errors import TrainingError
from divine.training.source import Source, in_order


class Moments(NamedTuple):
    """Per feature."""

    mean: Float[Tensor, " d"]
    std: Float[Tensor, " d"]
    """One where a feature does not vary in training."""


class _Sums(NamedTuple):
    """What the valid steps of each of some clips come to."""

    steps: Float[Tensor, " n"]
    mean: Float[Tensor, "n d"]
    squares: Float[Tensor, "n d"]
    """Sum of squared deviations from the mean."""


def measure(source: Source) -> PerModality[Moments]:
    """Mean and standard deviation over every valid step of every clip, in one pass and constant memory.

    Clips are merged after Chan, Golub and LeVeque (1979), in double precision.

    Raises:
        TrainingError: a valid step holds a value that is not finite.
    """
    total = PerModality[_Sums](None, None)
    for batch in in_order(source):
        total = _together([total, _summarise(batch)]).map(lambda _, clips: _merge(clips))
    return total.map(_moments)


def measure_each(source: Source, members: Iterable[Int[Tensor, " _"]]) -> list[PerModality[Moments]]:
    """Measure some clips of a source, and others, and others, though each was read once.

    Raises:
        TrainingError: a valid step holds a value that is not finite.
    """
    clips = _together([_summarise(batch) for batch in in_order(source)])

    def of(rows: Tensor) -> PerModality[Moments]:
        return clips.map(lambda modality, one: _moments(modality, _Sums(*(part[rows] for part in one))))

    return [of(rows) for rows in members]


def standardise(batch: Batch, moments: PerModality[Moments]) -> Batch:
    """Return ``(x - mean) / std`` per modality, zero where masked; a modality without moments is left as it is."""

    def apply(sequence: Sequence | None, one: Moments | None) -> Sequence | None:
        if sequence is None or one is None or sequence.values.shape[-1] != len(one.mean):
            return sequence  # the model names a width that does not fit
        absent = ~(sequence.mask & sequence.present[:, None])[..., None]
        return sequence._replace(values=(sequence.values - one.mean).div_(one.std).masked_fill_(absent, 0.0))

    return Batch(apply(batch.video, moments.video), apply(batch.audio, moments.audio), batch.targets)


def _summarise(batch: Batch) -> PerModality[_Sums]:
    return batch.sequences.map(_sums)


def _sums(modality: Modality, sequence: Sequence) -> _Sums:
    valid = (sequence.mask & sequence.present[:, None])[..., None]
    values = torch.where(valid, sequence.values, 0.0).double()
    steps = valid.sum(dim=1)
    mean = values.sum(dim=1) / steps.clamp(min=1)
    squares = (values - mean[:, None]).square_().mul_(valid).sum(dim=1)
    return _Sums(steps[:, 0].double(), mean, squares)


def _together(parts: Listing[PerModality[_Sums]]) -> PerModality[_Sums]:
    def rows(of: Iterable[_Sums | None]) -> _Sums | None:
        given = [one for one in of if one is not None]
        return _Sums(*map(torch.cat, zip(*given, strict=True))) if given else None

    return PerModality(rows(one.video for one in parts), rows(one.audio for one in parts))


def _merge(clips: _Sums) -> _Sums:
    """Return one row for all."""
    steps, weight = clips.steps.sum(), clips.steps[:, None]
    mean = (clips.mean * weight).sum(dim=0) / steps.clamp(min=1)
    squares = (clips.squares + (clips.mean - mean).square() * weight).sum(dim=0)
    return _Sums(steps[None], mean[None], squares[None])


def _moments(modality: Modality, clips: _Sums) -> Moments:
    (steps,), (mean,), (squares,) = _merge(clips)
    if not bool(torch.isfinite(squares).all()):
        raise TrainingError(f"{modality} features hold values that are not finite: mask those steps or extract again.")
    std = (squares / steps.clamp(min=1)).sqrt()
    varies = std > 1e-8 * (1 + mean.abs())
    return Moments(mean.float(), torch.where(varies, std, 1.0).float())
