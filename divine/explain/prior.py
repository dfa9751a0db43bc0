"""What is said of anybody: the answer to a clip of which no modality is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from divine.data.ratings import raters_mean, scores
from divine.data.schema import ClipEntry, Index
from divine.data.splits import Split
from divine.explain.errors import ExplainError
from divine.explain.removal import Answer


def prior(index: Index, split: Split, clip: ClipEntry, classes: Sequence[str]) -> Answer:
    """Return the share of each class among the training subjects' clips and the sum of their median scores.

    That is the ``majority`` baseline of the run, averaged over those members that test the clip's subject.

    Args:
        index: the clips that the run was made of.
        split: of the run.
        clip: one of them.
        classes: the order of the probabilities.

    Raises:
        ExplainError: no member tests the clip's subject.
    """
    members = [fold for fold in split.members if clip.person in fold.test]
    if not members:
        raise ExplainError(f"{clip.person}: no member of the run tests this subject, so there is no prior for it.")
    means = raters_mean(scores(index))
    shares, totals = [], []
    for fold in members:
        people = set(fold.train)
        train = np.array([row for row, one in enumerate(index.clips) if one.person in people])
        shares.append([np.mean([index.clips[row].group == name for row in train]) for name in classes])
        rated = np.isfinite(means[train]).any(axis=0)
        totals.append(float(np.nanmedian(means[train], axis=0).sum()) if means.shape[1] and rated.all() else np.nan)
    total = float(np.mean(totals))
    return Answer(frozenset(), np.mean(shares, axis=0), total if np.isfinite(total) else None)
