"""What the Train page asks: what can be launched, whether an order holds; launch it. The jobs themselves: ``job_routes``."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, get_args

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from divine import services
from divine.evaluation.unit import Objective, Setting, TaskSet
from divine.models.config import Precision
from divine.services import train_plan
from divine.services.jobs import ExtractOrder, SweepOrder, TrainOrder
from divine.training.spec import SYSTEMS, Engine
from ui import orders
from ui.cohorts import Cohorts, Opened, name_of
from ui.owners import Owners

_BASELINES = ("majority", "age-sex", "logistic", "random-forest", "svm")


def build(owners: Owners, cohorts: Cohorts) -> APIRouter:
    """Return the routes under ``/studio/train``."""
    router = APIRouter(prefix="/studio/train")

    def read(body: dict[str, Any]) -> tuple[Opened, list[TrainOrder | SweepOrder], str]:
        return orders.read(cohorts, body, lambda opened: _orders(body, opened))

    @router.get("/options")
    def options(request: Request, cohort: str = "") -> dict[str, Any]:
        owners.require(request)
        opened = cohorts.of(cohort or None)
        known = {one.id: name_of(one.path) for one in cohorts.recent()}
        if opened is not None:
            known = {opened.id: opened.name} | known
        return {
            "cohorts": [{"id": key, "name": name} for key, name in known.items()],
            "cohort": None if opened is None else _cohort(opened.wait(orders.READ_WITHIN_S)),
            "systems": [{"name": name, "says": train_plan.SYSTEMS_SAY.get(name, "")} for name in SYSTEMS],
            "encoders": _encoders(opened),
            "baselines": [{"name": name, "says": train_plan.SYSTEMS_SAY[name]} for name in _BASELINES],
            "devices": list(train_plan.devices()),
            "cores": os.cpu_count() or 1,
        }

    @router.post("/plan")
    def plan(request: Request, body: orders.Body) -> dict[str, Any]:
        owners.require(request)
        opened, found, device = read(body)
        return {"plans": [_plan(order, opened, device) for order in found]}

    @router.post("/launch", status_code=201)
    def launch(request: Request, body: orders.Body) -> Response:
        owners.require(request)
        opened, found, device = read(body)
        plans = [_plan(order, opened, device) for order in found]
        if any(one["objections"] for one in plans):
            return JSONResponse({"plans": plans}, status_code=422)
        return orders.queued(found, device)

    @router.post("/features", status_code=201)
    def features(request: Request, body: orders.Body) -> Response:
        """Extract features only, so that a later run finds them."""
        owners.require(request)

        def read_codes(opened: Opened) -> tuple[tuple[str, ...], int | None]:
            return (*orders.texts(body, "video"), *orders.texts(body, "audio")), orders.workers(body)

        opened, (codes, workers), device = orders.read(cohorts, body, read_codes)
        objections = train_plan.plan_features(codes, opened.index)
        if objections:
            raise HTTPException(422, " ".join(one.text for one in objections))
        return orders.queued([ExtractOrder(str(opened.path), ",".join(codes), workers)], device)

    return router


def _orders(body: dict[str, Any], opened: Opened) -> list[TrainOrder | SweepOrder]:
    """Read one order per system, or a sweep where several of anything else are asked; values have to be those there are."""
    video, audio = orders.texts(body, "video"), orders.texts(body, "audio")
    systems = body.get("systems")
    if not isinstance(systems, list) or not systems or not all(name in SYSTEMS for name in systems):
        raise orders.OrderError("Choose at least one system.")
    tasks = orders.some_of(body, "tasks", get_args(TaskSet))
    objectives = orders.some_of(body, "objective", get_args(Objective))
    given = orders.some_of(body, "modalities", get_args(Setting))
    base = TrainOrder(
        data=str(opened.path),
        encoders="+".join((*video[:1], *audio[:1])),
        tasks=tasks[0],
        folds=orders.folds(body.get("folds")),
        seeds=orders.count(body, "seeds", orders.MOST_SEEDS),
        epochs=orders.count(body, "epochs", orders.MOST_EPOCHS),
        objective=objectives[0],
        modalities=given[0],
        precision=orders.one_of(body, "precision", get_args(Precision)),
        engine=orders.one_of(body, "engine", get_args(Engine)),
        baselines=tuple(name for name in _BASELINES if name in (body.get("baselines") or ())),
        workers=orders.workers(body),
    )
    chosen = tuple(dict.fromkeys(systems))
    if any(len(several) > 1 for several in (video, audio, tasks, objectives, given)):
        if not video and not audio:
            raise orders.OrderError("Choose an encoder for the face, one for the voice, or both.")
        shared = {"folds": base.folds, "seeds": base.seeds, "epochs": base.epochs, "baselines": base.baselines}
        shared |= {"workers": base.workers}
        return [SweepOrder(base.data, chosen, video, audio, objectives, tasks, given, **shared)]
    return [dataclasses.replace(base, system=name) for name in chosen]


def _plan(order: TrainOrder | SweepOrder, opened: Opened, device: str) -> dict[str, Any]:
    if isinstance(order, SweepOrder):
        made = train_plan.plan_sweep(order, opened.index, device=device)
    else:
        made = train_plan.plan(order, opened.index, device=device)
    return {
        "sweep": isinstance(order, SweepOrder),
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
