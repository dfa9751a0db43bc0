"""A trained model and a batch to predictions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from divine.features.pack import Pack
from divine.models.answer import Answer, System
from divine.models.batch import Batch, PerModality
from divine.models.config import Schema
from divine.models.heads import expected_scores
from divine.records import Modality, Prediction
from divine.training.errors import TrainingError
from divine.training.standardise import Moments, standardise

_CHUNK = 256
"""Clips that are judged together at most."""


@runtime_checkable
class Trained(Protocol):
    """A model with the standardisation it was trained under: a fitted run, or a checkpoint."""

    @property
    def model(self) -> System: ...

    @property
    def moments(self) -> PerModality[Moments]: ...


def infer(trained: Trained, batch: Batch) -> PerModality[Any]:
    """Return what the model takes from raw features, each modality by itself, as ``run`` would."""
    with _judging(trained.model):
        return trained.model.infer(standardise(batch, trained.moments))


class Inferred(NamedTuple):
    """What a model takes from some clips of a pack."""

    rows: Int[np.ndarray, " b"]
    parts: PerModality[Any]


def infer_clips(trained: Trained, pack: Pack, rows: Int[np.ndarray, " n"]) -> Iterator[Inferred]:
    """Infer clips of a pack, a few hundred at a time."""
    for chunk in np.array_split(rows, -(-len(rows) // _CHUNK)) if len(rows) else []:
        yield Inferred(chunk, infer(trained, pack.batch(chunk)))


def run(trained: Trained, batch: Batch) -> Answer:
    """Pass raw features through the model as it judges: standardised, at posterior means, without dropout or gradients."""
    with _judging(trained.model):
        return trained.model.judge(trained.model.infer(standardise(batch, trained.moments)))


def predict(trained: Trained, batch: Batch) -> tuple[Prediction, ...]:
    """Judge every clip of a batch of raw features; a clip is judged alike alone and among others.

    Raises:
        TrainingError: a clip has neither modality.
        ModelError: the features are not those that the model was trained on.
    """
    present = [one.present & one.mask.any(dim=1) for one in batch.sequences.given]
    if not present or not bool(torch.stack(present).any(dim=0).all()):
        raise TrainingError("a clip has neither video nor audio features: there is nothing to judge.")
    return _predictions(trained.model.schema, run(trained, batch))


def predict_with(trained: Trained, inferred: Inferred, setting: Sequence[Modality]) -> Iterator[tuple[int, Prediction]]:
    """Judge clips by the modalities of a setting alone; what was inferred of them once serves every setting.

    Yields the row and the prediction of each clip that has one of those modalities.
    """

    def only(modality: Modality, part: Any) -> Any:
        return part if modality in setting else part._replace(present=torch.zeros_like(part.present))

    given = inferred.parts.map(only)
    with _judging(trained.model):
        answer = trained.model.judge(given)
    present = torch.stack([part.present for part in given.given]).any(dim=0)
    said = _predictions(trained.model.schema, answer)
    return ((int(inferred.rows[place]), said[place]) for place in present.nonzero()[:, 0].tolist())


@contextlib.contextmanager
def _judging(model: System) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(training)


def _predictions(schema: Schema, answer: Answer) -> tuple[Prediction, ...]:
    logits, attention = answer.logits, answer.attention
    diagnosis = logits.diagnosis.softmax(dim=-1)
    level = None if logits.level is None else logits.level.softmax(dim=-1)
    scores = None if logits.items is None else expected_scores(logits.items, schema.scale)
    gates = None if answer.gates is None else answer.gates.map(lambda _, gate: gate.mean(dim=-1))
    return tuple(
        Prediction(
            classes=schema.classes,
            probabilities=diagnosis[row].numpy(),
            items=schema.items,
            scale=schema.scale,
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
