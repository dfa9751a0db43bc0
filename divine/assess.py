"""One clip + one judge → one assessment: the whole path, telling an observer of everything as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from divine.config import CHECKPOINTS, Limits
from divine.features.batches import Pair
from divine.features.extract import Extracted, extract
from divine.measuring import measure
from divine.observe import observe
from divine.records import Assessment, DivineError, Event, Observation, Progress
from divine.training.judge import judge_at

DEMONSTRATION = CHECKPOINTS / "demonstration"


class AssessError(DivineError):
    """The recording holds nothing that this model could judge."""


def assess(
    recording: Path,
    *,
    audio: Path | None = None,
    task: str | None = None,
    checkpoint: Path | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    limits: Limits | None = None,
) -> Assessment:
    """Judge one recording; see :func:`divine.services.assess`."""
    clock = _Clock()
    judge = judge_at(checkpoint or DEMONSTRATION)  # first: following a face takes longer than finding that nobody can judge it
    with clock.stage("observe"):
        observation = observe(recording, audio=audio, limits=limits or Limits(), on_event=on_event)
    with clock.stage("measures"):
        on_event(Progress("measures", 0.0))
        measured = measure(observation, task)
        on_event(measured)
    with clock.stage("model"):
        on_event(Progress("model", 0.0))
        found = extract(observation, judge.pair.codes)
        if not found.features:
            raise _nothing_to_judge(observation, found, judge.pair)
        judge, seen = judge.unseen(observation.clip)
        prediction = judge.judge(found.features, lambda fraction: on_event(Progress("model", fraction)))
    assessment = Assessment(
        clip=observation.clip,
        quality=measured.quality,
        modalities=tuple(sorted(modality for modality, code in judge.pair.named if code in found.features)),
        prediction=prediction,
        measures=measured.measures,
        checkpoint=judge.card,
        timing_s=clock.seconds | {"total": clock.total()},
        notes=(*_notes(observation, found, judge.pair), *measured.notes, *seen),
        cutoffs=judge.cutoffs,
    )
    on_event(assessment)
    return assessment


def _nothing_to_judge(observation: Observation, found: Extracted, pair: Pair) -> AssessError:
    needs = " or ".join("a face" if modality == "video" else "sound" for modality, _ in pair.named)
    return AssessError(
        f"{observation.clip.name}: nothing to judge, this model needs {needs}. {' '.join(found.absent.values())} "
        "Film the face from the front, in light, with the microphone on."
    )


def _notes(observation: Observation, found: Extracted, pair: Pair) -> tuple[str, ...]:
    parts = (observation.clip, observation.landmarks, observation.sound)
    notes = [note for part in parts if part is not None for note in part.notes]
    for modality, code in pair.named:
        if code in found.absent:
            notes.append(f"Judged without {'a face' if modality == 'video' else 'sound'}: none that could be used was found.")
    return tuple(dict.fromkeys(notes))


class _Clock:
    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start

    def total(self) -> float:
        return time.perf_counter() - self._start
