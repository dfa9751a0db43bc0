"""One training run: averaged weights, stopped early or not, the same bytes for the same seed."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from divine.models.answer import Answer, System
from divine.models.batch import PerModality, Targets
from divine.models.config import DivineConfig, Precision, Schema
from divine.models.heads import Logits
from divine.models.losses import Losses, supervised_losses
from divine.models.precision import set_precision
from divine.models.systems import build
from divine.training.average import Average
from divine.training.config import TrainingConfig
from divine.training.errors import TrainingCancelledError, TrainingError
from divine.training.modality_dropout import drop_modality
from divine.training.predict import run
from divine.training.source import Source, in_order, shuffled
from divine.training.standardise import Moments, measure, standardise

NO_NUMBER = "the loss is no number: look for features of extreme size, or lower the learning rate."


class Epoch(NamedTuple):
    """What one pass over the training clips came to."""

    number: int
    """From 1."""
    train: Losses
    """Mean over the epoch's batches, drawn latents and dropout included."""
    validation: float
    """``L_cls + alpha L_sev`` on the validation clips: lower is better."""
    best: bool
    """Whether no epoch before was better."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained model with the standardisation it needs, and how it came to be."""

    model: System
    """As ``TrainingConfig.keep`` asks, in evaluation mode."""
    moments: PerModality[Moments]
    history: tuple[Epoch, ...]
    seed: int


def fit(
    train: Source,
    validation: Source,
    schema: Schema,
    config: DivineConfig,
    training: TrainingConfig,
    seed: int,
    *,
    architecture: str = "divine",
    precision: Precision = "float32",
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Fitted:
    """Train one model.

    Validation looks at the supervised part of the loss, ``L_cls + alpha L_sev`` with the training run's class weights and at
    posterior means, on the validation clips as they are, of the averaged weights where there are any: unlike accuracy it moves
    with few subjects, and it is there with and without ratings. Whether it stops the run is for ``training.keep`` to say.

    The same arguments give the same bytes on one machine with one number of threads: order and modality dropout have their own
    generator; initial weights, dropout and latents draw from torch's default generator, which is seeded here and put back.

    Args:
        train: raw features and targets of the training subjects; they alone set standardisation and class weights. The model
            is trained on the device where they lie.
        validation: likewise of subjects that training never sees.
        schema: what the cohort knows.
        config: the model.
        training: the protocol.
        seed: decides initial weights, order, dropout and latents.
        architecture: which system (``divine.models.systems``).
        precision: of the matrix products in training; the result judges in float32 whatever this is.
        on_epoch: is told of each epoch as it ends.
        cancelled: asked before every batch.

    Raises:
        TrainingError: no clip, no known target on either side, or a loss that is no number.
        TrainingCancelledError: ``cancelled`` said so.
    """
    check_targets(train.targets, "training")
    check_targets(validation.targets, "validation")
    generator = torch.Generator().manual_seed(seed)
    moments = measure(train)
    weights = class_weights(train.targets, len(schema.classes)) if config.loss.class_balanced else None
    device = train.targets.diagnosis.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        built: Any = build(architecture, config, schema)
        model: System = built.to(device)
        set_precision(model, precision)
        average = Average(model, training.average)
        fitted = Fitted(average.model, moments, (), seed)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
        )
        history: list[Epoch] = []
        kept = copy.deepcopy(fitted.model.state_dict()) if training.keep == "best" else {}
        while len(history) < training.max_epochs and (training.keep == "last" or since_best(history) < training.patience):
            model.train()
            losses: list[Losses] = []
            for batch in shuffled(train, training.batch_size, generator):
                if cancelled():
                    raise TrainingCancelledError(f"training was called off in epoch {len(history) + 1}.")
                dropped = drop_modality(batch, training.modality_dropout, generator)
                losses.append(_step(model(standardise(dropped, moments), weights), optimizer))
                average.follow()
            value = validation_loss(fitted, validation, weights)
            epoch = Epoch(
                len(history) + 1, _mean(losses), value, value < min((one.validation for one in history), default=torch.inf)
            )
            if epoch.best and training.keep == "best":
                kept = copy.deepcopy(fitted.model.state_dict())
            history.append(epoch)
            on_epoch(epoch)
    if training.keep == "best":
        fitted.model.load_state_dict(kept)
    set_precision(fitted.model, "float32")
    fitted.model.eval()
    return Fitted(fitted.model, moments, tuple(history), seed)


def validation_loss(fitted: Fitted, source: Source, weights: Float[Tensor, " c"] | None) -> float:
    """``L_cls + alpha L_sev`` over all clips of a source at once, at posterior means."""
    batches = (batch._replace(targets=None) for batch in in_order(source))  # the other terms of the loss are not asked for
    pairs = [(run(fitted, batch).logits, batch.present) for batch in batches]
    parts = [logits for logits, _ in pairs]
    level = [part.level for part in parts if part.level is not None]
    items = [part.items for part in parts if part.items is not None]
    logits = Logits(
        torch.cat([part.diagnosis for part in parts]), torch.cat(level) if level else None, torch.cat(items) if items else None
    )
    present = torch.cat([here for _, here in pairs])
    loss, scale = fitted.model.config.loss, fitted.model.schema.scale
    diagnosis, severity = supervised_losses(logits, source.targets, present, scale, weights)
    value = float(loss.diagnosis * diagnosis + loss.alpha * severity)
    if not math.isfinite(value):
        raise TrainingError(NO_NUMBER)
    return value


def class_weights(targets: Targets, classes: int) -> Float[Tensor, " c"]:
    """``n / (C n_c)``: every class counts alike, and the mean over the clips is one. A class without a clip gets none."""
    known = targets.diagnosis[targets.diagnosis >= 0]
    counts = torch.bincount(known, minlength=classes)
    return torch.where(counts > 0, len(known) / ((counts > 0).sum() * counts.clamp(min=1)), 0.0).float()


def check_targets(targets: Targets, name: str) -> None:
    """Refuse clips that teach nothing.

    Raises:
        TrainingError: no clip, or no known target.
    """
    if not len(targets.diagnosis):
        raise TrainingError(f"no {name} clips: put at least one subject there.")
    if not bool((targets.diagnosis >= 0).any() or (targets.level >= 0).any() or targets.rated.any()):
        raise TrainingError(f"the {name} clips have neither a diagnosis nor a rating: there is nothing to learn from.")


def _step(answer: Answer, optimizer: torch.optim.Optimizer) -> Losses:
    losses = answer.losses
    if losses is None:
        raise TrainingError("a training batch came without targets: the source must give them.")
    if not bool(torch.isfinite(losses.total)):
        raise TrainingError(NO_NUMBER)
    optimizer.zero_grad()
    losses.total.backward()
    optimizer.step()
    return Losses(*(one.detach() for one in losses))


def since_best(history: list[Epoch]) -> int:
    """Return how many epochs have passed since the best one."""
    last = max((epoch.number for epoch in history if epoch.best), default=0)
    return len(history) - last


def _mean(losses: list[Losses]) -> Losses:
    return Losses(*(torch.stack(terms).mean() for terms in zip(*losses, strict=True)))
