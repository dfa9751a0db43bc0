"""Ratings of an index as arrays, as training and statistics want them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from jaxtyping import Bool, Float

from divine.data.schema import ClipEntry, Index, Subject


def scores(index: Index) -> Float[np.ndarray, "b k r"]:
    """Return the score per clip, item and rater, in the index's orders; NaN where that rater gave none."""
    found = np.full((len(index.clips), len(index.items), len(index.raters)), np.nan)
    for row, clip in enumerate(index.clips):
        found[row] = clip_scores(index, clip)
    return found


def clip_scores(index: Index, clip: ClipEntry) -> Float[np.ndarray, "k r"]:
    """Return the score of one clip per item and rater, in the index's orders; NaN where that rater gave none."""
    found = np.full((len(index.items), len(index.raters)), np.nan)
    for rating in clip.ratings:
        found[:, index.raters.index(rating.rater)] = [np.nan if score is None else score for score in rating.scores]
    return found


def raters_mean(given: Float[np.ndarray, "*shape r"]) -> Float[np.ndarray, "*shape"]:
    """Return the mean over raters, the last axis, of those who gave a score; NaN where nobody did."""
    known = np.isfinite(given)
    count = known.sum(axis=-1)
    return np.where(count > 0, np.where(known, given, 0.0).sum(axis=-1) / np.maximum(count, 1), np.nan)


def totals(given: Float[np.ndarray, "b k r"]) -> Float[np.ndarray, " b"]:
    """Return the sum over items of the raters' mean; NaN where an item was rated by nobody, or where there are no items."""
    means = raters_mean(given)
    return means.sum(axis=1) if means.shape[1] else np.full(len(means), np.nan)


def affected(index: Index) -> Bool[np.ndarray, " b"]:
    """Whether each clip's subject has a disorder."""
    return np.array([clip.group not in index.healthy for clip in index.clips], dtype=bool)


def clip_totals(index: Index) -> Float[np.ndarray, " b"]:
    """Return per clip the sum over items of the raters' mean; NaN where an item was rated by nobody."""
    return totals(scores(index))


def subject_totals(index: Index) -> dict[Subject, float]:
    """Return the mean total of each subject's rated clips; whoever has none is left out."""
    found: defaultdict[Subject, list[float]] = defaultdict(list)
    for clip, total in zip(index.clips, clip_totals(index).tolist(), strict=True):
        if np.isfinite(total):
            found[clip.person].append(total)
    return {person: float(np.mean(totals)) for person, totals in found.items()}
