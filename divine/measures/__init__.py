"""The catalogue of clinical measures: name, title, unit, formula, source, norm. It computes nothing itself."""

from divine.measures.catalogue import CATALOGUE, MeasureError, applicable
from divine.measures.info import MOUTH_TASKS, SPEECH_TASKS, TASKS, MeasureInfo

__all__ = ["CATALOGUE", "MOUTH_TASKS", "SPEECH_TASKS", "TASKS", "MeasureError", "MeasureInfo", "applicable"]
