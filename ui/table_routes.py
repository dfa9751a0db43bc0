"""What the Runs page asks of the paper's tables: a list, a table, the figure, files; open, delete, bring back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Depends, HTTPException, Request, Response

from divine.evaluation.paper import FIGURES
from divine.records import DivineError
from divine.services import paper_tables, reproductions
from divine.services.reproductions import ReproductionEntry, ReproductionError
from ui import table_wire
from ui.job_routes import unless_same
from ui.owners import Owners

Answer = TypeVar("Answer")


def build(owners: Owners) -> APIRouter:
    """Return the routes under ``/studio/tables``."""
    router = APIRouter(prefix="/studio/tables", dependencies=[Depends(owners.require)])

    def entry_of(reproduction_id: str) -> ReproductionEntry:
        return _tried(lambda: reproductions.reproduction(reproduction_id))

    @router.get("")
    def listed(request: Request) -> Response:
        return unless_same(request, {"reproductions": [table_wire.about(one) for one in reproductions.reproductions()]})

    @router.post("", status_code=201)
    def opened(path: Annotated[str, Body(embed=True)]) -> dict[str, Any]:
        given = Path(path.strip().strip("\"'"))
        if "\0" in path or not (given.is_absolute() or path.strip().startswith("~")):
            raise HTTPException(422, "Give the whole path of a reproduction's folder, from / or ~ on.")
        return table_wire.about(_tried(lambda: reproductions.open_reproduction(given), otherwise=422))

    @router.delete("/{reproduction_id}")
    def deleted(reproduction_id: str) -> dict[str, Any]:
        return _tried(lambda: reproductions.delete_reproduction(reproduction_id), otherwise=409)._asdict()

    @router.post("/{reproduction_id}/restore")
    def restored(reproduction_id: str) -> dict[str, Any]:
        return {"name": _tried(lambda: reproductions.restore_reproduction(reproduction_id), otherwise=409)}

    @router.get("/{reproduction_id}/table/{number}")
    def table(request: Request, reproduction_id: str, number: int) -> Response:
        entry = entry_of(reproduction_id)
        if entry.state == "damaged":
            return unless_same(request, {"reproduction": table_wire.about(entry)})
        filled = _tried(lambda: paper_tables.filled(entry, number))
        found = table_wire.table(filled, lambda unit: paper_tables.run_of(entry, unit))
        return unless_same(request, {"reproduction": table_wire.about(entry), "table": found})

    @router.get("/{reproduction_id}/figure")
    def figure(request: Request, reproduction_id: str) -> Response:
        entry = entry_of(reproduction_id)
        if entry.state == "damaged":
            return unless_same(request, {"reproduction": table_wire.about(entry)})
        drawn = {stem: _tried(lambda stem=stem: paper_tables.panels(entry, stem)) for stem in FIGURES}
        found = table_wire.figure(drawn, lambda unit: paper_tables.run_of(entry, unit))
        return unless_same(request, {"reproduction": table_wire.about(entry), "figure": found})

    @router.get("/{reproduction_id}/{stem}.{kind}")
    def file(reproduction_id: str, stem: str, kind: str) -> Response:
        entry = entry_of(reproduction_id)
        found = _tried(lambda: paper_tables.file_of(entry, stem, kind))
        headers = {"content-disposition": f'attachment; filename="{stem}.{kind}"'}  # both are names of ours by now
        return Response(found.content, media_type=found.media_type, headers=headers)

    return router


def _tried(act: Callable[[], Answer], otherwise: int = 404) -> Answer:
    try:
        return act()
    except DivineError as error:
        missing = isinstance(error, ReproductionError) and "no such" in str(error)
        raise HTTPException(404 if missing else otherwise, str(error)) from error
