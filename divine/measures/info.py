"""What a clinical measure is, and the tasks that a recording may show."""

from __future__ import annotations

from typing import NamedTuple

from divine.records import Modality

SYLLABLE_TASKS = ("DDK_PA", "DDK_PATAKA")
SPEECH_TASKS = ("BBP_NORMAL", *SYLLABLE_TASKS)
TASKS = (*SPEECH_TASKS, "NSM_KISS", "NSM_OPEN", "NSM_SPREAD", "NSM_BLOW", "NSM_BROW", "NSM_BIGSMILE")
"""Those of Toronto NeuroFace, in its order."""
BROW_TASKS = ("NSM_BROW",)
MOUTH_TASKS = tuple(task for task in TASKS if task not in BROW_TASKS)


class MeasureInfo(NamedTuple):
    """One line of the catalogue: everything a reader needs to understand a number."""

    name: str
    title: str
    unit: str
    """``ICD`` is the distance between the inner canthi of the same face; empty for a plain count."""
    formula: str
    help: str
    """One plain sentence for a clinician."""
    modality: Modality
    source: str
    """What the number is computed from, and by which tool."""
    tasks: tuple[str, ...] = TASKS
    """The tasks it is meaningful for."""
    needs_task: bool = False
    """Whether it means nothing until the task is known (a rate of /pa/ against its norm)."""
    norm: tuple[float, float] | None = None
    """A published healthy range, only where it truly applies to this measure as computed here."""
    norm_source: str = ""
    norm_note: str = ""
    """For whom the norm may not hold: shown wherever the norm is."""
