"""A run over its whole cohort → the document of a report: how well it does, for whom, and beside what."""

from __future__ import annotations

import numpy as np

from divine.data.ratings import subject_totals
from divine.data.schema import Subject
from divine.evaluation.evaluate import Result
from divine.records import NOTICE, SYNTHETIC_NOTICE
from divine.report.document import Document, number, numbers
from divine.report.subject import MODEL_IS, MODEL_IS_NOT, Context, run_facts

METRICS = ("accuracy", "macro_f1", "auroc", "brier", "ece", "mae_total", "rmse_total", "spearman_total")


def cohort_document(context: Context) -> Document:
    """Write down how a run did over all subjects, beside its baselines, and what it says of each."""
    synthetic = context.status.synthetic
    return {
        "kind": "run",
        "synthetic": synthetic,
        "run": run_facts(context),
        "results": [_result(one) for one in context.results],
        "confusion": _confusion(context),
        "subjects": [_subject(context, one) for one in context.index.subjects],
        "model": {"is": MODEL_IS.replace("this subject", "the subject in question"), "is_not": MODEL_IS_NOT},
        "notice": f"{NOTICE} {SYNTHETIC_NOTICE}" if synthetic else NOTICE,
    }


def _result(result: Result) -> Document:
    metrics = {
        name: {part: number(value) for part, value in one._asdict().items()}
        for name in METRICS
        if (one := result.metrics.get(name)) is not None and np.isfinite(one).all()
    }
    return {"system": result.system, "modalities": result.modalities, "level": result.level, "metrics": metrics}


def _said(context: Context, subject: Subject) -> tuple[np.ndarray, float | None] | None:
    """Return the mean probabilities and the mean total of a subject's clips; None where none was tested."""
    said = [one for entry in context.index.of(subject) if (one := context.held_out.find(entry)) is not None]
    if not said:
        return None
    totals = [one.total for one in said if one.total is not None and np.isfinite(one.total)]
    return np.mean([one.probabilities for one in said], axis=0), float(np.mean(totals)) if totals else None


def _subject(context: Context, subject: Subject) -> Document:
    document: Document = {"dataset": subject.dataset, "group": subject.group, "id": subject.subject}
    rated = subject_totals(context.index).get(subject) if context.index.items else None
    if rated is not None:
        document["rated_total"] = number(rated)
    said = _said(context, subject)
    if said is None:
        return document
    probabilities, total = said
    document |= {
        "probabilities": numbers(probabilities),
        "prediction": context.held_out.classes[int(np.argmax(probabilities))],
    }
    return document if total is None else document | {"predicted_total": number(total)}


def _confusion(context: Context) -> Document:
    """Count subjects: a row per recorded group, a column per predicted one."""
    classes = context.held_out.classes
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    for subject in context.index.subjects:
        said = _said(context, subject)
        if said is not None and subject.group in classes:
            counts[classes.index(subject.group), int(np.argmax(said[0]))] += 1
    return {"classes": list(classes), "counts": counts.tolist()}
