"""All members of a system as one model: on a GPU many small models are bound by overhead, and one stack is not.

Each member keeps its own weights, subjects, standardisation, class weights, batches, modality dropout and early stopping:
initial weights, order and modality dropout are those of ``loop.fit`` with the same seed. Dropout and latents draw from one
stream of the device, different for every member, so results agree with the loop's within run-to-run noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from divine.models.batch import Batch, take
from divine.models.config import DivineConfig, Schema
from divine.models.divine import Result
from divine.models.losses import Losses
from divine.models.precision import Precision, set_precision
from divine.models.systems import build
from divine.training.config import TrainingConfig
from divine.training.errors import TrainingCancelledError, TrainingError
from divine.training.latents import report_latents
from divine.training.loop import NO_NUMBER, Epoch, Fitted, check_source, class_weights, since_best
from divine.training.predict import run
from divine.training.source import MemorySource, in_order
from divine.training.stack import Stack
from divine.training.stack_adam import StackedAdam
from divine.training.stack_plan import Plan, plan_epoch
from divine.training.standardise import measure


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
    trains = [MemorySource(take(whole, one.train)) for one in members]
    validations = [MemorySource(take(whole, one.validation)) for one in members]
    for source in trains:
        check_source(source, "training")
    for source in validations:
        check_source(source, "validation")
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        models = []
        for one in members:
            torch.manual_seed(one.seed)
            models.append(build(architecture, config, schema))
        weights = [class_weights(source, len(schema.classes)) for source in trains] if config.loss.class_balanced else None
        stack = Stack(models, [measure(source) for source in trains], weights, whole, training.average, device)
        set_precision(stack.skeleton, precision)
        histories = _train(stack, whole, members, training, on_epoch, cancelled)
    fitted = []
    for place, (member, validation) in enumerate(zip(members, validations, strict=True)):
        one = Fitted(stack.model(place), stack.moments[place], tuple(histories[place]), (), member.seed)
        answers = (run(one, batch) for batch in in_order(validation))
        latents = report_latents(answer.latents for answer in answers if isinstance(answer, Result))
        fitted.append(Fitted(one.model, one.moments, one.history, latents, member.seed))
    return tuple(fitted)


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
        losses = _epoch(stack, optimizer, plan, cancelled)
        values = stack.validate([one.validation for one in members])
        for place in (place for place, trains in enumerate(active) if trains):
            history, value = histories[place], float(values[place])
            if not math.isfinite(value) or not math.isfinite(float(losses.total[place])):
                raise TrainingError(NO_NUMBER)
            best = value < min((one.validation for one in history), default=math.inf)
            epoch = Epoch(len(history) + 1, Losses(*(term[place] for term in losses)), value, best)
            if best or training.keep == "last":
                stack.keep(place)
            history.append(epoch)
            on_epoch(place, epoch)
    return histories


def _epoch(stack: Stack, optimizer: StackedAdam, plan: Plan, cancelled: Callable[[], bool]) -> Losses:
    """Take every step of an epoch, and return each member's mean losses over its own steps."""
    trains = plan.real.any(dim=2)
    sums: Losses | None = None
    for step in range(len(trains)):
        if cancelled():
            raise TrainingCancelledError("training was called off.")
        losses, gradient = stack.differentiate(
            plan.clips[step], plan.real[step], plan.without_video[step], plan.without_audio[step]
        )
        optimizer.step(gradient, trains[step])
        stack.follow(trains[step])
        counted = Losses(*(torch.where(trains[step], term, 0.0) for term in losses))
        sums = counted if sums is None else Losses(*(a + b for a, b in zip(sums, counted, strict=True)))
    if sums is None:
        raise TrainingError("an epoch without a step: no member trains.")
    count: Float[Tensor, " m"] = trains.sum(dim=0).clamp(min=1)
    return Losses(*((term / count).cpu() for term in sums))
