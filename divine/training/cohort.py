"""A cohort's index → what training needs of it: a schema, cut-offs of severity, targets."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from divine.data.ratings import affected, scores, subject_totals
from divine.data.schema import Index, Subject
from divine.models.batch import Targets
from divine.models.config import Schema
from divine.training.severity import Cutoffs, tertiles
from divine.training.targets import targets


def schema_of(index: Index, *, video_dim: int | None, audio_dim: int | None) -> Schema:
    """Return the schema of a model for this cohort: its groups are the classes, its rated items the tokens."""
    return Schema(video_dim, audio_dim, index.groups, index.items, scale=index.scale)


def cutoffs_of(index: Index, subjects: Collection[Subject]) -> Cutoffs | None:
    """Cut the mean totals of the affected among ``subjects`` at their tertiles; None where none of them was rated."""
    found = subject_totals(index) if index.items else {}
    totals = [found[one] for one in sorted(subjects) if one in found and one.group not in index.healthy]
    return tertiles(np.array(totals)) if totals else None


def targets_of(index: Index, schema: Schema, cutoffs: Cutoffs | None) -> Targets:
    """Return the targets of every clip of the index, in its order."""
    rated = scores(index) if schema.items and index.raters else None
    return targets([clip.group for clip in index.clips], schema, scores=rated, affected=affected(index), cutoffs=cutoffs)
