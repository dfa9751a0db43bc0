"""What the Train page asks: what can be launched, whether an order holds; launch it. The jobs themselves: ``job_routes``."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar, get_args

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi import Body as FromBody
from fastapi.responses import JSONResponse

from divine import services
from divine.records import DivineError
from divine.services import train_plan
from divine.services.jobs import ExtractOrder, SweepOrder, TrainOrder
from divine.training.spec import SYSTEMS, Engine, Objective, Precision, Setting, TaskSet
from ui.cohorts import Cohorts, Opened, name_of
from ui.owners import Owners

_READ_WITHIN_S = 30.0
"""How long a plan waits for a cohort that is still being read."""
_BASELINES = ("majority", "age-sex", "logistic", "random-forest", "svm")
Asked = TypeVar("Asked")
Body = Annotated[dict[str, Any], FromBody()]
_MOST_SEEDS, _MOST_WORKERS, _MOST_CODES, _MOST_EPOCHS = 100, 256, 100, 10_000


class _OrderError(ValueError):
    """What the page sent is not an order."""


def build(owners: Owners, cohorts: Cohorts) -> APIRouter:
    """Return the routes under ``/studio/train``."""
    router = APIRouter(prefix="/studio/train")

    def read(body: dict[str, Any], order: Callable[[Opened], Asked]) -> tuple[Opened, Asked, str]:
        try:
            opened = cohorts.of(_text(body, "cohort") or None)
            if opened is None or opened.wait(_READ_WITHIN_S).state != "ready":
                raise _OrderError("This cohort is not open. Open it on the Cohort page first.")
            return opened, order(opened), _text(body, "device") or "cpu"
        except _OrderError as error:
            raise HTTPException(422, str(error)) from error

    def asked(body: dict[str, Any]) -> tuple[Opened, list[TrainOrder | SweepOrder], str]:
        return read(body, lambda opened: _orders(body, opened))

    def queued(orders: Iterable[TrainOrder | SweepOrder | ExtractOrder], device: str) -> Response:
        try:
            return JSONResponse({"jobs": [services.submit(order, device=device).id for order in orders]}, status_code=201)
        except DivineError as error:
            raise HTTPException(507, str(error)) from error

    @router.get("/options")
    def options(request: Request, cohort: str = "") -> dict[str, Any]:
        owners.require(request)
        opened = cohorts.of(cohort or None)
        known = {one.id: name_of(one.path) for one in cohorts.recent()}
        if opened is not None:
            known = {opened.id: opened.name} | known
        return {
            "cohorts": [{"id": key, "name": name} for key, name in known.items()],
            "cohort": None if opened is None else _cohort(opened.wait(_READ_WITHIN_S)),
            "systems": [{"name": name, "says": train_plan.SYSTEMS_SAY.get(name, "")} for name in SYSTEMS],
            "encoders": _encoders(opened),
            "baselines": [{"name": name, "says": train_plan.SYSTEMS_SAY[name]} for name in _BASELINES],
            "devices": list(train_plan.devices()),
            "cores": os.cpu_count() or 1,
        }

    @router.post("/plan")
    def plan(request: Request, body: Body) -> dict[str, Any]:
        owners.require(request)
        opened, orders, device = asked(body)
        return {"plans": [_plan(order, opened, device) for order in orders]}

    @router.post("/launch", status_code=201)
    def launch(request: Request, body: Body) -> Response:
        owners.require(request)
        opened, orders, device = asked(body)
        plans = [_plan(order, opened, device) for order in orders]
        if any(one["objections"] for one in plans):
            return JSONResponse({"plans": plans}, status_code=422)
        return queued(orders, device)

    @router.post("/features", status_code=201)
    def features(request: Request, body: Body) -> Response:
        """Extract features only, so that a later run finds them."""
        owners.require(request)
        opened, codes, device = read(body, lambda opened: (*_texts(body, "video"), *_texts(body, "audio")))
        objections = train_plan.plan_features(codes, opened.index)
        if objections:
            raise HTTPException(422, " ".join(one.text for one in objections))
        workers = _count(body, "workers", _MOST_WORKERS) if body.get("workers") else None
        return queued([ExtractOrder(str(opened.path), ",".join(codes), workers)], device)

    return router


def _orders(body: dict[str, Any], opened: Opened) -> list[TrainOrder | SweepOrder]:
    """Read one order per system, or a sweep where several of anything else are asked; values have to be those there are."""
    video, audio = _texts(body, "video"), _texts(body, "audio")
    systems = body.get("systems")
    if not isinstance(systems, list) or not systems or not all(name in SYSTEMS for name in systems):
        raise _OrderError("Choose at least one system.")
    tasks = _some_of(body, "tasks", get_args(TaskSet))
    objectives = _some_of(body, "objective", get_args(Objective))
    given = _some_of(body, "modalities", get_args(Setting))
    base = TrainOrder(
        data=str(opened.path),
        encoders="+".join((*video[:1], *audio[:1])),
        tasks=tasks[0],
        folds=_folds(body.get("folds")),
        seeds=_count(body, "seeds", _MOST_SEEDS),
        objective=objectives[0],
        modalities=given[0],
        precision=_one_of(body, "precision", get_args(Precision)),
        engine=_one_of(body, "engine", get_args(Engine)),
        baselines=tuple(name for name in _BASELINES if name in (body.get("baselines") or ())),
        workers=_count(body, "workers", _MOST_WORKERS) if body.get("workers") else None,
    )
    chosen = tuple(dict.fromkeys(systems))
    if any(len(several) > 1 for several in (video, audio, tasks, objectives, given)):
        if not video and not audio:
            raise _OrderError("Choose an encoder for the face, one for the voice, or both.")
        shared = {"folds": base.folds, "seeds": base.seeds, "baselines": base.baselines, "workers": base.workers}
        shared |= {"epochs": _count(body, "epochs", _MOST_EPOCHS)}
        return [SweepOrder(base.data, chosen, video, audio, objectives, tasks, given, **shared)]
    return [dataclasses.replace(base, system=name) for name in chosen]


def _plan(order: TrainOrder | SweepOrder, opened: Opened, device: str) -> dict[str, Any]:
    is_sweep = isinstance(order, SweepOrder)
    look = train_plan.plan_sweep if is_sweep else train_plan.plan
    made = look(order, opened.index, device=device)  # type: ignore[arg-type]
    return {
        "sweep": is_sweep,
        "members": made.members,
        "clips": made.clips,
        "subjects": made.subjects,
        "objections": [one._asdict() for one in made.objections],
        "notes": list(made.notes),
        "duration": None if made.duration is None else made.duration._asdict(),
    }


def _cohort(opened: Opened) -> dict[str, Any]:
    about: dict[str, Any] = {"id": opened.id, "name": opened.name, "state": opened.state, "message": opened.message}
    if opened.state != "ready":
        return about
    index = opened.index
    count = {group: sum(one.group == group for one in index.subjects) for group in index.groups}
    return about | {
        "synthetic": index.synthetic,
        "clips": len(index.clips),
        "groups": [{"name": group, "subjects": number} for group, number in count.items()],
        "items": list(index.items),
        "rated": any(clip.ratings for clip in index.clips),
        "given_split": any(clip.split is not None for clip in index.clips),
    }


def _encoders(opened: Opened | None) -> list[dict[str, Any]]:
    """List what a pair can be made of: every registered encoder, and features that the cohort brings."""
    known = [
        {
            "code": one.about.code,
            "title": one.about.title,
            "modality": one.about.modality,
            "present": one.present,
            "given": False,
        }
        for one in services.encoders()
    ]
    clips = opened.index.clips if opened is not None and opened.state == "ready" else ()
    brought = sorted({kind for clip in clips for kind in clip.features})
    codes = {name for _, name in brought}
    given = [
        {"code": name, "title": "features of the cohort", "modality": modality, "present": True, "given": True}
        for modality, name in brought
    ]
    return [*given, *(one for one in known if one["code"] not in codes)]


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise _OrderError(f"{name}: give a text.")
    return value


def _texts(body: dict[str, Any], name: str) -> tuple[str, ...]:
    values = body.get(name, [])
    if not isinstance(values, list) or len(values) > _MOST_CODES or not all(isinstance(one, str) and one for one in values):
        raise _OrderError(f"{name}: give a list of codes.")
    return tuple(dict.fromkeys(values))


def _some_of(body: dict[str, Any], name: str, choices: tuple[Any, ...]) -> tuple[Any, ...]:
    chosen = _texts(body, name)
    if not chosen or not set(chosen) <= set(choices):
        raise _OrderError(f"{name}: choose at least one of {', '.join(map(str, choices))}.")
    return chosen


def _one_of(body: dict[str, Any], name: str, choices: tuple[Any, ...]) -> Any:
    if body.get(name) not in choices:
        raise _OrderError(f"{name}: choose one of {', '.join(map(str, choices))}.")
    return body[name]


def _count(body: dict[str, Any], name: str, most: int) -> int:
    value = body.get(name)
    if type(value) is not int or not 1 <= value <= most:
        raise _OrderError(f"{name}: give a number from 1 to {most}.")
    return value


def _folds(value: object) -> Any:
    if value in ("loso", "given") or (type(value) is int and 1 < value <= 1000):
        return value
    raise _OrderError("folds: give a number of folds, loso, or given.")
