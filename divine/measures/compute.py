"""From a table of computations to measures: a number, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from divine.measures.catalogue import MeasureError, applicable
from divine.records import Measure, Modality


class AbsentError(MeasureError):
    """A measure has no value on this recording; the message is what the reader sees as its ``why``."""


def known(value: float | None, why: str) -> float:
    """Return the value.

    Raises:
        AbsentError: there is none, or it is not finite.
    """
    if value is None or not math.isfinite(value):
        raise AbsentError(why)
    return float(value)


def compute(modality: Modality, task: str | None, table: Mapping[str, Callable[[], float | None]]) -> tuple[Measure, ...]:
    """Return the measures of one modality that mean something for a task, in the catalogue's order.

    Args:
        modality: whose measures.
        task: the task's code, where it is known.
        table: how each measure of the catalogue is computed, by its name; an :class:`AbsentError` becomes its ``why``.
    """
    return tuple(_measure(info.name, table[info.name]) for info in applicable(modality, task))


def _measure(name: str, value: Callable[[], float | None]) -> Measure:
    try:
        return Measure(name, known(value(), "not defined for this recording"))
    except AbsentError as absent:
        return Measure(name, None, str(absent))
