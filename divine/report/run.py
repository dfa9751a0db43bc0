"""A run's results → the JSON document that others parse (``docs/json.md``)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from divine.evaluation.evaluate import Estimate, Result
from divine.report.document import Document
from divine.training.run import Run


def run_document(run: Run, results: Iterable[Result]) -> Document:
    """Put the results of a run into the shape of ``divine evaluate --json``."""
    spec, status, predictions = run.spec(), run.status(), run.predictions()
    results = list(results)
    others = sorted({result.system for result in results} - {spec.system})
    return {
        "run": run.folder.name,
        "system": spec.system,
        "encoders": spec.encoders,
        "classes": list(predictions.classes),
        "folds": spec.folds,
        "seeds": spec.seeds,
        "synthetic": status.synthetic,
        "results": [_result(result) for result in results if result.system == spec.system],
        "baselines": [
            {"system": system, "results": [_result(result) for result in results if result.system == system]}
            for system in others
        ],
        "split_proof": status.proof,
    }


def _result(result: Result) -> Document:
    metrics = {name: _estimate(estimate) for name, estimate in result.metrics.items()}
    return {"tasks": result.tasks, "modalities": result.modalities, "level": result.level, "metrics": metrics}


def _estimate(estimate: Estimate) -> Document:
    return {name: round(value, 6) for name, value in estimate._asdict().items() if math.isfinite(value)}
