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
from divine.services.jobs import (
    ExtractOrder,
    JobOrder,
    TrainOrder,
    cancel_job,
    job,
    jobs,
    remove_job,
    resume_job,
    run_folder,
    submit,
)
from divine.services.study import compare, comparison_document, run_calibration, run_confusion, run_metrics, validate

__all__ = [
    "ExtractOrder",
    "JobOrder",
    "LandmarkBackend",
    "TrainOrder",
    "assess",
    "assessment_document",
    "cancel_job",
    "check",
    "compare",
    "comparison_document",
    "encoders",
    "evaluate",
    "extract",
    "fetch_weights",
    "job",
    "jobs",
    "landmarks",
    "measure",
    "measure_documents",
    "remove_job",
    "resume_job",
    "run_calibration",
    "run_confusion",
    "run_folder",
    "run_metrics",
    "submit",
    "synthesise",
    "train",
    "validate",
    "verify_weights",
    "viewing_copy",
    "warm_up",
]
