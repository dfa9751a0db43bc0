"""Two systems on the same people: differences, their intervals, and three tests of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np
import pandas as pd

from divine.evaluation.arrays import Arrays
from divine.evaluation.evaluate import Level, at, by_member, learned, score_rows
from divine.evaluation.resampling import BOOTSTRAPS, draw_subjects, percentile_interval
from divine.evaluation.significance import corrected_resampled_t, holm, wilcoxon
from divine.evaluation.table import PERSON, Predictions, TableError
from divine.evaluation.weighted import drawn

PRIMARY = ("accuracy", "mae_total")
"""The metrics that are tested: one of the diagnosis, one of severity, both means over clips, so a subject has a value."""


class Sizes(NamedTuple):
    """How many subjects a member was trained and tested on, on average."""

    train: float
    test: float


@dataclass(frozen=True)
class Comparison:
    """One metric of two systems in one setting. What a metric or the data cannot give is None."""

    metric: str
    setting: str
    """Modalities at test time; of both systems, where they differ."""
    level: Level
    first: float
    second: float
    """On predictions averaged over seeds, out of fold."""
    low: float
    high: float
    """95 % interval of ``difference``: both systems judged on the same drawn subjects."""
    subjects: int
    clips: int
    """What both systems judged."""
    wilcoxon_p: float | None
    """Over subjects, on their mean score over seeds and clips."""
    wilcoxon_holm_p: float | None
    """The same, corrected for all tests of the primary metrics; None for other metrics, which are exploratory."""
    runs_p: float | None
    """Wilcoxon over folds × seeds, as the paper does: its runs share subjects, so it is too sure.

    None where a run tests one subject, as is the next.
    """
    corrected_t_p: float | None
    """Nadeau and Bengio's test over the same runs."""

    @property
    def difference(self) -> float:
        """First minus second."""
        return self.first - self.second


def compare(
    first: Predictions, second: Predictions, *, level: Level, setting: str, sizes: Sizes | None = None, seed: int = 0
) -> tuple[Comparison, ...]:
    """Compare two systems, each given as its test rows of one setting, on the clips that both judged.

    Macro-F1, areas and correlations belong to no single subject: for them there is no Wilcoxon test over subjects. Metrics of
    what either system's objective left out are absent. Where every member tests one subject there are no tests over runs.

    Args:
        first: one system's rows.
        second: the other's, under the same split.
        level: per clip, or per subject with its clips' predictions averaged.
        setting: how to name the setting.
        sizes: of the members; without them there is no corrected t-test.
        seed: of the bootstrap.

    Raises:
        TableError: no clip was judged by both.
    """
    tables = _on_common_clips(first, second)
    both = [Arrays.of(rows) for rows in tables]
    members = [at(rows, level) for rows in both]
    pooled = [at(rows.over_members(), level) for rows in both]
    runs = _runs(*members)
    counts = draw_subjects(strata=pooled[0].strata, draws=BOOTSTRAPS, seed=seed)
    draws = [drawn(one, counts) for one in pooled]
    points = [score_rows(one) for one in pooled]
    people = [_of_subjects(one) for one in members]
    found = []
    for name in points[0]:
        if name not in points[1] or not isfinite(points[0][name] - points[1][name]):
            continue
        if not all(learned(name, one) for one in tables):
            continue
        low, high = percentile_interval(draws[0][name] - draws[1][name])
        per_run = runs[name].to_numpy(float) if name in runs else np.zeros(0)
        each = (people[0][name] - people[1][name]).to_numpy(float) if name in people[0] and name in people[1] else np.zeros(0)
        found.append(
            Comparison(
                metric=name,
                setting=setting,
                level=level,
                first=points[0][name],
                second=points[1][name],
                low=low,
                high=high,
                subjects=len(pooled[0].strata),
                clips=len(np.unique(both[0].clip)),
                wilcoxon_p=_known(wilcoxon(differences=each)),
                wilcoxon_holm_p=None,
                runs_p=_known(wilcoxon(differences=per_run)),
                corrected_t_p=_corrected_t(per_run, sizes),
            )
        )
    return tuple(found)


def corrected(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """Correct the Wilcoxon tests of the primary metrics for their number (Holm 1979); the others stay exploratory."""
    found = tuple(comparisons)
    raw = [one.wilcoxon_p if one.metric in PRIMARY else None for one in found]
    raised = holm(p_values=[float("nan") if p is None else p for p in raw])
    return tuple(dataclasses.replace(one, wilcoxon_holm_p=_known(p)) for one, p in zip(found, raised, strict=True))


def _corrected_t(per_run: np.ndarray, sizes: Sizes | None) -> float | None:
    if sizes is None:
        return None
    return _known(corrected_resampled_t(differences=per_run, train=sizes.train, test=sizes.test))


def _known(value: float) -> float | None:
    return value if isfinite(value) else None


def _on_common_clips(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    keys = [*PERSON, "clip"]
    common = first.frame[keys].drop_duplicates().merge(second.frame[keys].drop_duplicates(), on=keys)
    if not len(common):
        raise TableError("no clip was judged by both systems: nothing can be compared.")
    return Predictions(first.frame.merge(common, on=keys)), Predictions(second.frame.merge(common, on=keys))


def _runs(first: Arrays, second: Arrays) -> pd.DataFrame:
    """Return the difference of every metric, a row per fold and seed that both have; none where a run tests one subject."""
    if first.one_subject_each or second.one_subject_each:
        # One subject has no areas and no ranks. Whole seeds would do, but all of them test the same people: they are no samples
        # of test subjects, which is what both tests over runs take them for.
        return pd.DataFrame()
    tables = [pd.DataFrame.from_dict(by_member(one), orient="index") for one in (first, second)]
    return (tables[0] - tables[1]).dropna(how="all")


def _of_subjects(arrays: Arrays) -> pd.DataFrame:
    """Return each subject's mean score over seeds and clips, for the metrics that are a mean over clips."""
    truth = np.eye(arrays.probability.shape[1])[arrays.target]
    scores = {
        "accuracy": (arrays.target == arrays.predicted).astype(float),
        "brier": np.sum((arrays.probability - truth) ** 2, axis=1),
    }
    scores = {name: np.where(arrays.target >= 0, values, np.nan) for name, values in scores.items()}
    scores |= {f"mae_{one.name}": np.abs(one.predicted - one.target) for one in arrays.severity}
    return pd.DataFrame(scores).groupby(arrays.subject, sort=True).mean()
