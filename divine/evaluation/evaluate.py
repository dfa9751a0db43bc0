"""Prediction table → numbers: metrics per clip and per subject, spread over members, intervals over subjects."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from divine.evaluation import metrics
from divine.evaluation.arrays import Arrays
from divine.evaluation.resampling import BOOTSTRAPS, draw_subjects, percentile_interval
from divine.evaluation.table import Predictions
from divine.evaluation.weighted import drawn

Level = Literal["clip", "subject"]
_OF_DIAGNOSIS = ("accuracy", "macro_f1", "auroc", "brier", "ece")
"""The other metrics are of severity."""


class Estimate(NamedTuple):
    """One metric, estimated twice: by member (fold and seed), and on predictions averaged over seeds, all folds together.

    The two differ where members test few subjects: a member's mean may lie outside the interval, which is of the pooled value.
    """

    mean: float
    """Over members, each judged on its own test subjects; the paper's numbers are this.

    Where every member tests one subject, over seeds, each with all its folds together: one subject has no AUROC, and its
    macro-F1 is its accuracy.
    """
    std: float
    pooled: float
    low: float
    """Of the pooled value, 95 %, over subjects."""
    high: float


@dataclass(frozen=True)
class Result:
    """The metrics of one system in one setting; a metric that the data cannot give, or no member's own rows, is absent."""

    system: str
    tasks: str
    modalities: str
    level: Level
    metrics: dict[str, Estimate]


def evaluate(predictions: Predictions, *, tasks: str, seed: int = 0) -> tuple[Result, ...]:
    """Evaluate the test rows of a table, per system, modality setting and level.

    Mean and standard deviation are over members, each judged on its own test subjects. The interval is the percentile
    interval of a bootstrap (Efron 1979) over *subjects*, drawn within their diagnosis, each with all its clips, on
    predictions averaged over seeds. Metrics of what the run's objective left out are absent.

    Args:
        predictions: the table; rows of other parts than ``test`` are left out.
        tasks: the name of the task set that the run used.
        seed: of the bootstrap.
    """
    tested = predictions.where(part="test")
    settings = tested.frame[["system", "modalities"]].drop_duplicates().itertuples(index=False)
    found = []
    for system, modalities in sorted(settings):
        judged = tested.where(system=system, modalities=modalities)
        rows = Arrays.of(judged)
        for level in get_args(Level):
            estimates = {name: one for name, one in _estimates(rows, level, seed).items() if learned(name, judged)}
            found.append(Result(str(system), tasks, str(modalities), level, estimates))
    return tuple(found)


def learned(metric: str, predictions: Predictions) -> bool:
    """Say whether a metric judges what the table's runs learned: objective C is the diagnosis alone, R severity alone.

    The head that an objective leaves out answers all the same, untrained.
    """
    left_out = "R" if metric in _OF_DIAGNOSIS else "C"
    return not (predictions.frame["objective"] == left_out).any()


def _estimates(rows: Arrays, level: Level, seed: int) -> dict[str, Estimate]:
    runs = pd.DataFrame(list(by_member(at(rows, level)).values()))
    pooled = at(rows.over_members(), level)
    whole, draws = score_rows(pooled), drawn(pooled, draw_subjects(strata=pooled.strata, draws=BOOTSTRAPS, seed=seed))
    estimates = {}
    for name in runs.columns:
        values, (low, high) = runs[name].dropna(), percentile_interval(draws[str(name)])
        if len(values) and isfinite(low):
            estimates[str(name)] = Estimate(float(values.mean()), float(values.std(ddof=0)), whole[str(name)], low, high)
    return estimates


def at(rows: Arrays, level: Level) -> Arrays:
    """Return rows per clip as they are, or averaged per subject."""
    return rows if level == "clip" else rows.by_subject()


def by_member(rows: Arrays) -> dict[int, dict[str, float]]:
    """Compute every metric of each member (fold and seed, as ``Arrays`` numbers them) on its own rows.

    Where every member tests one subject: of each seed, by its number, on the rows of all its folds.
    """
    unit = rows.seed if rows.one_subject_each else rows.member
    return {int(one): score_rows(rows.rows(unit == one)) for one in np.unique(unit)}


def score_rows(arrays: Arrays) -> dict[str, float]:
    """Compute every metric on all rows together; NaN where the rows cannot give it."""
    target, probability = arrays.target, arrays.probability
    found = {
        "accuracy": metrics.accuracy(target=target, predicted=arrays.predicted),
        "macro_f1": metrics.macro_f1(target=target, predicted=arrays.predicted),
        "auroc": metrics.auroc(target=target, probability=probability),
        "brier": metrics.brier(target=target, probability=probability),
        "ece": metrics.ece(target=target, probability=probability),
    }
    for name, truth, said in arrays.severity:
        found[f"mae_{name}"] = metrics.mae(target=truth, predicted=said)
        if name == "total":
            found["rmse_total"] = metrics.rmse(target=truth, predicted=said)
            found["spearman_total"] = metrics.spearman(target=truth, predicted=said)
    return found
