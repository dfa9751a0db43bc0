"""All members of a system as one model: on a GPU many small models are bound by overhead, and one stack is not.

Each member keeps its own weights, subjects, standardisation, class weights, batches, modality dropout and early stopping:
initial weights, order and modality dropout are those of ``loop.fit`` with the same seed. Dropout and latents draw from one
stream of the device, different for every member, so results agree with the loop's within run-to-run noise.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from divine.models.batch import Batch, Targets
from divine.models.config import DivineConfig, Precision, Schema
from divine.models.losses import Losses
from divine.models.precision import set_precision
from divine.models.systems import build
from divine.training.config import TrainingConfig
from divine.training.errors import TrainingCancelledError, TrainingError
from divine.training.loop import NO_NUMBER, Epoch, Fitted, check_targets, class_weights, since_best
from divine.training.replay import Replay
from divine.training.source import MemorySource
from divine.training.stack import Stack
from divine.training.stack_adam import StackedAdam
from divine.training.stack_plan import Plan, plan_epoch, side_by_side
from divine.training.standardise import measure_each


class Member(NamedTuple):
    """Whose clips a member trains and validates on, as rows of the whole cohort, and its seed."""

    train: Int[Tensor, " n"]
    validation: Int[Tensor, " v"]
    seed: int


def fit_stacked(
    whole: Batch,
    members: Sequence[Member],
    schema: Schema,
    config: DivineConfig,
    training: TrainingConfig,
    *,
    architecture: str = "divine",
    precision: Precision = "float32",
    device: torch.device | None = None,
    on_epoch: Callable[[int, Epoch], None] = lambda member, epoch: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Fitted, ...]:
    """Train many members of one system as one, under the protocol of ``loop.fit``.

    Args:
        whole: every clip with its targets, raw, on the CPU.
        members: what each trains on.
        schema: what the cohort knows.
        config: of every model.
        training: the protocol.
        architecture: which system.
        precision: of the matrix products in training.
        device: where to train; the GPU if there is one.
        on_epoch: is told of each epoch of each member, by its place.
        cancelled: asked before every step.

    Raises:
        TrainingError: a member has nothing to learn from, or a loss that is no number.
        TrainingCancelledError: ``cancelled`` said so.
    """
    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cohort = MemorySource(whole)

    def known(rows: Tensor) -> Targets:
        return Targets(*(part[rows] for part in cohort.targets))

    for one in members:
        check_targets(known(one.train), "training")
        check_targets(known(one.validation), "validation")
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        models = []
        for one in members:
            torch.manual_seed(one.seed)
            models.append(build(architecture, config, schema))
        weights = (
            [class_weights(known(one.train), len(schema.classes)) for one in members] if config.loss.class_balanced else None
        )
        moments = measure_each(cohort, [one.train for one in members])
        stack = Stack(models, moments, weights, whole, training.average, device)
        set_precision(stack.skeleton, precision)
        histories = _train(stack, whole, members, training, on_epoch, cancelled)
    return tuple(
        Fitted(stack.model(place), stack.moments[place], tuple(histories[place]), member.seed)
        for place, member in enumerate(members)
    )


def _train(
    stack: Stack,
    whole: Batch,
    members: Sequence[Member],
    training: TrainingConfig,
    on_epoch: Callable[[int, Epoch], None],
    cancelled: Callable[[], bool],
) -> list[list[Epoch]]:
    generators = [torch.Generator().manual_seed(one.seed) for one in members]
    optimizer = StackedAdam(stack.weights, training.learning_rate, training.weight_decay)
    histories: list[list[Epoch]] = [[] for _ in members]
    step, validate = Replay(functools.partial(_step, stack, optimizer), stack.device), Replay(stack.validate, stack.device)
    validation = [one.to(stack.device) for one in side_by_side([one.validation for one in members])]

    def goes_on(history: list[Epoch]) -> bool:
        return len(history) < training.max_epochs and (training.keep == "last" or since_best(history) < training.patience)

    while any(active := [goes_on(history) for history in histories]):
        plan = plan_epoch(
            whole,
            [one.train for one in members],
            generators,
            active,
            size=training.batch_size,
            modality_dropout=training.modality_dropout,
        ).to(stack.device)
        losses = _epoch(step, plan, cancelled)
        values = validate(*validation).cpu()
        better = []
        for place in (place for place, trains in enumerate(active) if trains):
            history, value = histories[place], float(values[place])
            if not math.isfinite(value) or not math.isfinite(float(losses.total[place])):
                raise TrainingError(NO_NUMBER)
            best = value < min((one.validation for one in history), default=math.inf)
            epoch = Epoch(len(history) + 1, Losses(*(term[place] for term in losses)), value, best)
            if best or training.keep == "last":
                better.append(place)
            history.append(epoch)
            on_epoch(place, epoch)
        stack.keep(better)
    return histories


def _epoch(step: Replay, plan: Plan, cancelled: Callable[[], bool]) -> Losses:
    """Take every step of an epoch, and return each member's mean losses over its own steps."""
    trains = plan.real.any(dim=2)
    sums = torch.zeros(len(Losses._fields), trains.shape[1], device=trains.device)
    for parts in zip(*plan, strict=True):
        if cancelled():
            raise TrainingCancelledError("training was called off.")
        sums += step(*parts)
    count: Float[Tensor, " m"] = trains.sum(dim=0).clamp(min=1)
    return Losses(*(sums / count).cpu())


def _step(
    stack: Stack, optimizer: StackedAdam, index: Tensor, real: Tensor, no_video: Tensor, no_audio: Tensor
) -> Float[Tensor, "l m"]:
    """Move the members that have clips in this step, and return their losses; zero of the others."""
    trains: Bool[Tensor, " m"] = real.any(dim=1)
    losses, gradient = stack.differentiate(index, real, no_video, no_audio)
    optimizer.step(gradient, trains)
    stack.follow(trains)
    return torch.where(trains, torch.stack(losses), 0.0)
