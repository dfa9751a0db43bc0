"""The Session page's routes: a cohort's roster, one clip's parts, what a run says of it. No path ever comes from a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import FileResponse, JSONResponse

from divine.data.schema import ClipEntry
from divine.records import DivineError
from divine.services import browse, interpret
from divine.services.runs import run_entry
from ui import session_wire
from ui.cohorts import Cohorts, Opened
from ui.owners import Owners
from ui.session_work import TYPES, Openings, Work

DEFAULT = "default"
"""In place of a cohort's id: the one that the studio was started with."""
_READ_S = 20.0
"""How long a link may wait for its cohort to be read."""


def build(owners: Owners, cohorts: Cohorts, openings: Openings) -> APIRouter:
    """Return the routes under ``/studio/session``."""
    router = APIRouter(prefix="/studio/session", dependencies=[Depends(owners.require)])

    def cohort_of(cohort: str) -> Opened:
        opened = cohorts.of(None if cohort == DEFAULT else cohort)
        if opened is None:
            raise HTTPException(404, "Not found.")
        return opened

    def clip_of(cohort: str, clip: str) -> tuple[Opened, ClipEntry]:
        opened = cohort_of(cohort).wait(_READ_S)
        entry = opened.clip(clip)
        if entry is None:
            raise HTTPException(404, "Not found.")
        return opened, entry

    def standing(opened: Opened, entry: ClipEntry, work: Work) -> dict[str, Any]:
        return session_wire.entry_facts(entry, opened.index) | work.view()

    @router.get("/{cohort}")
    def roster(cohort: str) -> dict[str, Any]:
        opened = cohort_of(cohort)
        return session_wire.roster(opened, browse.runs_on(opened.path))

    @router.post("/{cohort}/{clip}")
    def start(cohort: str, clip: str) -> dict[str, Any]:
        opened, entry = clip_of(cohort, clip)
        work = openings.open(opened.id, clip, entry, opened.index, found=lambda quality: opened.note_quality(entry, quality))
        return standing(opened, entry, work)

    @router.get("/{cohort}/{clip}")
    def state(cohort: str, clip: str) -> dict[str, Any]:
        opened, entry = clip_of(cohort, clip)
        work = openings.get(opened.id, clip)
        if work is None:
            raise HTTPException(404, "Not found.")
        return standing(opened, entry, work)

    @router.get("/{cohort}/{clip}/run/{run}")
    def judged(cohort: str, clip: str, run: str, against: str = "") -> Response:
        opened, entry = clip_of(cohort, clip)
        try:
            found = interpret.judge(run_entry(run).folder, opened.index, entry, against=against)
        except DivineError as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse(session_wire.judgement_document(found))

    @router.get("/{cohort}/{clip}/{part}")
    def part(cohort: str, clip: str, part: str) -> Response:
        opened, _ = clip_of(cohort, clip)
        work = openings.get(opened.id, clip)
        content = work.parts.get(part) if work is not None else None
        if content is None:
            raise HTTPException(404, "Not found.")
        if isinstance(content, Path):
            return FileResponse(content, media_type=TYPES[part])
        return Response(content, media_type=TYPES[part])

    return router
