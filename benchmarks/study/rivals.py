"""DIVINE beside its rivals on synthetic cohorts, complete and with a modality missing.

``python -m benchmarks.study.rivals --seeds 200-204`` prints the tables of docs/study.md, part (b); an interrupted run goes on.
Every system trains through the ordinary cross-validation on the same folds of the same people; SYNTHETIC data, which says
nothing about patients. ``--workers 2`` trains two members side by side.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from benchmarks.study.cohorts import cache, cohort, parse_seeds
from divine.evaluation.compare import Comparison, compare
from divine.evaluation.table import Predictions
from divine.store import Store
from divine.training.config import TrainingConfig
from divine.training.cross_validate import cross_validate
from divine.training.run import Run
from divine.training.spec import RunSpec, configure

NARROW = 105
"""Any width that asks for the small preset: KI and AC are hand-crafted features."""
CLASSICAL = ("logistic", "random-forest", "svm")
SYSTEMS = ("divine", "concat", *CLASSICAL)
SETTINGS = ("audio+video", "video", "audio")
METRICS = {"auroc": "AUROC", "macro_f1": "macro-F1", "mae_total": "MAE of the total"}
LOWER_IS_BETTER = {"mae_total"}


class Line(NamedTuple):
    """DIVINE against one rival."""

    rival: str
    found: Comparison


def predictions(system: str, seed: int, subjects: int, seeds: int, workers: int) -> Predictions:
    """Cross-validate one system on one cohort, or read what an earlier call made of it."""
    spec = RunSpec(
        str(cohort(seed, subjects, workers=workers)), "KI+AC", configure(system, "M", NARROW), system, seeds=seeds,
        training=TrainingConfig(),
    )  # fmt: skip
    run = Run(cache() / f"run_{system}_{seed}_{subjects}_{seeds}")
    cross_validate(spec, run, Store(cache() / "store"), workers=workers)
    frame = run.predictions().where(part="test").frame
    return Predictions(frame.assign(dataset=f"cohort {seed}"))


def pooled(system: str, cohorts: Sequence[int], subjects: int, seeds: int, workers: int) -> Predictions:
    """Put the people of several cohorts together; each was judged by models of the own cohort."""
    found = [predictions(system, seed, subjects, seeds, workers).frame for seed in cohorts]
    return Predictions(pd.concat(found, ignore_index=True))


def lines(tables: dict[str, Predictions], setting: str) -> list[Line]:
    """Compare DIVINE with every rival in one setting."""
    rows = {name: table.where(modalities=setting) for name, table in tables.items()}
    return [
        Line(rival, one)
        for rival in rows
        if rival != "divine"
        for one in compare(rows["divine"], rows[rival], level="subject", setting=setting)
        if one.metric in METRICS
    ]


def markdown(found: Sequence[Line]) -> str:
    """Write the comparisons as a table; of the classical systems the best by this very metric is marked."""
    text = ["| setting | metric | rival | DIVINE | rival's | difference [95 %] | |", "|---|---|---|---|---|---|---|"]
    for setting in SETTINGS:
        for metric, title in METRICS.items():
            here = [line for line in found if line.found.setting == setting and line.found.metric == metric]
            sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
            best = max((line for line in here if line.rival in CLASSICAL), key=lambda line: sign * line.found.second)
            for line in here:
                one = line.found
                worse = one.high < 0 if sign > 0 else one.low > 0
                better = one.low > 0 if sign > 0 else one.high < 0
                verdict = "worse" if worse else "better" if better else ""
                mark = " (best classical)" if line is best else ""
                text.append(
                    f"| {setting} | {title} | {line.rival}{mark} | {one.first:.3f} | {one.second:.3f} "
                    f"| {one.difference:+.3f} [{one.low:+.3f}, {one.high:+.3f}] | {verdict} |"
                )
    return "\n".join(text)


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=parse_seeds, default=parse_seeds("200-204"), help="of the cohorts")
    parser.add_argument("--subjects", type=int, default=36)
    parser.add_argument("--redraws", type=int, default=1, help="seeds of each run: so often are its folds redrawn")
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS))
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    tables = {name: pooled(name, asked.seeds, asked.subjects, asked.redraws, asked.workers) for name in asked.systems}
    found = [line for setting in SETTINGS for line in lines(tables, setting)]
    people, cohorts = found[0].found.subjects, ", ".join(map(str, asked.seeds))
    print(f"SYNTHETIC. Cohorts {cohorts}: {people} subjects; five folds, drawn {asked.redraws} times.\n")
    print(markdown(found))


if __name__ == "__main__":
    main()
