"""What a run and the recordings say of one subject → the document of a report (``docs/json.md``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from divine.data.schema import ClipEntry, Index, Subject
from divine.evaluation.evaluate import Result
from divine.explain.held_out import HeldOut, Said
from divine.measures import CATALOGUE
from divine.records import NOTICE, SYNTHETIC_NOTICE, Curve, Measured
from divine.report.document import Document, measure_documents, number, numbers, quality_document
from divine.training.run import Status
from divine.training.spec import RunSpec

CURVE_POINTS = 300
"""As many as a curve of a report shows; one of its width cannot show more."""
MODEL_IS = (
    "The predictions come from DIVINE models that never saw this subject: each was trained on other people of the cohort, and "
    "their answers are averaged. They sort a recording among the groups of that cohort and estimate what its raters would have "
    "scored."
)
MODEL_IS_NOT = (
    "They are no diagnosis and no clinical grade, they know no group but those of the cohort, and how well they do on other "
    "people, cameras and rooms is not known. Attention and gates say where a model looks, not what causes a sign."
)


@dataclass(frozen=True, eq=False)
class Recorded:
    """One clip of the subject: what was recorded, and what was measured of it."""

    entry: ClipEntry
    measured: Measured | None
    why: str = ""
    """Why nothing was measured."""


@dataclass(frozen=True, eq=False)
class Context:
    """What every report of a run shares."""

    run: str
    """What the run is called."""
    spec: RunSpec
    status: Status
    index: Index
    held_out: HeldOut
    results: Sequence[Result]


def subject_document(context: Context, subject: Subject, recorded: Sequence[Recorded]) -> Document:
    """Write down everything that is known of one subject; what is not known is absent."""
    clips = [_clip(context, one) for one in recorded]
    said = [found for one in recorded if (found := context.held_out.find(one.entry)) is not None]
    synthetic = context.status.synthetic
    document: Document = {
        "kind": "subject",
        "subject": _identity(subject, [one.entry for one in recorded]),
        "synthetic": synthetic,
        "run": run_facts(context),
    }
    if said:
        document["overall"] = _overall(context, said)
    rated = rated_document([one.entry for one in recorded], context.index)
    if rated:
        document["rated"] = rated
    return document | {
        "clips": clips,
        "performance": performance(context.results, context.spec.system),
        "model": {"is": MODEL_IS, "is_not": MODEL_IS_NOT},
        "notice": f"{NOTICE} {SYNTHETIC_NOTICE}" if synthetic else NOTICE,
    }


def run_facts(context: Context) -> Document:
    """Say which run, and what it was asked."""
    spec = context.spec
    return {
        "name": context.run,
        "system": spec.system,
        "encoders": spec.encoders,
        "objective": spec.objective,
        "tasks": spec.tasks,
        "folds": spec.folds,
        "seeds": spec.seeds,
        "groups": list(context.index.groups),
        "subjects": len(context.index.subjects),
        "items": list(context.index.items),
        "scale": list(context.index.scale),
        "split_proof": context.status.proof,
    }


def performance(results: Sequence[Result], system: str) -> Document:
    """Say how the run did over all subjects, with 95 % intervals, given all that they have."""
    own = [one for one in results if one.system == system and one.level == "subject"]
    if not own:
        return {}
    fullest = max(own, key=lambda one: one.modalities.count("+"))
    wanted = ("accuracy", "macro_f1", "auroc", "mae_total")
    found = {name: fullest.metrics[name] for name in wanted if name in fullest.metrics}
    return {
        name: {part: number(getattr(one, part)) for part in ("mean", "pooled", "low", "high")} for name, one in found.items()
    } | {"modalities": fullest.modalities}


def _identity(subject: Subject, entries: Sequence[ClipEntry]) -> Document:
    """Return who it is, as the cohort gives it."""
    ages = sorted({entry.age for entry in entries if entry.age is not None})
    sexes = sorted({entry.sex for entry in entries if entry.sex})
    identity: Document = {"dataset": subject.dataset, "group": subject.group, "id": subject.subject}
    identity |= {"age": number(ages[0])} if len(ages) == 1 else {}
    return identity | ({"sex": sexes[0]} if len(sexes) == 1 else {})


def _overall(context: Context, said: Sequence[Said]) -> Document:
    """Average what was said of the subject's clips: probabilities first, then the highest of them."""
    classes = context.held_out.classes
    probabilities = np.mean([one.probabilities for one in said], axis=0)
    document: Document = {
        "clips": len(said),
        "classes": list(classes),
        "probabilities": numbers(probabilities),
        "prediction": classes[int(np.argmax(probabilities))],
    }
    scores = [one.scores for one in said if one.scores is not None and np.isfinite(one.scores).all()]
    if scores:
        mean = np.mean(scores, axis=0)
        document["severity"] = {
            "items": dict(zip(context.held_out.items, numbers(mean), strict=True)),
            "total": number(mean.sum()),
        }
    return document


def rated_document(entries: Sequence[ClipEntry], index: Index) -> Document:
    """Average what each rater gave over the clips that this rater scored completely."""
    document: Document = {}
    for rater in index.raters:
        given = [rating.scores for entry in entries for rating in entry.ratings if rating.rater == rater]
        complete = np.array([scores for scores in given if None not in scores], dtype=float)
        if len(complete):
            mean = complete.mean(axis=0)
            items = dict(zip(index.items, numbers(mean), strict=True))
            document[rater] = {"items": items, "total": number(mean.sum()), "clips": len(complete)}
    return document


def _clip(context: Context, recorded: Recorded) -> Document:
    entry, measured = recorded.entry, recorded.measured
    document: Document = {"name": entry.name, "task": entry.task, "session": entry.session}
    said = context.held_out.find(entry)
    if said is not None:
        document |= _said(context.held_out, said)
    ratings = [_rating(rating.rater, rating.scores, context.index.items) for rating in entry.ratings]
    if ratings:
        document["ratings"] = ratings
    if measured is None:
        return document | {"why": recorded.why}
    return document | {
        "quality": quality_document(measured.quality),
        "measures": [
            one | {"title": CATALOGUE[one["name"]].title, "modality": CATALOGUE[one["name"]].modality}
            for one in measure_documents(measured.measures)
        ],
        "curves": [curve_document(curve) for curve in measured.curves],
    }


def _said(held_out: HeldOut, said: Said) -> Document:
    document: Document = {
        "modalities": list(said.modalities),
        "probabilities": numbers(said.probabilities),
        "prediction": said.prediction,
        "gates": _finite(said.gates),
        "attention": _finite(dict(zip(held_out.tokens, said.attention.tolist(), strict=True))),
    }
    if said.scores is not None and np.isfinite(said.scores).all():
        document["severity"] = {
            "items": dict(zip(held_out.items, numbers(said.scores), strict=True)),
            "total": number(said.scores.sum()),
        }
    return document


def _rating(rater: str, scores: Sequence[float | None], items: Sequence[str]) -> Document:
    given = {item: number(score) for item, score in zip(items, scores, strict=True) if score is not None}
    total = {"total": number(sum(given.values()))} if len(given) == len(items) else {}
    return {"rater": rater, "items": given} | total


def _finite(values: Mapping[Any, float]) -> dict[str, float]:
    """Leave out what a system without gates or tokens has not."""
    return {str(name): number(value) for name, value in values.items() if np.isfinite(value)}


def curve_document(curve: Curve) -> Document:
    """Thin a curve to what a report can show: each kept value is the mean of its stretch, none where that was not seen."""
    count = min(CURVE_POINTS, len(curve.values))
    parts = np.array_split(np.arange(len(curve.values)), count) if count else []
    times = [number(curve.times_s[part].mean()) for part in parts]
    values = [curve.values[part][np.isfinite(curve.values[part])] for part in parts]
    means = [number(seen.mean()) if len(seen) else None for seen in values]
    about = {"name": curve.name, "title": curve.title, "unit": curve.unit, "modality": curve.modality}
    return about | {"times_s": times, "values": means}
