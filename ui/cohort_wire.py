"""An open cohort → what its page reads. Every id, name and note goes out as a JSON string, and is shown as text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from divine.data.schema import AudioOrigin, ClipEntry, Index, Problem, Rating
from divine.data.tnf_names import clip_key as stem_of
from divine.measures import TASKS
from divine.records import Quality
from divine.services import browse
from divine.services.runs import RunEntry
from ui.cohorts import Opened
from ui.recent import Recent


def standing(opened: Opened) -> dict[str, Any]:
    """Say how far a cohort is: what a page asks again and again."""
    return {
        "id": opened.id,
        "name": opened.name,
        "state": opened.state,
        "message": opened.message,
        "busy": opened.busy,
        "stage": opened.stage,
        "fraction": opened.fraction,
        "revision": opened.revision,
        "synthetic": opened.synthetic,
    }


def recent(known: Iterable[Recent], names: Mapping[str, str], default: str) -> list[dict[str, Any]]:
    """List cohorts to choose from, each with the folder that it lies in, which tells two of one name apart."""
    return [
        {"id": one.id, "name": names[one.id], "where": _printable(one.path.parent.name), "default": one.id == default}
        for one in known
    ]


def grid(opened: Opened) -> dict[str, Any]:
    """Say everything that the grid, its filters, the side panel and the table of problems show."""
    index, problems = opened.index, opened.loaded.problems
    place = {person: number for number, person in enumerate(index.subjects)}
    named = Counter(stem_of(PurePath(one.file).name) if one.row is None else one.row for one in problems)
    sheets = {clip.person: clip for clip in reversed(index.clips)}
    return standing(opened) | {
        "kind": index.kind,
        "groups": list(index.groups),
        "healthy": list(index.healthy),
        "tasks": _tasks(index),
        "items": list(index.items),
        "raters": list(index.raters),
        "scale": list(index.scale),
        "subjects": [[*map(_printable, person), sheets[person].age, sheets[person].sex] for person in index.subjects],
        "clips": [_clip(opened, clip, place[clip.person], _count(clip, named)) for clip in index.clips],
        "problems": [_problem(problem) for problem in problems],
    }


def said(found: Mapping[str, browse.ClipSaid]) -> dict[str, list[Any]]:
    """Put what a run says into lists: prediction, its probability, expected total."""
    return {key: [one.prediction, round(one.probability, 4), one.total and round(one.total, 2)] for key, one in found.items()}


def runs(made: Iterable[RunEntry]) -> list[dict[str, Any]]:
    """List runs to choose predictions from."""
    return [
        {"id": one.id, "name": one.name, "system": one.spec.system, "encoders": one.spec.encoders, "synthetic": one.synthetic}
        for one in made
        if one.spec is not None
    ]


def _count(clip: ClipEntry, named: Counter[str | int]) -> int:
    """Count the problems that name a clip: its row of the manifest, or one of its files."""
    return named[stem_of(clip.name)] + (named[clip.row] if clip.row is not None else 0)


def _clip(opened: Opened, clip: ClipEntry, subject: int, problems: int) -> dict[str, Any]:
    quality = opened.quality(clip)
    facts: dict[str, Any] = {
        "key": browse.clip_key(clip),
        "subject": subject,
        "task": clip.task,
        "session": clip.session,
        "name": _printable(clip.name),
        "video": clip.video is not None,
        "audio": _sound(clip, quality),
        "features": sorted(f"{modality} {name}" for modality, name in clip.features),
        "ratings": [_rating(one) for one in clip.ratings],
        "annotated": clip.landmarks is not None,
        "quality": _quality(quality),
        "problems": problems,
    }
    if clip.duration_s is not None:
        facts["duration_s"] = round(clip.duration_s, 3)
    return facts


def _sound(clip: ClipEntry, quality: Quality | None) -> AudioOrigin:
    """Return where a clip's sound is; whoever looked at its quality also found out whether it has one."""
    if clip.audio_origin != "unknown" or quality is None:
        return clip.audio_origin
    return "embedded" if any(check.name == "sound" for check in quality.checks) else "none"


def _rating(rating: Rating) -> dict[str, Any]:
    scores = list(rating.scores)
    given = [score for score in scores if score is not None]
    return {"rater": rating.rater, "scores": scores, "total": sum(given) if len(given) == len(scores) else None}


def _quality(found: Quality | None) -> dict[str, Any] | None:
    if found is None:
        return None
    failed = [{"name": one.name, "value": _number(one.value), "unit": one.unit, "advice": one.advice}
              for one in found.checks if not one.passed]  # fmt: skip
    return {"passed": found.passed, "checks": len(found.checks), "failed": failed}


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "row": problem.row,
        "column": problem.column,
        "what": problem.what,
        "remedy": problem.remedy,
        "severity": problem.severity,
    }


def _tasks(index: Index) -> list[str]:
    """Return the tasks that have clips: those of Toronto NeuroFace in its order, then others by name."""
    here = {clip.task for clip in index.clips}
    known = [task for task in TASKS if task in here]
    return known + sorted(here.difference(known))


def _number(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None  # JSON knows no NaN


def _printable(name: str) -> str:
    """Return a name with a mark in place of bytes that are no text: an answer is UTF-8."""
    return name.encode("utf-8", "replace").decode()
