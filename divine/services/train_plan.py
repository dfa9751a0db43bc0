"""Before a run is launched: what it would train, what stands in its way, and how long it may take."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from divine.config import home
from divine.records import DivineError, Modality
from divine.services.jobs import SweepOrder, TrainOrder, job
from divine.services.study import sweep_units

if TYPE_CHECKING:
    from divine.data.schema import ClipEntry, Index

Field = Literal["encoders", "system", "tasks", "folds", "seeds", "objective", "modalities", "baselines", "device"]

SYSTEMS_SAY = {
    "divine": "The whole model: two levels of latents, shared and private, sparse gates, a token per symptom.",
    "divine-no-cycle": "DIVINE without the loss that ties the shared latents of face and voice together.",
    "divine-no-sparse": "DIVINE with every gate open: face and voice always count alike.",
    "divine-no-token": "DIVINE without the loss that makes each token stand for one symptom.",
    "flat": "DIVINE without both latent levels: features are pooled, gated and read by the tokens.",
    "single-level": "DIVINE with the window latents only: nothing is shared or private.",
    "concat": "Face and voice are pooled, put side by side and read by plain layers.",
    "fcn": "Plain layers on the mean over time of one encoder.",
    "cnn": "Two convolutions over time on one encoder, then plain layers.",
    "logistic": "Logistic and ridge regression on pooled features.",
    "random-forest": "A forest of decision trees on pooled features.",
    "svm": "A support vector machine on pooled features.",
    "majority": "Always says the most frequent diagnosis and the median severity of training.",
    "age-sex": "Regression on age and sex alone: what a model must beat to have seen anything.",
}
"""What each system is, in a sentence."""


class Objection(NamedTuple):
    """Why a run cannot be launched as asked."""

    field: Field
    text: str


class Duration(NamedTuple):
    """How long training may take, and how that is known."""

    seconds: float
    how: str


@dataclass(frozen=True)
class TrainPlan:
    """What an order comes to."""

    members: int
    """Folds × seeds; 0 where the cohort cannot be divided as asked."""
    clips: int
    subjects: int
    objections: tuple[Objection, ...]
    notes: tuple[str, ...]
    """What is possible and worth knowing."""
    duration: Duration | None
    """None until something like it has been trained on this machine."""


def plan(order: TrainOrder, index: Index, *, device: str = "cpu") -> TrainPlan:
    """Look at an order before it is queued. Nothing is extracted or trained."""
    from divine.data.splits import split
    from divine.training.errors import TrainingError
    from divine.training.spec import restrict

    objections = [*_encoders(order, index), *_device(device)]
    try:
        wanted = restrict(index, order.tasks)
    except TrainingError as error:
        return TrainPlan(0, 0, 0, (*objections, Objection("tasks", str(error))), (), None)
    members = 0
    try:
        members = len(split(wanted, order.folds, range(order.seeds)).members)
    except DivineError as error:
        objections.append(Objection("folds", str(error)))
    objections += [*_objective(order, wanted), *_baselines(order, wanted)]
    duration = _duration(order, len(wanted.clips), members, device) if members and not objections else None
    notes = tuple(_notes(order, wanted))
    return TrainPlan(members, len(wanted.clips), len(wanted.subjects), tuple(objections), notes, duration)


def plan_sweep(order: SweepOrder, index: Index, *, device: str = "cpu") -> TrainPlan:
    """Look at a sweep before it is queued: its runs share folds, and differ in what stands in the way of their encoders.

    Raises:
        DivineError: no encoder is given.
    """
    units = sweep_units(
        order.systems,
        video=order.video,
        audio=order.audio,
        objectives=order.objectives,
        tasks=order.tasks,
        train_modalities=order.train_modalities,
        baselines=order.baselines,
    )
    # Folds depend on the recordings, what stands in the way of learning on the objective too: each is looked at once.
    looked: dict[tuple[str, str], TrainPlan] = {}
    objections: dict[Objection, None] = {}
    members = 0
    for unit in units:
        one = TrainOrder(
            order.data,
            unit.encoders,
            system=unit.system,
            tasks=unit.tasks,
            folds=order.folds,
            seeds=order.seeds,
            epochs=order.epochs,
            objective=unit.objective,
            baselines=unit.baselines,
            modalities=unit.train_modalities,
        )
        key = unit.tasks, unit.objective
        if key not in looked:
            looked[key] = plan(one, index, device=device)
        objections |= dict.fromkeys((*looked[key].objections, *_encoders(one, index)))
        members += looked[key].members
    largest = max(looked.values(), key=lambda one: one.clips)
    notes = dict.fromkeys(note for one in looked.values() for note in one.notes)
    whole = members if all(one.members for one in looked.values()) else 0
    return TrainPlan(whole, largest.clips, largest.subjects, tuple(objections), tuple(notes), None)


def plan_features(codes: Sequence[str], index: Index) -> tuple[Objection, ...]:
    """Say what stands in the way of extracting features."""
    return tuple(objection for code in codes or ("",) for objection in _encoders(TrainOrder("", code), index))


def _encoders(order: TrainOrder, index: Index) -> Iterator[Objection]:
    from divine import encoders
    from divine.training.spec import kind_of

    given: dict[str, Modality] = {name: modality for clip in index.clips for modality, name in clip.features}
    recorded = {modality for clip in index.clips for modality in _recorded(clip)}
    known = encoders.registered()
    seen: set[Modality] = set()
    for code in filter(None, order.encoders.split("+")):
        if code not in given and code not in known:
            yield Objection("encoders", f"{code}: no such encoder, and the cohort brings no features of this name.")
            continue
        modality: Modality = given[code] if code in given else known[code].modality
        if modality in seen:
            yield Objection(
                "encoders", f"{order.encoders}: two {modality} encoders; choose one for the face, one for the voice."
            )
        seen.add(modality)
        if code in given:
            continue
        if modality not in recorded:
            yield Objection(
                "encoders", f"{code}: the cohort has no recording of a {'voice' if modality == 'audio' else 'face'}."
            )
        if not known[code].present:
            yield Objection("encoders", f"{code}: its weights are not here. `divine encoders fetch {code}` brings them.")
    if not seen:
        yield Objection("encoders", "Choose an encoder for the face, one for the voice, or both.")
    elif not seen & set(order.modalities.split("+")):
        yield Objection("modalities", f"{order.encoders}: of {order.modalities} alone nothing is left to train on.")
    if kind_of(order.system).single and len(seen) == 2 and order.modalities == "audio+video":
        yield Objection("system", f"{order.system} reads one encoder: choose one alone, or concat for both.")


def _recorded(clip: ClipEntry) -> Iterator[Modality]:
    """Name what an encoder could be run on; features that the cohort brings are no recording."""
    if clip.video is not None:
        yield "video"
    if clip.audio is not None or (clip.video is not None and clip.audio_origin in ("embedded", "unknown")):
        yield "audio"


def _device(device: str) -> Iterator[Objection]:
    if device not in devices():
        yield Objection("device", f"{device}: is not on this machine. Choose one of {', '.join(devices())}.")


def _objective(order: TrainOrder, index: Index) -> Iterator[Objection]:
    rated = bool(index.items) and any(clip.ratings for clip in index.clips)
    if order.objective == "R" and not rated:
        yield Objection("objective", "The cohort has no ratings: severity cannot be learned. Choose diagnosis.")


def _baselines(order: TrainOrder, index: Index) -> Iterator[Objection]:
    if "age-sex" in order.baselines and any(clip.age_and_sex is None for clip in index.clips):
        yield Objection(
            "baselines",
            "Age and sex: somebody has no age, or no sex of F or M, so nobody could tell what they explain. Leave it out.",
        )


def _notes(order: TrainOrder, index: Index) -> Iterator[str]:
    if index.synthetic:
        yield "The cohort is SYNTHETIC: rendered, never recorded. So is whatever comes out."
    if order.objective == "M" and not any(clip.ratings for clip in index.clips):
        yield "The cohort has no ratings: only diagnosis is learned."


def devices() -> tuple[str, ...]:
    """List where training can run on this machine; finding a GPU needs torch, which is asked only where a driver is."""
    found = ["cpu"]
    if Path("/dev/nvidiactl").exists():
        import torch

        found += [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return tuple(found)


def side_by_side(workers: int | None, members: int) -> int:
    """Say how many members train at a time on a processor."""
    return max(1, min(workers or os.cpu_count() or 1, members))


def _duration(order: TrainOrder, clips: int, members: int, device: str) -> Duration | None:
    """Scale what earlier runs of this system and pair took per member by the numbers of clips and epochs.

    The median over all their members, in seconds per clip and epoch; extraction and evaluation are not in it. On a GPU the
    members of a run train as one stack, so each took as long as all.
    """
    from divine.services.run_results import seconds_per_member
    from divine.services.runs import runs

    per_step: list[float] = []
    counted = 0
    for entry in runs():
        # What was trained elsewhere, or came with the studio, says nothing of this machine.
        if not entry.folder.is_relative_to(home().resolve()) or _kind_of_device(entry.id) != device.partition(":")[0]:
            continue
        if entry.spec is None or (entry.spec.system, entry.spec.encoders) != (order.system, order.encoders):
            continue
        seconds, held = seconds_per_member(entry.folder), _clips(entry.folder)
        if seconds and held:
            per_step += [one / held / entry.spec.training.max_epochs for one in seconds]
            counted += 1
    if not per_step:
        return None
    each = statistics.median(per_step) * clips * order.epochs
    at_once = side_by_side(order.workers, members) if device == "cpu" else members
    earlier = f"{len(per_step)} members of {counted} earlier {'run' if counted == 1 else 'runs'}"
    speed = f"{each:.1f} s per member with {clips} clips and {order.epochs} epochs, {at_once} at a time"
    return Duration(-(-members // at_once) * each, f"From {earlier} of {order.system} {order.encoders} here: {speed}.")


def _kind_of_device(run_id: str) -> str:
    """Say what a run of the home was trained on: its job knows; without one, the processor."""
    try:
        return job(run_id).order.device.partition(":")[0]
    except DivineError:
        return "cpu"


def _clips(folder: Path) -> int:
    import numpy as np

    for name in ("video_mask.npy", "audio_mask.npy"):
        if (folder / "features" / name).is_file():
            return int(np.load(folder / "features" / name, mmap_mode="r", allow_pickle=False).shape[0])
    return 0
