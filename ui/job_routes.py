"""Jobs as pages see them: how they stand, each member of a training run; cancel, resume, forget. Ids only, never a path."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from divine import services
from divine.jobs.errors import JobError
from divine.jobs.records import Job
from divine.records import DivineError
from divine.services.run_results import MemberProgress, run_progress
from divine.services.train_plan import side_by_side
from ui.owners import Owners
from ui.recent import id_of


def build(owners: Owners) -> APIRouter:
    """Return the routes under ``/studio/work``."""
    router = APIRouter(prefix="/studio/work")

    @router.get("")
    def listed(request: Request) -> Response:
        owners.require(request)
        return unless_same(request, {"jobs": [_view(job) for job in services.jobs()]})

    @router.get("/{job_id}")
    def one(request: Request, job_id: str) -> Response:
        owners.require(request)
        return unless_same(request, _detail(_tried(services.job, job_id)))

    @router.post("/{job_id}/cancel")
    def cancel(request: Request, job_id: str) -> dict[str, Any]:
        owners.require(request)
        return _view(_tried(services.cancel_job, job_id))

    @router.post("/{job_id}/resume")
    def resume(request: Request, job_id: str) -> dict[str, Any]:
        owners.require(request)
        return _view(_tried(services.resume_job, job_id))

    @router.delete("/{job_id}", status_code=204)
    def forget(request: Request, job_id: str) -> None:
        owners.require(request)
        _tried(services.remove_job, job_id)

    return router


def unless_same(request: Request, document: dict[str, Any]) -> Response:
    """Answer with a document, or with 304 where the asker has it already: a page that polls then does nothing."""
    content = json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return Response(content, media_type="application/json", headers={"etag": tag})


def _tried(act: Callable[[str], Any], job_id: str) -> Any:
    try:
        return act(job_id)
    except DivineError as error:
        raise HTTPException(404 if isinstance(error, JobError) and "no such job" in str(error) else 409, str(error)) from error


def _view(job: Job) -> dict[str, Any]:
    status, arguments = job.status, job.order.arguments
    shown = (
        "encoders",
        "system",
        "tasks",
        "folds",
        "seeds",
        "objective",
        "baselines",
        "modalities",
        "systems",
        "video",
        "audio",
        "objectives",
        "train_modalities",
        "precision",
        "engine",
        "epochs",
        "workers",
        "what",
    )
    return {
        "id": job.id,
        "kind": job.order.kind,
        "title": job.order.title,
        "device": job.order.device,
        "cohort": id_of(Path(str(arguments.get("data", "")))),
        "asked": {name: arguments[name] for name in shown if name in arguments},
        "state": status.state,
        "stage": status.stage,
        "done": status.done,
        "total": status.total,
        "message": status.message,
        "queued_s": status.queued_s,
        "started_s": status.started_s,
        "ended_s": status.ended_s,
        "has_run": (services.run_folder(job.id) / "spec.json").is_file(),
        "has_tables": (services.reproduction_folder(job.id) / "sweep" / "status.json").is_file(),
        "left_out": services.left_out(job),
    }


def _detail(job: Job) -> dict[str, Any]:
    if job.order.kind != "train":
        return {"job": _view(job), "members": [], "left_s": None}
    members = run_progress(services.run_folder(job.id))
    return {
        "job": _view(job),
        "members": [dataclasses.asdict(one) for one in members],
        "left_s": _left(job, members),
    }


def _left(job: Job, members: tuple[MemberProgress, ...]) -> float | None:
    """Scale the median time of this job's own finished members by what is left; None before the first is finished."""
    took = [one.seconds for one in members if one.seconds is not None]
    left = sum(one.state != "done" for one in members)
    if not took or not left or job.status.state != "running":
        return None
    return statistics.median(took) * -(-left // side_by_side(job.order.arguments.get("workers"), left))
