"""Ratings of an index as arrays, as training and statistics want them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from jaxtyping import Bool, Float

from divine.data.schema import Index, Subject


def scores(index: Index) -> Float[np.ndarray, "b k r"]:
    """Return the score per clip, item and rater, in the index's orders; NaN where that rater gave none."""
    found = np.full((len(index.clips), len(index.items), len(index.raters)), np.nan)
    for row, clip in enumerate(index.clips):
        for rating in clip.ratings:
            given = [np.nan if score is None else score for score in rating.scores]
            found[row, :, index.raters.index(rating.rater)] = given
    return found


def affected(index: Index) -> Bool[np.ndarray, " b"]:
    """Whether each clip's subject has a disorder."""
    return np.array([clip.group not in index.healthy for clip in index.clips], dtype=bool)


def clip_totals(index: Index) -> Float[np.ndarray, " b"]:
    """Return per clip the sum over items of the raters' mean; NaN where an item was rated by nobody."""
    given = scores(index)
    counts = np.isfinite(given).sum(axis=2)
    means = np.nansum(given, axis=2) / np.maximum(counts, 1)
    complete = (counts > 0).all(axis=1) & (given.shape[1] > 0)
    return np.where(complete, means.sum(axis=1), np.nan)


def subject_totals(index: Index) -> dict[Subject, float]:
    """Return the mean total of each subject's rated clips; whoever has none is left out."""
    found: defaultdict[Subject, list[float]] = defaultdict(list)
    for clip, total in zip(index.clips, clip_totals(index).tolist(), strict=True):
        if np.isfinite(total):
            found[clip.person].append(total)
    return {person: float(np.mean(totals)) for person, totals in found.items()}
