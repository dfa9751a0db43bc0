"""What the Session page reads: a cohort's roster, one clip's facts, its sound as a picture, what a run says. Pure functions."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from divine.data.schema import ClipEntry, Index, Subject
from divine.services import browse
from divine.services.interpret import Judgement, Reading, TaskSaid
from divine.services.runs import RunEntry
from ui.cohorts import Opened

if TYPE_CHECKING:  # these load signal processing, which the first page must not wait for
    from divine.face.by_hand import HandFrame
    from divine.face.kinematic_repetition import Repetition
    from divine.voice.picture import SoundPicture

SOUND_MAGIC = b"DVS1"


def sound_bytes(picture: SoundPicture) -> bytes:
    """Pack a sound's picture: a header of 32 bytes, then the envelope's low and high (i8) and the levels (u8), rows first.

    Header: ``DVS1``, columns, rows (u32), start and length of a column in seconds, highest frequency in Hz, floor in dB and
    range in dB (f32), all little-endian. 6 s take 310 kB.
    """
    rows, columns = picture.levels.shape
    numbers = (picture.start_s, picture.column_s, picture.top_hz, picture.floor_db, picture.range_db)
    header = struct.pack("<4sIIfffff", SOUND_MAGIC, columns, rows, *numbers)
    return header + picture.low.tobytes() + picture.high.tobytes() + picture.levels.tobytes()


def roster(opened: Opened, runs: Iterable[RunEntry]) -> dict[str, Any]:
    """Say who is in a cohort, which clips everybody has, and which runs were made of it."""
    document: dict[str, Any] = {"id": opened.id, "name": opened.name, "state": opened.state, "message": opened.message}
    if opened.state != "ready":
        return document
    index = opened.index
    return document | {
        "synthetic": index.synthetic,
        "several_datasets": len({one.dataset for one in index.subjects}) > 1,
        "subjects": _subjects(index),
        "runs": [{"id": one.id, "name": one.name, "about": _about(one)} | _split(one) for one in runs],
    }


def _subjects(index: Index) -> list[dict[str, Any]]:
    """List everybody with their clips, in one pass: a cohort may have thousands."""
    clips: dict[Subject, list[dict[str, Any]]] = {person: [] for person in index.subjects}
    for one in index.clips:
        clips[one.person].append({"key": browse.clip_key(one), "task": one.task, "session": one.session, "name": one.name})
    return [
        {"id": person.subject, "group": person.group, "dataset": person.dataset, "clips": found}
        for person, found in clips.items()
    ]


def _split(run: RunEntry) -> dict[str, str]:
    """Say what two runs must have in common to be compared, and what of them is compared."""
    return {"proof": "" if run.status is None else run.status.proof, "encoders": "" if run.spec is None else run.spec.encoders}


def _about(run: RunEntry) -> str:
    return "" if run.spec is None else f"{run.spec.system}, {run.spec.encoders}"


def entry_facts(entry: ClipEntry, index: Index) -> dict[str, Any]:
    """Say whose clip it is and what its raters gave it."""
    return {
        "name": entry.name,
        "subject": entry.subject,
        "group": entry.group,
        "healthy": entry.group in index.healthy,
        "task": entry.task,
        "session": entry.session,
        "age": entry.age,
        "sex": entry.sex,
        "synthetic": index.synthetic,
        "media": entry.video is not None or entry.audio is not None,
        "items": list(index.items),
        "scale": list(index.scale),
        "ratings": ratings(entry),
    }


def ratings(entry: ClipEntry) -> list[dict[str, Any]]:
    """List what each rater gave; the total only where every item was rated."""
    return [
        {"rater": one.rater, "scores": list(one.scores), "total": None if None in one.scores else sum(filter(None, one.scores))}
        for one in entry.ratings
    ]


def hand_document(frames: Iterable[HandFrame]) -> list[dict[str, Any]]:
    """List the frames that a person annotated, with how far the tracker is from them."""
    return [
        {
            "frame": one.frame,
            "time_s": one.time_s,
            "points": [round(float(value), 2) for value in one.points_px.ravel()],
            "error_px": number(one.error_px),
            "error_icd": number(one.error_icd),
        }
        for one in frames
    ]


def repetition_document(found: Iterable[Repetition]) -> list[dict[str, Any]]:
    """List the repetitions."""
    return [
        {
            "start_s": round(one.start_s, 4),
            "peak_s": round(one.peak_s, 4),
            "end_s": round(one.end_s, 4),
            "height": number(one.height),
        }
        for one in found
    ]


def judgement_document(judgement: Judgement) -> dict[str, Any]:
    """Put what a run says of a clip into the shape that the page shows."""
    said, removal, against = judgement.said, judgement.removal, judgement.against
    document: dict[str, Any] = {
        "classes": list(judgement.classes),
        "items": list(judgement.items),
        "seeds": judgement.seeds,
        "synthetic": judgement.synthetic,
        "prediction": said.prediction,
        "probabilities": [number(float(one)) for one in said.probabilities],
        "scores": None if said.scores is None else [number(float(one)) for one in said.scores],
        "total": number(said.total),
        "tasks": [_task(one) for one in judgement.battery],
        "against": against.id if against else "",
        "choices": [one._asdict() for one in judgement.choices],
        "typical": [
            {
                "title": one.choice.title,
                "clips": one.choice.clips,
                "attention": [number(float(value)) for value in one.attention],
                "gates": {name: number(value) for name, value in one.gates.items()},
            }
            for one in judgement.typical
        ],
        "attention": [_reading(one) for one in judgement.attention],
        "gates": [_reading(one) for one in judgement.gates],
        "attention_means": judgement.attention_means,
        "gates_mean": judgement.gates_mean,
        "removal_says": judgement.removal_says,
    }
    if removal is not None:
        document["removal"] = {
            "of": judgement.classes[removal.of],
            "answers": [
                {
                    "modalities": sorted(one.modalities, reverse=True),
                    "probabilities": [number(float(value)) for value in one.probabilities],
                    "total": number(one.total),
                }
                for one in removal.answers
            ],
            "contributions": [
                {"modality": one.modality, "probability": number(one.probability), "total": number(one.total)}
                for one in removal.contributions
            ],
        }
    return document


def _task(one: TaskSaid) -> dict[str, Any]:
    found: dict[str, Any] = {"key": browse.clip_key(one.entry), "task": one.entry.task, "session": one.entry.session}
    found["ratings"] = [{"rater": rating["rater"], "total": rating["total"]} for rating in ratings(one.entry)]
    if one.said is not None:
        found["prediction"] = one.said.prediction
        found["probabilities"] = [number(float(value)) for value in one.said.probabilities]
        found["total"] = number(one.said.total)
    return found


def _reading(one: Reading) -> dict[str, Any]:
    return {
        "name": one.placed.name,
        "value": number(one.placed.value),
        "others": [number(float(value)) for value in one.placed.others],
        "quartiles": one.placed.quartiles and [number(value) for value in one.placed.quartiles],
        "sentence": one.sentence,
        "where": one.where,
    }


def number(value: float | None) -> float | None:
    """Round to six digits; JSON knows no NaN."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
