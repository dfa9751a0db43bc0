"""One recording: assess, measure, landmarks, and what the studio needs to show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from divine.config import Limits
from divine.records import Assessment, Clip, Event, Landmarks, Measure, Observation, Progress

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
LandmarkBackend = Literal["mediapipe", "fan"]
OnEvent = Callable[[Event], None]


def _nobody(event: Event) -> None:
    """Listen to nothing."""


def assess(
    recording: Path,
    *,
    audio: Path | None = None,
    task: str | None = None,
    checkpoint: Path | None = None,
    on_event: OnEvent = _nobody,
) -> Assessment:
    """Judge one recording.

    Args:
        recording: a video, or a sound alone.
        audio: a separate file of sound; without it a sibling ``.wav``, then the recording's own stream is used.
        task: the task's code (``DDK_PA``, ``NSM_SPREAD``, ...) where it is known.
        checkpoint: the folder of one model, or of a run: its members are averaged, and a recording of its own cohort is judged
            by those that never saw the subject. The demonstration checkpoint by default.
        on_event: is told of everything as it becomes available, from the calling thread; what it raises ends the work.

    Raises:
        DivineError: the recording, or the checkpoint, cannot be used; the message says what to do.
    """
    from divine.assess import assess as run

    return run(recording, audio=audio, task=task, checkpoint=checkpoint, on_event=on_event)


def measure(
    recording: Path, *, audio: Path | None = None, task: str | None = None, on_event: OnEvent = _nobody
) -> tuple[Measure, ...]:
    """Measure face and voice of one recording, without any model; ``audio`` and ``task`` as in ``assess``.

    Raises:
        DivineError: the recording cannot be used.
    """
    from divine.measuring import measure as run
    from divine.observe import observe

    observation: Observation = observe(recording, audio=audio, limits=Limits(), on_event=on_event)
    return run(observation, task).measures


def landmarks(recording: Path, out: Path, *, backend: LandmarkBackend = "mediapipe", on_event: OnEvent = _nobody) -> Landmarks:
    """Follow the face of a video, or find it in a picture, and write an ``.npz``.

    It holds ``times_s [t]``, ``points [t 68 2]`` in pixels and ``confidence [t 68]``.

    Raises:
        DivineError: the recording cannot be used, or ``out`` cannot be written.
    """
    import io

    from divine.face.track import track, track_image
    from divine.media import open_clip
    from divine.store import write_atomically

    if recording.suffix.lower() in PICTURES:
        found = track_image(recording, backend=backend)
    else:
        clip = open_clip(recording)
        found = track(clip, backend=backend, on_progress=lambda fraction: on_event(Progress("landmarks", fraction)))
    content = io.BytesIO()
    np.savez(content, times_s=found.times_s, points=found.points_px, confidence=found.confidence)
    write_atomically(out, content.getvalue())
    return found


def viewing_copy(clip: Clip, out: Path, *, on_progress: Callable[[float], None] | None = None) -> Float[np.ndarray, " t"]:
    """Write a copy that browsers play frame by frame; return its presentation times in seconds.

    ``on_progress`` is told of the fraction done, 0 to 1, and may raise to give up.

    Raises:
        DivineError: the clip has no picture, or the copy cannot be written.
    """
    from divine.media import viewing_copy as run

    return run(clip, out, on_progress=on_progress)


def assessment_document(assessment: Assessment) -> dict[str, Any]:
    """Put an assessment into the shape of ``divine assess --json``."""
    from divine.report.document import assessment_document as run

    return run(assessment)


def measure_documents(measures: Iterable[Measure]) -> list[dict[str, Any]]:
    """Put measures into the shape of ``divine measures --json``."""
    from divine.report.document import measure_documents as run

    return run(measures)


def warm_up() -> None:
    """Load what the first assessment would otherwise wait for."""
    from divine.assess import DEMONSTRATION
    from divine.media.children import prepare
    from divine.training.judge import judge_at

    prepare("divine.face.track", "divine.media.sound")
    judge_at(DEMONSTRATION)
