"""Standardisation of features: mean and standard deviation of the training subjects, and of nobody else."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from divine.models.batch import Batch, PerModality, Sequence
from divine.training.errors import TrainingError
from divine.training.source import Source, in_order


class Moments(NamedTuple):
    """Per feature."""

    mean: Float[Tensor, " d"]
    std: Float[Tensor, " d"]
    """One where a feature does not vary in training."""


class _Sums(NamedTuple):
    steps: int
    mean: Tensor
    squares: Tensor
    """Sum of squared deviations from the mean."""


def measure(source: Source) -> PerModality[Moments]:
    """Mean and standard deviation over every valid step of every clip, in one pass and constant memory.

    Chunks are merged after Chan, Golub and LeVeque (1979), in double precision.

    Raises:
        TrainingError: a valid step holds a value that is not finite.
    """
    sums = PerModality[_Sums](None, None)
    for batch in in_order(source):
        chunk = batch.sequences.map(lambda _, sequence: _summarise(sequence))
        sums = PerModality(_merge(sums.video, chunk.video), _merge(sums.audio, chunk.audio))
    for modality, one in sums.named:
        if one is not None and not bool(torch.isfinite(one.squares).all()):
            raise TrainingError(f"{modality} features hold values that are not finite: mask those steps or extract again.")
    return sums.map(lambda _, one: _moments(one))


def standardise(batch: Batch, moments: PerModality[Moments]) -> Batch:
    """Return ``(x - mean) / std`` per modality, zero where masked; a modality without moments is left as it is."""

    def apply(sequence: Sequence | None, one: Moments | None) -> Sequence | None:
        if sequence is None or one is None or sequence.values.shape[-1] != len(one.mean):
            return sequence  # the model names a width that does not fit
        absent = ~(sequence.mask & sequence.present[:, None])[..., None]
        return sequence._replace(values=(sequence.values - one.mean).div_(one.std).masked_fill_(absent, 0.0))

    return Batch(apply(batch.video, moments.video), apply(batch.audio, moments.audio), batch.targets)


def _summarise(sequence: Sequence) -> _Sums:
    steps = sequence.values[sequence.mask & sequence.present[:, None]].double()
    mean = steps.mean(dim=0) if len(steps) else steps.new_zeros(steps.shape[1])
    return _Sums(len(steps), mean, steps.sub_(mean).square_().sum(dim=0))


def _merge(one: _Sums | None, other: _Sums | None) -> _Sums | None:
    if one is None or other is None or one.steps + other.steps == 0:
        return other if one is None else one
    steps = one.steps + other.steps
    apart = other.mean - one.mean
    squares = one.squares + other.squares + apart.square() * (one.steps * other.steps / steps)
    return _Sums(steps, one.mean + apart * (other.steps / steps), squares)


def _moments(sums: _Sums) -> Moments:
    std = (sums.squares / max(sums.steps, 1)).sqrt()
    varies = std > 1e-8 * (1 + sums.mean.abs())
    return Moments(sums.mean.float(), torch.where(varies, std, 1.0).float())
