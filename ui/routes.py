"""The studio's own routes: uploads in, state, media, tracks and results out. Everything that is not the asker's answers 404."""

from __future__ import annotations

import urllib.parse
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from ui.jobs import PARTS, REPORT, RESULT, Job
from ui.owners import Owners
from ui.sessions import Sessions
from ui.workspace import UploadError, Workspace

_DOWNLOAD_STEM = 80


def build(owners: Owners, workspace: Workspace, sessions: Sessions) -> APIRouter:
    """Return the routes under ``/studio``."""
    router = APIRouter(prefix="/studio")

    def job_of(request: Request, job_id: str) -> Job:
        job = sessions.get(owners.require(request), job_id)
        if job is None:
            raise HTTPException(404, "Not found.")
        return job

    @router.get("/session", status_code=204)
    def session() -> None:
        """Nothing to say: the guard's answer brings a newcomer the owner's cookie."""

    @router.post("/uploads", status_code=201)
    async def upload(request: Request) -> Response:
        owner = owners.require(request)
        name = urllib.parse.unquote(request.headers.get("x-file-name", ""))
        try:
            taken = await workspace.receive(owner, name, request.stream())
        except UploadError as error:
            return JSONResponse({"error": str(error)}, status_code=413 if "larger" in str(error) else 422)
        return JSONResponse({"id": taken.id, "name": taken.name, "size": taken.size}, status_code=201)

    @router.delete("/uploads/{upload_id}", status_code=204)
    def discard(request: Request, upload_id: str) -> None:
        if not workspace.discard(upload_id, owners.require(request)):
            raise HTTPException(404, "Not found.")

    @router.get("/jobs/{job_id}")
    def state(request: Request, job_id: str) -> dict[str, Any]:
        job = job_of(request, job_id)
        return job.view(sessions.ahead(job))

    @router.post("/jobs/{job_id}/cancel", status_code=204)
    def cancel(request: Request, job_id: str) -> None:
        sessions.cancel(job_of(request, job_id))

    @router.delete("/jobs/{job_id}", status_code=204)
    def forget(request: Request, job_id: str) -> None:
        sessions.forget(job_of(request, job_id))

    @router.get("/jobs/{job_id}/{part}")
    def part(request: Request, job_id: str, part: str, download: bool = False) -> Response:
        job = job_of(request, job_id)
        # A name that the user controls never becomes a path: it has to be one of ours.
        if part not in PARTS or part not in job.parts:
            raise HTTPException(404, "Not found.")
        ending = {RESULT: ".divine.json", REPORT: ".divine.pdf"}.get(part) if download else None
        filename = _download_stem(job.order.name) + ending if ending else None
        return FileResponse(job.folder / part, media_type=PARTS[part], filename=filename)

    return router


def _download_stem(name: str) -> str:
    stem = name.rsplit(".", 1)[0][:_DOWNLOAD_STEM]
    return "".join(character if character.isalnum() or character in "-_ " else "_" for character in stem)
