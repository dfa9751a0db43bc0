"""One clip + one checkpoint → one assessment: the whole path, telling an observer of everything as it comes."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from divine import encoders
from divine.config import CHECKPOINTS, Limits
from divine.features.batches import Pair, batch
from divine.features.extract import Extracted, extract
from divine.measuring import measure
from divine.observe import observe
from divine.records import Assessment, DivineError, Event, Observation, Progress
from divine.training.checkpoint import Checkpoint, load
from divine.training.predict import predict

DEMONSTRATION = CHECKPOINTS / "demonstration"


class AssessError(DivineError):
    """The recording holds nothing that this checkpoint could judge."""


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
    with clock.stage("observe"):
        observation = observe(recording, audio=audio, limits=limits or Limits(), on_event=on_event)
    with clock.stage("measures"):
        on_event(Progress("measures", 0.0))
        measured = measure(observation, task)
        on_event(measured)
    with clock.stage("model"):
        on_event(Progress("model", 0.0))
        model = checkpoint_at(checkpoint or DEMONSTRATION)
        pair = _pair(model)
        found = extract(observation, pair.codes)
        if not found.features:
            raise _nothing_to_judge(observation, found, pair)
        (prediction,) = predict(model, batch(pair, [found.features], max_steps=model.model.config.max_steps))
    assessment = Assessment(
        clip=observation.clip,
        quality=measured.quality,
        modalities=tuple(sorted(modality for modality, code in pair.named if code in found.features)),
        prediction=prediction,
        measures=measured.measures,
        checkpoint=model.card,
        timing_s=clock.seconds | {"total": clock.total()},
        notes=_notes(observation, found, pair),
        cutoffs=() if model.cutoffs is None else model.cutoffs.totals,
    )
    on_event(assessment)
    return assessment


def checkpoint_at(folder: Path) -> Checkpoint:
    """Return a checkpoint, read once for as long as its files do not change.

    Raises:
        CheckpointError: the folder holds no checkpoint that this release reads.
        AssessError: its encoders have changed since it was trained.
    """
    config = folder / "config.json"
    return _read(folder, config.stat().st_mtime_ns if config.is_file() else 0)


@functools.lru_cache(maxsize=4)
def _read(folder: Path, changed_ns: int) -> Checkpoint:
    checkpoint = load(folder)
    for encoder in checkpoint.encoders:
        now = encoders.info(encoder.code).revision
        if now != encoder.revision:
            raise AssessError(
                f"{folder.name}: trained on {encoder.code} of revision {encoder.revision}, this release makes revision {now}; "
                "train the model again."
            )
    return checkpoint


def _pair(checkpoint: Checkpoint) -> Pair:
    video, audio = checkpoint.encoder("video"), checkpoint.encoder("audio")
    return Pair(video.code if video else None, audio.code if audio else None)


def _nothing_to_judge(observation: Observation, found: Extracted, pair: Pair) -> AssessError:
    needs = " or ".join("a face" if modality == "video" else "sound" for modality, _ in pair.named)
    return AssessError(
        f"{observation.clip.name}: nothing to judge, this checkpoint needs {needs}. {' '.join(found.absent.values())} "
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
