"""Metrics of diagnosis and severity: pure functions of arrays, each with its formula and what it says at the edges.

An unknown target (a class of -1, a score of NaN) is left out. A metric that what remains cannot give is NaN, never zero. A NaN
among the *predictions* of known targets makes the metric NaN: it is a fault, not a gap.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata


def accuracy(*, target: Int[np.ndarray, " n"], predicted: Int[np.ndarray, " n"]) -> float:
    """Share of known targets that were predicted: ``mean(target == predicted)``. NaN without a known target.

    >>> accuracy(target=np.array([0, 1, 2, -1]), predicted=np.array([0, 1, 1, 0])).__round__(3)
    0.667
    """
    known = target >= 0
    return float(np.mean(target[known] == predicted[known])) if known.any() else float("nan")


def macro_f1(*, target: Int[np.ndarray, " n"], predicted: Int[np.ndarray, " n"]) -> float:
    """Mean over classes of ``F1 = 2 TP / (2 TP + FP + FN)``.

    Over the classes that occur among the known targets or their predictions: a class that occurs in neither has no F1, one that
    occurs in only one of them has F1 = 0. NaN without a known target.

    >>> macro_f1(target=np.array([0, 0, 1, 1]), predicted=np.array([0, 0, 1, 0])).__round__(3)
    0.733
    """
    known = target >= 0
    true, said = target[known], predicted[known]
    scores = []
    for one in np.union1d(true, said):
        hits = np.sum((true == one) & (said == one))
        scores.append(2 * hits / (np.sum(true == one) + np.sum(said == one)))
    return float(np.mean(scores)) if scores else float("nan")


def auroc(*, target: Int[np.ndarray, " n"], probability: Float[np.ndarray, "n c"]) -> float:
    """Area under the ROC curve, each class against the rest, averaged over classes.

    Per class the chance that a clip of the class has a higher probability of it than another clip, ties counting half:
    ``(R - n1 (n1 + 1) / 2) / (n1 n0)`` with ``R`` the sum of the class's ranks (Mann and Whitney 1947). Over the classes that
    have both clips and others; NaN where no class has.

    >>> auroc(target=np.array([0, 0, 1, 1]), probability=np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.5, 0.5]]))
    0.75
    """
    known = target >= 0
    true, said = target[known], probability[known]
    if np.isnan(said).any():
        return float("nan")
    areas = []
    for one in range(said.shape[1]):
        inside = true == one
        n1, n0 = int(inside.sum()), int((~inside).sum())
        if n1 and n0:
            ranks = rankdata(said[:, one])
            areas.append((ranks[inside].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))
    return float(np.mean(areas)) if areas else float("nan")


def brier(*, target: Int[np.ndarray, " n"], probability: Float[np.ndarray, "n c"]) -> float:
    """``mean_n sum_c (p_c - [target = c])^2``: 0 is perfect, 2 is certain and wrong (Brier 1950). NaN without a known target.

    >>> brier(target=np.array([0, 1]), probability=np.array([[1.0, 0.0], [0.5, 0.5]]))
    0.25
    """
    known = target >= 0
    truth = np.eye(probability.shape[1])[target[known]]
    return float(np.mean(np.sum((probability[known] - truth) ** 2, axis=1))) if known.any() else float("nan")


def ece(*, target: Int[np.ndarray, " n"], probability: Float[np.ndarray, "n c"], bins: int = 10) -> float:
    """Expected calibration error of the predicted class: ``sum_b (n_b / n) |accuracy_b - confidence_b|``.

    Confidence is the highest probability; bins are equally wide, each without its lower and with its upper edge, as in Guo,
    Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017. NaN without a known target.

    >>> ece(target=np.array([0, 0]), probability=np.array([[0.8, 0.2], [0.8, 0.2]])).__round__(3)
    0.2
    """
    known = target >= 0
    true, said = target[known], probability[known]
    if not len(true) or np.isnan(said).any():
        return float("nan")
    confidence, right = said.max(axis=1), said.argmax(axis=1) == true
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = [abs(np.sum(right[bin_of == one]) - np.sum(confidence[bin_of == one])) for one in range(bins)]
    return float(np.sum(gaps) / len(true))


def mae(*, target: Float[np.ndarray, " n"], predicted: Float[np.ndarray, " n"]) -> float:
    """``mean |predicted - target|``, in the unit of the target. NaN without a known target.

    >>> mae(target=np.array([5.0, 10.0, np.nan]), predicted=np.array([6.0, 13.0, 0.0]))
    2.0
    """
    error = _errors(target, predicted)
    return float(np.mean(np.abs(error))) if len(error) else float("nan")


def rmse(*, target: Float[np.ndarray, " n"], predicted: Float[np.ndarray, " n"]) -> float:
    """``sqrt(mean (predicted - target)^2)``, in the unit of the target; never below ``mae``. NaN without a known target.

    >>> rmse(target=np.array([5.0, 10.0]), predicted=np.array([6.0, 17.0]))
    5.0
    """
    error = _errors(target, predicted)
    return float(np.sqrt(np.mean(error**2))) if len(error) else float("nan")


def spearman(*, target: Float[np.ndarray, " n"], predicted: Float[np.ndarray, " n"]) -> float:
    """Pearson correlation of the ranks, ties sharing their mean rank (Spearman 1904).

    NaN with fewer than two known targets, or where either side is constant.

    >>> spearman(target=np.array([1.0, 2.0, 3.0]), predicted=np.array([10.0, 20.0, 15.0]))
    0.5
    """
    known = np.isfinite(target)
    true, said = target[known], predicted[known]
    if len(true) < 2 or np.isnan(said).any():
        return float("nan")
    a, b = (ranks - ranks.mean() for ranks in (rankdata(true), rankdata(said)))
    scale = np.sqrt(np.sum(a**2) * np.sum(b**2))
    return float(np.sum(a * b) / scale) if scale > 0 else float("nan")


def _errors(target: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    known = np.isfinite(target)
    return predicted[known] - target[known]
