"""Prediction table → numbers: metrics per clip and per subject, spread over members, intervals over subjects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from divine.evaluation import metrics
from divine.evaluation.table import Predictions

Level = Literal["clip", "subject"]
BOOTSTRAPS = 1000
COVERAGE = 0.95


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
    drawn = pd.DataFrame(_bootstrap(pooled if level == "clip" else pooled.by_subject(), np.random.default_rng(seed)))
    table = pd.DataFrame(runs)
    estimates = {}
    for name in table.columns:
        values, draws = table[name].dropna(), drawn[name].dropna()
        if len(values) and len(draws):
            low, high = np.quantile(draws, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
            estimates[str(name)] = Estimate(float(values.mean()), float(values.std(ddof=0)), float(low), float(high))
    return Result(system, tasks, modalities, level, estimates)


def score(predictions: Predictions) -> dict[str, float]:
    """Compute every metric on all rows together; NaN where the rows cannot give it."""
    return _score(_Arrays.of(predictions))


class _Arrays(NamedTuple):
    """A table as arrays, so that a bootstrap draws rows and not frames."""

    target: np.ndarray
    predicted: np.ndarray
    probability: np.ndarray
    severity: tuple[tuple[str, np.ndarray, np.ndarray], ...]

    @classmethod
    def of(cls, predictions: Predictions) -> _Arrays:
        frame, classes = predictions.frame, predictions.classes
        number = {name: place for place, name in enumerate(classes)}
        names = [name for name in ("total", *predictions.items) if f"target_{name}" in frame]
        return cls(
            frame["target"].map(number).fillna(-1).to_numpy(int),
            frame["prediction"].map(number).fillna(-1).to_numpy(int),
            frame[[f"probability_{name}" for name in classes]].to_numpy(float),
            tuple((n, frame[f"target_{n}"].to_numpy(float), frame[f"predicted_{n}"].to_numpy(float)) for n in names),
        )

    def rows(self, index: np.ndarray) -> _Arrays:
        severity = tuple((name, target[index], predicted[index]) for name, target, predicted in self.severity)
        return _Arrays(self.target[index], self.predicted[index], self.probability[index], severity)


def _score(arrays: _Arrays) -> dict[str, float]:
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


def _bootstrap(predictions: Predictions, rng: np.random.Generator) -> Iterator[dict[str, float]]:
    arrays = _Arrays.of(predictions)
    frame = predictions.frame.reset_index(drop=True)
    groups = [
        [rows.to_numpy() for _, rows in people.groupby(["dataset", "subject"], sort=True).groups.items()]
        for _, people in frame.groupby("group", sort=True)
    ]
    for _ in range(BOOTSTRAPS):
        drawn = [people[place] for people in groups for place in rng.integers(len(people), size=len(people))]
        yield _score(arrays.rows(np.concatenate(drawn)))
