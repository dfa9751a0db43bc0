"""Two runs, or a run and another cohort → what ``divine compare`` and ``divine validate`` say (``docs/statistics.md``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import get_args

import numpy as np

from divine.evaluation.compare import Comparison, Sizes, compare, corrected
from divine.evaluation.evaluate import Level, evaluate
from divine.report.document import Document
from divine.report.errors import ReportError
from divine.training.external import External
from divine.training.run import Run


@dataclass(frozen=True)
class Versus:
    """Two runs under the same split, setting by setting."""

    first: Run
    second: Run
    comparisons: tuple[Comparison, ...]
    synthetic: bool


def compare_runs(first: Run, second: Run) -> Versus:
    """Compare the systems of two runs on the same people, per clip and per subject, in every setting that both have.

    Where the fullest settings differ (a run of one encoder against one of two), they are compared too. Wilcoxon tests
    of the primary metrics are corrected for their number within each level.

    Raises:
        ReportError: the runs are of other people, other recordings or another split, or learned nothing in common.
        TrainingError: one is not finished, or its split was altered.
    """
    for run in (first, second):
        run.verify()
    specs, states = (first.spec(), second.spec()), (first.status(), second.status())
    if specs[0].tasks != specs[1].tasks:
        raise ReportError(
            f"{first.folder.name} used the tasks {specs[0].tasks}, {second.folder.name} {specs[1].tasks}: "
            "differences would be those of the recordings. Compare runs of the same tasks."
        )
    if states[0].proof != states[1].proof:
        raise ReportError(_why_not(first, second))
    if {spec.objective for spec in specs} == {"C", "R"}:
        raise ReportError(
            f"one of {first.folder.name} and {second.folder.name} learned the diagnosis alone, the other severity alone "
            f"(objectives {specs[0].objective} and {specs[1].objective}): compare runs that learned the same."
        )
    tables = [
        run.predictions().where(part="test", system=spec.system) for run, spec in zip((first, second), specs, strict=True)
    ]
    sizes = sizes_of(first)
    found: list[Comparison] = []
    for level in get_args(Level):
        family = (
            one
            for a, b in _settings(*(sorted(set(table.frame["modalities"])) for table in tables))
            for one in compare(
                tables[0].where(modalities=a),
                tables[1].where(modalities=b),
                level=level,
                setting=a if a == b else f"{a} | {b}",
                sizes=sizes,
            )
        )
        found += corrected(family)
    return Versus(first, second, tuple(found), any(state.synthetic for state in states))


def comparison_document(versus: Versus) -> Document:
    """Put a comparison into the shape of ``divine compare --json``."""
    return {
        "first": _about(versus.first),
        "second": _about(versus.second),
        "synthetic": versus.synthetic,
        "split_proof": versus.first.status().proof,
        "comparisons": [_plain(one) for one in versus.comparisons],
    }


def validation_document(run: Run, data: Path, external: External) -> Document:
    """Put an external validation into the shape of ``divine validate --json``."""
    spec = run.spec()
    results = evaluate(external.predictions, tasks=spec.tasks)
    return {
        **_about(run),
        "data": data.name,
        "classes": list(external.predictions.classes),
        "members": external.members,
        "subjects": external.subjects,
        "clips": external.clips,
        "synthetic": external.synthetic,
        "notes": list(external.notes),
        "results": [
            {
                "tasks": one.tasks,
                "modalities": one.modalities,
                "level": one.level,
                # one ensemble: a spread over members would be that of something else
                "metrics": {
                    name: {"mean": round(e.mean, 6), "low": round(e.low, 6), "high": round(e.high, 6)}
                    for name, e in one.metrics.items()
                    if isfinite(e.mean)
                },
            }
            for one in results
        ],
        "split_proof": run.status().proof,
    }


def _about(run: Run) -> Document:
    spec = run.spec()
    names = {"run": run.folder.name, "system": spec.system, "encoders": spec.encoders, "objective": spec.objective}
    return names | {"train_modalities": spec.train_modalities, "folds": spec.folds, "seeds": spec.seeds}


def _plain(one: Comparison) -> Document:
    values = asdict(one) | {"difference": one.difference}
    return {name: round(v, 6) if isinstance(v, float) else v for name, v in values.items() if v is not None}


def _settings(first: list[str], second: list[str]) -> Iterator[tuple[str, str]]:
    common = [one for one in first if one in second]
    yield from ((one, one) for one in common)
    full = max(first, key=len), max(second, key=len)
    if full[0] != full[1]:
        yield full


def _people(run: Run) -> set[tuple[str, ...]]:
    frame = run.predictions().frame[["dataset", "group", "subject"]].drop_duplicates()
    return {tuple(str(part) for part in row) for row in frame.itertuples(index=False)}


def _why_not(first: Run, second: Run) -> str:
    names = f"{first.folder.name} and {second.folder.name}"
    only = [len(_people(a) - _people(b)) for a, b in ((first, second), (second, first))]
    if any(only):
        return f"{names} are of different cohorts ({only[0]} and {only[1]} subjects of their own): nothing can be paired."
    return f"{names} split the same people differently: train both with the same folds and seeds, then compare."


def sizes_of(run: Run) -> Sizes:
    """Read from the stored split how many subjects train and are tested, on average."""
    members: Iterable[dict[str, list[int]]] = json.loads(run.split_file.read_bytes())["members"]
    train, test = np.mean([(len(one["train"]), len(one["test"])) for one in members], axis=0)
    return Sizes(float(train), float(test))
