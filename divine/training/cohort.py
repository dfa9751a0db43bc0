"""A cohort's index → what training needs of it: a schema, cut-offs of severity, targets."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from jaxtyping import Bool, Float

from divine.data.schema import Index, Subject
from divine.models.batch import Targets
from divine.models.config import Schema
from divine.training.severity import Cutoffs, tertiles
from divine.training.targets import targets, totals


def schema_of(index: Index, *, video_dim: int | None, audio_dim: int | None) -> Schema:
    """Return the schema of a model for this cohort: its groups are the classes, its rated items the tokens."""
    return Schema(video_dim, audio_dim, index.groups, index.items, scale=index.scale)


def scores_of(index: Index) -> Float[np.ndarray, "b k r"]:
    """Return each clip's score per item and rater, NaN where there is none."""
    scores = np.full((len(index.clips), len(index.items), max(1, len(index.raters))), np.nan)
    for row, clip in enumerate(index.clips):
        for rating in clip.ratings:
            column = index.raters.index(rating.rater)
            scores[row, :, column] = [np.nan if score is None else score for score in rating.scores]
    return scores


def affected_of(index: Index) -> Bool[np.ndarray, " b"]:
    """Say of each clip whether its subject has a disorder."""
    return np.array([clip.group not in index.healthy for clip in index.clips])


def cutoffs_of(index: Index, subjects: Collection[Subject]) -> Cutoffs | None:
    """Cut the mean totals of the affected among ``subjects`` at their tertiles; None where none of them was rated."""
    by_clip = totals(scores_of(index)) if index.items else np.full(len(index.clips), np.nan)
    means = []
    for subject in sorted(subjects):
        rows = [row for row, clip in enumerate(index.clips) if clip.person == subject and np.isfinite(by_clip[row])]
        if rows and subject.group not in index.healthy:
            means.append(float(by_clip[rows].mean()))
    return tertiles(np.array(means)) if means else None


def targets_of(index: Index, schema: Schema, cutoffs: Cutoffs | None) -> Targets:
    """Return the targets of every clip of the index, in its order."""
    scores = scores_of(index) if schema.items else None
    diagnoses = [clip.group for clip in index.clips]
    return targets(diagnoses, schema, scores=scores, affected=affected_of(index), cutoffs=cutoffs)
