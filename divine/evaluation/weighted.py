"""Every metric of every draw of a bootstrap at once: a row that was drawn twice weighs two.

``W[d, n]`` says how often draw ``d`` takes row ``n``. Ratios of sums are matrix products; ranks are cumulative weights. The
numbers are those of ``metrics`` on the repeated rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from divine.evaluation.arrays import Arrays

_ROWS = 2_000_000
"""Weights that are held at a time."""


def drawn(arrays: Arrays, counts: Int[np.ndarray, "d s"], *, bins: int = 10) -> dict[str, Float[np.ndarray, " d"]]:
    """Return every metric under every draw of subjects; NaN where a draw cannot give it.

    Args:
        arrays: the table.
        counts: how often each draw takes each subject (``resampling.draw_subjects``).
        bins: of the expected calibration error.
    """
    size = max(1, _ROWS // max(len(arrays.target), 1))
    parts = [
        dict(_metrics(arrays, counts[start : start + size][:, arrays.subject].astype(float), bins))
        for start in range(0, len(counts), size)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def drawn_spearman(
    *,
    target: Float[np.ndarray, " n"],
    predicted: Float[np.ndarray, " n"],
    subject: Int[np.ndarray, " n"],
    counts: Int[np.ndarray, "d s"],
) -> Float[np.ndarray, " d"]:
    """Return ``metrics.spearman`` under every draw of subjects; NaN where a draw leaves either side constant.

    Args:
        target: a number per row.
        predicted: another.
        subject: whose each row is.
        counts: how often each draw takes each subject (``resampling.draw_subjects``).
    """
    size = max(1, _ROWS // max(len(target), 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [
            _spearman(target, predicted, counts[start : start + size][:, subject].astype(float))
            for start in range(0, len(counts), size)
        ]
    return np.concatenate(parts)


def _metrics(arrays: Arrays, weights: np.ndarray, bins: int) -> Iterator[tuple[str, np.ndarray]]:
    with np.errstate(invalid="ignore", divide="ignore"):
        yield from _diagnosis(arrays, weights, bins)
        for name, target, predicted in arrays.severity:
            known = np.isfinite(target)
            truth, said, w = target[known], predicted[known], weights[:, known]
            error = np.abs(said - truth)
            yield f"mae_{name}", w @ error / w.sum(axis=1)
            if name == "total":
                yield "rmse_total", np.sqrt(w @ error**2 / w.sum(axis=1))
                yield "spearman_total", _spearman(truth, said, w)


def _diagnosis(arrays: Arrays, weights: np.ndarray, bins: int) -> Iterator[tuple[str, np.ndarray]]:
    known = arrays.target >= 0
    true, said, probability, w = arrays.target[known], arrays.predicted[known], arrays.probability[known], weights[:, known]
    total = w.sum(axis=1)
    classes = probability.shape[1]
    yield "accuracy", w @ (true == said) / total
    scores = []
    for one in range(classes):
        hits, given, there = (w @ part for part in ((true == one) & (said == one), said == one, true == one))
        scores.append(2 * hits / (given + there))  # NaN where the class occurs in neither, which macro-F1 leaves out
    yield "macro_f1", _mean_of_known(np.stack(scores))
    yield "auroc", _mean_of_known(np.stack([_area(probability[:, one], true == one, w) for one in range(classes)]))
    yield "brier", w @ np.sum((probability - np.eye(classes)[true]) ** 2, axis=1) / total
    confidence = probability.max(axis=1, initial=0.0)
    right = probability.argmax(axis=1) == true if len(true) else np.zeros(0, dtype=bool)
    bin_of = np.clip(np.ceil(np.nan_to_num(confidence) * bins).astype(int) - 1, 0, bins - 1)
    gaps = [np.abs(w[:, bin_of == one] @ (right - confidence)[bin_of == one]) for one in range(bins)]
    yield "ece", np.sum(gaps, axis=0) / total


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0)


def _area(score: np.ndarray, inside: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weighted Mann-Whitney: of every pair of one inside and one outside, the share in which the one inside scores higher."""
    if np.isnan(score).any() or not len(score):
        return np.full(len(w), np.nan)
    _, tie = np.unique(score, return_inverse=True)
    within, without = _by_tie(w * inside, tie), _by_tie(w * ~inside, tie)
    below = np.cumsum(without, axis=1) - without
    return np.sum(within * (below + without / 2), axis=1) / (within.sum(axis=1) * without.sum(axis=1))


def _spearman(truth: np.ndarray, said: np.ndarray, w: np.ndarray) -> np.ndarray:
    if np.isnan(said).any() or not len(said):
        return np.full(len(w), np.nan)
    total = w.sum(axis=1, keepdims=True)
    a, b = (ranks - (w * ranks).sum(axis=1, keepdims=True) / total for ranks in (_ranks(truth, w), _ranks(said, w)))
    scale = np.sqrt((w * a**2).sum(axis=1) * (w * b**2).sum(axis=1))
    return np.where(scale > 1e-9 * total[:, 0], (w * a * b).sum(axis=1) / scale, np.nan)


def _ranks(values: np.ndarray, w: np.ndarray) -> np.ndarray:
    _, tie = np.unique(values, return_inverse=True)
    each = _by_tie(w, tie)
    return (np.cumsum(each, axis=1) - each + (each + 1) / 2)[:, tie]


def _by_tie(w: np.ndarray, tie: np.ndarray) -> np.ndarray:
    """Sum the weights of rows that share a value, values ascending."""
    order = np.argsort(tie, kind="stable")
    starts = np.flatnonzero(np.diff(tie[order], prepend=-1))
    return np.add.reduceat(w[:, order], starts, axis=1)
