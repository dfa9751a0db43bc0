"""The Cohort page's routes: open, look, work. A cohort is named by its id and a clip by its key; only ``open`` takes a path."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from divine.records import DivineError
from divine.services import browse
from divine.services.runs import RunEntry
from ui import cohort_wire, cohort_work
from ui.cohorts import CohortError, Cohorts, Opened, name_of
from ui.jobs import Order
from ui.owners import Owners
from ui.security import Access
from ui.sessions import BusyError, Sessions

DEFAULT = "default"
"""In place of a cohort's id: the one that the studio was started with."""
_ELSEWHERE = (
    "This studio is open to other machines, so folders are not opened from a browser. "
    "Start it with --data on the machine that holds the cohort."
)


class Typed(BaseModel):
    """What somebody typed, pasted or dropped."""

    path: str


class Wanted(BaseModel):
    """What is to be done with a cohort."""

    what: str


def build(owners: Owners, cohorts: Cohorts, sessions: Sessions, access: Access) -> APIRouter:
    """Return the routes under ``/studio/cohorts``."""
    router = APIRouter(prefix="/studio/cohorts", dependencies=[Depends(owners.require)])

    def cohort_of(cohort: str) -> Opened:
        opened = cohorts.of(None if cohort == DEFAULT else cohort)
        if opened is None:
            raise HTTPException(404, "Not found.")
        return opened

    def ready(cohort: str) -> Opened:
        opened = cohort_of(cohort)
        if opened.state != "ready":
            raise HTTPException(409, opened.message or "The cohort is still being read.")
        return opened

    @router.get("")
    def known() -> dict[str, Any]:
        listed = cohorts.recent()
        names = {one.id: name_of(one.path) for one in listed}
        return {
            "recent": cohort_wire.recent(listed, names, cohorts.default().id),
            "default": cohorts.default().id,
            "typing": access.loopback,
        }

    @router.post("", status_code=201)
    def open_cohort(typed: Typed) -> Response:
        if not access.loopback:
            return JSONResponse({"error": _ELSEWHERE}, status_code=403)
        try:
            opened = cohorts.typed(typed.path)
        except CohortError as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse(cohort_wire.standing(opened), status_code=201)

    @router.delete("/{cohort}", status_code=204)
    def forget(cohort: str) -> None:
        cohorts.forget(cohort_of(cohort).id)

    @router.get("/{cohort}")
    def state(cohort: str) -> dict[str, Any]:
        return cohort_wire.standing(cohort_of(cohort))

    @router.get("/{cohort}/grid")
    def grid(cohort: str) -> dict[str, Any]:
        return cohort_wire.grid(ready(cohort))

    @router.get("/{cohort}/runs")
    def runs(cohort: str) -> list[dict[str, Any]]:
        return cohort_wire.runs(browse.runs_on(ready(cohort).path))

    @router.get("/{cohort}/said")
    def said(cohort: str, run: str) -> Response:
        found: RunEntry | None = next((one for one in browse.runs_on(ready(cohort).path) if one.id == run), None)
        if found is None:
            raise HTTPException(404, "Not found.")
        try:
            return JSONResponse(cohort_wire.said(browse.said_by(found.folder)))
        except DivineError as error:
            return JSONResponse({"error": str(error)}, status_code=409)

    @router.post("/{cohort}/work", status_code=202)
    def work(cohort: str, wanted: Wanted) -> Response:
        try:
            cohort_work.start(opened := ready(cohort), wanted.what)
        except CohortError as error:
            return JSONResponse({"error": str(error)}, status_code=409)
        return JSONResponse(cohort_wire.standing(opened), status_code=202)

    @router.delete("/{cohort}/work", status_code=204)
    def stop(cohort: str) -> None:
        ready(cohort).stopped.set()

    @router.post("/{cohort}/clips/{clip}/assess", status_code=201)
    def assess(request: Request, cohort: str, clip: str) -> Response:
        """Assess a clip as if it had been dropped on the Assess page; its files stay where they are."""
        opened = ready(cohort)
        entry = opened.clip(clip)
        recording = None if entry is None else entry.video or entry.audio
        if entry is None:
            raise HTTPException(404, "Not found.")
        if recording is None:
            return JSONResponse({"error": f"{entry.name}: comes as features, without a recording."}, status_code=409)
        sound = entry.audio if entry.video else None
        order = Order(
            owner=owners.require(request),
            name=entry.name,
            recording=recording,
            sound=sound,
            sound_name=sound.name if sound else "",
            task=entry.task or None,
            example=opened.synthetic,
            spent=(),
        )
        try:
            return JSONResponse({"job": sessions.submit(order).id}, status_code=201)
        except BusyError as error:
            return JSONResponse({"error": str(error)}, status_code=429)

    return router
