"""A trained model and a batch to predictions."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from divine.models.answer import Answer, System
from divine.models.batch import Batch, PerModality
from divine.models.heads import expected_scores
from divine.records import Modality, Prediction
from divine.training.errors import TrainingError
from divine.training.standardise import Moments, standardise


@runtime_checkable
class Trained(Protocol):
    """A model with the standardisation it was trained under: a fitted run, or a checkpoint."""

    @property
    def model(self) -> System: ...

    @property
    def moments(self) -> PerModality[Moments]: ...


def run(trained: Trained, batch: Batch) -> Answer:
    """Pass raw features through the model as it judges: standardised, at posterior means, without dropout or gradients."""
    training = trained.model.training
    trained.model.eval()
    try:
        with torch.inference_mode():
            return trained.model(standardise(batch, trained.moments))
    finally:
        trained.model.train(training)


def predict(trained: Trained, batch: Batch) -> tuple[Prediction, ...]:
    """Judge every clip of a batch of raw features; a clip is judged alike alone and among others.

    Raises:
        TrainingError: a clip has neither modality.
        ModelError: the features are not those that the model was trained on.
    """
    present = [one.present & one.mask.any(dim=1) for one in batch.sequences.given]
    if not present or not bool(torch.stack(present).any(dim=0).all()):
        raise TrainingError("a clip has neither video nor audio features: there is nothing to judge.")
    answer = run(trained, batch)
    schema, logits, attention = trained.model.schema, answer.logits, answer.attention
    diagnosis = logits.diagnosis.softmax(dim=-1)
    level = None if logits.level is None else logits.level.softmax(dim=-1)
    scores = None if logits.items is None else expected_scores(logits.items, schema.scale)
    gates = None if answer.gates is None else answer.gates.map(lambda _, gate: gate.mean(dim=-1))
    return tuple(
        Prediction(
            classes=schema.classes,
            probabilities=diagnosis[row].numpy(),
            items=schema.items,
            item_scores=None if scores is None else scores[row].numpy(),
            levels=() if level is None else schema.levels,
            level_probabilities=None if level is None else level[row].numpy(),
            tokens=() if attention is None else schema.tokens,
            attention=np.empty(0, dtype=np.float32) if attention is None else attention[row].numpy(),
            gates={} if gates is None else _gates(gates, row),
        )
        for row in range(len(diagnosis))
    )


def _gates(gates: PerModality[Float[Tensor, " b"]], row: int) -> dict[Modality, float]:
    return {name: 0.0 if gate is None else float(gate[row]) for name, gate in gates.named}
