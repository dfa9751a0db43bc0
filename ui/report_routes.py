"""Routes of the Reports page: what can be reported on, order a report, how far it is, its pages and files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from divine.records import DivineError
from divine.services import runs
from divine.services.report import safe_name
from ui.cohorts import Cohorts
from ui.owners import Owners
from ui.reports import EVERYBODY, Report, Reports, key_of, open_run

_TYPES = {"pdf": "application/pdf", "json": "application/json", "zip": "application/zip"}


def build(owners: Owners, cohorts: Cohorts, reports: Reports) -> APIRouter:
    """Return the routes under ``/studio/reports``."""
    router = APIRouter(prefix="/studio/reports")

    def mine(request: Request, report_id: str) -> Report:
        report = reports.get(owners.require(request), report_id)
        if report is None:
            raise HTTPException(404, "Not found.")
        return report

    @router.get("/runs")
    def finished(request: Request) -> list[dict[str, Any]]:
        owners.require(request)
        return [
            {"id": one.id, "name": one.name, "created_s": one.created_s, "synthetic": one.synthetic}
            | {"system": one.spec.system, "encoders": one.spec.encoders, "tasks": one.spec.tasks}
            for one in runs.runs()
            if one.state == "done" and one.spec is not None
        ]

    @router.get("/subjects")
    def subjects(request: Request, run: str, cohort: str = "") -> Response:
        owners.require(request)
        opened = cohorts.get(cohort) if cohort else None
        try:
            context = open_run(run, opened.path if opened else None)
        except DivineError as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        listed = [
            {
                "key": key_of(one),
                "id": one.subject,
                "group": one.group,
                "dataset": one.dataset,
                "clips": len(context.index.of(one)),
            }
            for one in context.index.subjects
        ]
        return JSONResponse({"subjects": listed, "synthetic": context.status.synthetic})

    @router.post("", status_code=201)
    def order(request: Request, asked: Annotated[dict[str, str], Body()]) -> dict[str, str]:
        opened = cohorts.get(asked["cohort"]) if asked.get("cohort") else None
        owner = owners.require(request)
        report = reports.start(owner, asked.get("run", ""), asked.get("of", ""), opened.path if opened else None)
        return {"id": report.id}

    @router.get("/{report_id}")
    def state(request: Request, report_id: str) -> dict[str, Any]:
        report = mine(request, report_id)
        how = {"state": report.state, "stage": report.stage, "done": report.done, "total": report.total}
        return how | {"message": report.message, "pages": len(report.pages), "files": sorted(report.files)}

    @router.delete("/{report_id}", status_code=204)
    def cancel(request: Request, report_id: str) -> None:
        mine(request, report_id).cancelled.set()

    @router.get("/{report_id}/pages/{number}")
    def page(request: Request, report_id: str, number: int) -> Response:
        pages = mine(request, report_id).pages
        if not 1 <= number <= len(pages):
            raise HTTPException(404, "Not found.")
        return Response(pages[number - 1], media_type="image/png")

    @router.get("/{report_id}/{form}")
    def file(request: Request, report_id: str, form: str) -> Response:
        report = mine(request, report_id)
        if form not in report.files:
            raise HTTPException(404, "Not found.")
        name = safe_name(report.name if report.of == EVERYBODY else f"report {report.name}")
        headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Content-Security-Policy": "sandbox"}
        return Response(report.files[form], media_type=_TYPES[form], headers=headers)

    return router
