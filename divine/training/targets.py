"""Targets from names and raters' scores: the mean of the raters, and their scores as a distribution over the scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float

from divine.data.ratings import raters_mean, totals
from divine.models.batch import Targets
from divine.models.config import Schema
from divine.training.errors import TrainingError
from divine.training.severity import Cutoffs, levels


def targets(
    diagnoses: Sequence[str | None],
    schema: Schema,
    *,
    scores: Float[np.ndarray, "b k r"] | None = None,
    affected: Bool[np.ndarray, " b"] | None = None,
    cutoffs: Cutoffs | None = None,
) -> Targets:
    """Build the targets of a batch.

    Args:
        diagnoses: a class of the schema per clip, None where unknown.
        schema: names the classes, the items and their scale.
        scores: per clip, item (in the schema's order) and rater; NaN where that rater gave none. A score between two whole ones
            is shared between them.
        affected: whether the clip's subject has a disorder; only then can it have a level.
        cutoffs: of the training run; without them no clip has a level.

    Raises:
        TrainingError: a class or a score that the schema does not know, or shapes that do not fit.
    """
    unknown = sorted({name for name in diagnoses if name is not None and name not in schema.classes})
    if unknown:
        raise TrainingError(f"diagnoses {unknown} are not among the model's classes {list(schema.classes)}.")
    given = np.full((len(diagnoses), len(schema.items), 1), np.nan) if scores is None else scores
    if given.shape[:2] != (len(diagnoses), len(schema.items)):
        raise TrainingError(f"scores of shape {given.shape} for {len(diagnoses)} clips and items {list(schema.items)}.")
    low, high = schema.scale
    if ((given < low) | (given > high)).any():
        raise TrainingError(f"a score lies outside the scale {low}..{high}: correct the rating.")
    mean, count = raters_mean(given), np.isfinite(given).sum(axis=2)
    # a score's weight falls linearly from itself to its neighbours, so the distribution's mean is the raters' mean
    nearness = np.clip(1 - np.abs(given[..., None] - np.asarray(schema.scores)), 0, None)
    soft = np.nan_to_num(nearness).sum(axis=2) / np.maximum(count, 1)[..., None]
    level = np.full(len(diagnoses), -1)
    if cutoffs is not None and affected is not None:
        level = levels(totals(given), affected, cutoffs)
    return Targets(
        diagnosis=torch.tensor([-1 if name is None else schema.classes.index(name) for name in diagnoses]),
        level=torch.from_numpy(level),
        ratings=torch.from_numpy(np.where(count > 0, mean, 0.0)).float(),
        rated=torch.from_numpy(count > 0),
        rating_soft=torch.from_numpy(soft).float(),
    )
