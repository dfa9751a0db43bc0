"""Assessment → the JSON document that others parse (``docs/json.md``): fields that were not computed are absent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from divine.measures import CATALOGUE
from divine.records import NOTICE, SYNTHETIC_NOTICE, Assessment, Clip, Measure, Prediction, Quality

Document = dict[str, Any]


def assessment_document(assessment: Assessment) -> Document:
    """Put an assessment into the shape of ``divine assess --json``."""
    prediction, card = assessment.prediction, assessment.checkpoint
    document: Document = {
        "clip": clip_document(assessment.clip),
        "quality": quality_document(assessment.quality),
        "modalities": list(assessment.modalities),
        "diagnosis": {
            "classes": list(prediction.classes),
            "probabilities": numbers(prediction.probabilities),
            "prediction": prediction.classes[int(np.argmax(prediction.probabilities))],
        },
    }
    severity = severity_document(prediction)
    if severity:
        cut = {"cutoffs": [number(total) for total in assessment.cutoffs]} if assessment.cutoffs else {}
        document["severity"] = severity | cut
    return document | {
        "attention": dict(zip(prediction.tokens, numbers(prediction.attention), strict=True)),
        "gates": {modality: number(gate) for modality, gate in prediction.gates.items()},
        "measures": measure_documents(assessment.measures),
        "checkpoint": {"name": card.name, "trained_on": card.trained_on, "synthetic": card.synthetic},
        "timing_s": {stage: round(seconds, 3) for stage, seconds in assessment.timing_s.items()},
        "notes": list(assessment.notes),
        "notice": f"{NOTICE} {SYNTHETIC_NOTICE}" if card.synthetic else NOTICE,
    }


def clip_document(clip: Clip) -> Document:
    """Describe the recording; what it has no stream for is absent."""
    document: Document = {"name": clip.name, "duration_s": number(clip.duration_s)}
    if clip.video is not None:
        document |= {"frames": clip.video.frames, "fps": number(clip.video.fps)}
    if clip.audio is not None:
        document |= {"sample_rate_hz": clip.audio.sample_rate_hz}
    return document


def quality_document(quality: Quality) -> Document:
    """List the checks of the quality gate."""
    return {
        "passed": quality.passed,
        "checks": [check._asdict() | {"value": number(check.value)} for check in quality.checks],
    }


def severity_document(prediction: Prediction) -> Document:
    """List the rated items, their total and the level, as far as the model knows them."""
    document: Document = {}
    if prediction.item_scores is not None:
        scores = numbers(prediction.item_scores)
        document |= {"items": dict(zip(prediction.items, scores, strict=True)), "total": number(prediction.item_scores.sum())}
        document |= {"scale": list(prediction.scale)}
    if prediction.level_probabilities is not None:
        document |= {
            "level": prediction.levels[int(np.argmax(prediction.level_probabilities))],
            "level_probabilities": dict(zip(prediction.levels, numbers(prediction.level_probabilities), strict=True)),
        }
    return document


def measure_documents(measures: Iterable[Measure]) -> list[Document]:
    """List measures with their units and norms; one that cannot be computed says why instead of a value."""
    documents: list[Document] = []
    for measure in measures:
        about = CATALOGUE[measure.name]
        document: Document = {"name": measure.name, "unit": about.unit}
        document |= {"why": measure.why} if measure.value is None else {"value": number(measure.value)}
        if about.norm is not None:
            document |= {"norm": list(about.norm), "norm_note": about.norm_note}
        documents.append(document)
    return documents


def number(value: float | np.floating) -> float:
    """Round a number for print."""
    # Six significant digits: more than any measurement here is worth, and stable to print.
    return float(f"{float(value):.6g}")


def numbers(values: np.ndarray) -> list[float]:
    """Round numbers for print."""
    return [number(value) for value in values]
