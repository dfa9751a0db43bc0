"""What a user can ask for, as plain functions: the one thing that the command line and the studio both call."""

from divine.services.clip import (
    LandmarkBackend,
    assess,
    assessment_document,
    landmarks,
    measure,
    measure_documents,
    viewing_copy,
    warm_up,
)
from divine.services.cohort import check, evaluate, extract, synthesise, train
from divine.services.encoders import encoders, fetch_weights, verify_weights

__all__ = [
    "LandmarkBackend",
    "assess",
    "assessment_document",
    "check",
    "encoders",
    "evaluate",
    "extract",
    "fetch_weights",
    "landmarks",
    "measure",
    "measure_documents",
    "synthesise",
    "train",
    "verify_weights",
    "viewing_copy",
    "warm_up",
]
