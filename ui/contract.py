"""What the studio asks of ``divine.services``: the module itself fulfils it, a test may stand in for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float

from divine.records import Assessment, Clip, Event, Measured


class Services(Protocol):
    """The functions of ``divine.services`` that pages use."""

    def assess(
        self,
        recording: Path,
        *,
        audio: Path | None = None,
        task: str | None = None,
        checkpoint: Path | None = None,
        on_event: Callable[[Event], None] = ...,
    ) -> Assessment:
        """Judge one recording, telling ``on_event`` of everything as it becomes available."""
        ...

    def assessment_document(self, assessment: Assessment) -> dict[str, Any]:
        """Put an assessment into the shape of ``divine assess --json``."""
        ...

    def assessment_pdf(self, assessment: Assessment, measured: Measured) -> bytes:
        """Set the report of an assessment as PDF."""
        ...

    def viewing_copy(
        self, clip: Clip, out: Path, *, on_progress: Callable[[float], None] | None = None
    ) -> Float[np.ndarray, " t"]:
        """Write a copy that browsers play frame by frame; return its presentation times in seconds."""
        ...

    def warm_up(self) -> None:
        """Load what the first assessment would otherwise wait for."""
        ...
