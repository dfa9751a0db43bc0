"""Prediction table → numbers: metrics per clip and per subject, spread over members, intervals over subjects."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple

import pandas as pd

from divine.evaluation import metrics
from divine.evaluation.arrays import Arrays
from divine.evaluation.resampling import BOOTSTRAPS, draw_subjects, percentile_interval
from divine.evaluation.table import Predictions
from divine.evaluation.weighted import drawn

Level = Literal["clip", "subject"]


class Estimate(NamedTuple):
    """One metric: mean and standard deviation over members (folds × seeds), 95 % interval over subjects."""

    mean: float
    std: float
    low: float
    high: float


@dataclass(frozen=True)
class Result:
    """The metrics of one system in one setting; a metric that the data cannot give is absent."""

    system: str
    tasks: str
    modalities: str
    level: Level
    metrics: dict[str, Estimate]


def evaluate(predictions: Predictions, *, tasks: str, seed: int = 0) -> tuple[Result, ...]:
    """Evaluate the test rows of a table, per system, modality setting and level.

    Mean and standard deviation are over members, each judged on its own test subjects. The interval is the percentile
    interval of a bootstrap (Efron 1979) over *subjects*, drawn within their diagnosis, each with all its clips, on
    predictions averaged over seeds.

    Args:
        predictions: the table; rows of other parts than ``test`` are left out.
        tasks: the name of the task set that the run used.
        seed: of the bootstrap.
    """
    tested = predictions.where(part="test")
    settings = tested.frame[["system", "modalities"]].drop_duplicates().itertuples(index=False)
    return tuple(
        _result(tested.where(system=system, modalities=modalities), str(system), tasks, str(modalities), level, seed)
        for system, modalities in sorted(settings)
        for level in ("clip", "subject")
    )


def _result(rows: Predictions, system: str, tasks: str, modalities: str, level: Level, seed: int) -> Result:
    members = rows if level == "clip" else rows.by_subject()
    runs = [score(Predictions(part)) for _, part in members.frame.groupby(["fold", "seed"], sort=True)]
    pooled = rows.over_seeds()
    arrays = Arrays.of(pooled if level == "clip" else pooled.by_subject())
    draws = drawn(arrays, draw_subjects(strata=arrays.strata, draws=BOOTSTRAPS, seed=seed))
    table = pd.DataFrame(runs)
    estimates = {}
    for name in table.columns:
        values, (low, high) = table[name].dropna(), percentile_interval(draws[str(name)])
        if len(values) and isfinite(low):
            estimates[str(name)] = Estimate(float(values.mean()), float(values.std(ddof=0)), low, high)
    return Result(system, tasks, modalities, level, estimates)


def score(predictions: Predictions) -> dict[str, float]:
    """Compute every metric on all rows together; NaN where the rows cannot give it."""
    return _score(Arrays.of(predictions))


def _score(arrays: Arrays) -> dict[str, float]:
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
