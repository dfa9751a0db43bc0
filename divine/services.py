"""What a user can ask for, as plain functions: the one thing that the command line and the studio both call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from divine.records import Assessment, Event


def assess(
    recording: Path,
    *,
    audio: Path | None = None,
    task: str | None = None,
    checkpoint: Path | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Assessment:
    """Judge one recording.

    Args:
        recording: a video, or a sound alone.
        audio: a separate file of sound; without it a sibling ``.wav``, then the recording's own stream is used.
        task: the task's code (``DDK_PA``, ``NSM_SPREAD``, ...) where it is known.
        checkpoint: a folder of a trained model; the demonstration checkpoint by default.
        on_event: is told of everything as it becomes available, from the calling thread.

    Raises:
        DivineError: the recording, or the checkpoint, cannot be used; the message says what to do.
    """
    from divine.assess import assess as run

    return run(recording, audio=audio, task=task, checkpoint=checkpoint, on_event=on_event)
