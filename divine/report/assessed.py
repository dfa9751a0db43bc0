"""One assessed recording → the document of a report: as ``divine assess --json``, with curves and what the model is."""

from __future__ import annotations

from divine.measures import CATALOGUE
from divine.records import Assessment, Measured
from divine.report.document import Document, assessment_document
from divine.report.subject import curve_document

MODEL_IS_NOT = (
    "It is no diagnosis and no clinical grade. The model knows no group but those it was trained on, and how well it does on "
    "other people, cameras and rooms is not known. Attention and gates say where it looks, not what causes a sign."
)


def assessed_document(assessment: Assessment, measured: Measured) -> Document:
    """Add to an assessment what a reader of paper needs."""
    document = assessment_document(assessment)
    return document | {
        "kind": "assessment",
        "synthetic": assessment.checkpoint.synthetic,
        "measures": [
            one | {"title": CATALOGUE[one["name"]].title, "modality": CATALOGUE[one["name"]].modality}
            for one in document["measures"]
        ],
        "curves": [curve_document(curve) for curve in measured.curves],
        "model": {"is_not": MODEL_IS_NOT},
    }
