"""What the Runs page asks: the list, one run's results, cells and their clips, a comparison; open, delete, bring back."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Body, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse

from divine.evaluation.confusion import Kind
from divine.evaluation.evaluate import Level
from divine.evaluation.unit import Setting
from divine.records import DivineError
from divine.services import interpret, run_cells, run_results, runs, study
from divine.services.runs import RunEntry, RunError
from ui import run_wire
from ui.cohorts import name_of
from ui.job_routes import unless_same
from ui.owners import Owners
from ui.recent import id_of

Answer = TypeVar("Answer")
_FORMATS = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}


def build(owners: Owners) -> APIRouter:
    """Return the routes under ``/studio/runs``."""
    router = APIRouter(prefix="/studio/runs", dependencies=[Depends(owners.require)])

    def folder_of(run_id: str) -> Path:
        return _tried(lambda: runs.run_entry(run_id)).folder

    @router.get("")
    def listed(request: Request) -> Response:
        return unless_same(request, {"runs": [_view(one) for one in runs.runs()]})

    @router.post("", status_code=201)
    def opened(path: Annotated[str, Body(embed=True)]) -> dict[str, Any]:
        given = Path(path.strip().strip("\"'"))
        if "\0" in path or not (given.is_absolute() or path.strip().startswith("~")):
            raise HTTPException(422, "Give the whole path of a run's folder, from / or ~ on.")
        return _view(_tried(lambda: runs.open_run(given), missing=422))

    @router.get("/{run_id}")
    def one(request: Request, run_id: str) -> Response:
        entry = _tried(lambda: runs.run_entry(run_id))
        members = [dataclasses.asdict(one) for one in run_results.run_progress(entry.folder)]
        return unless_same(request, {"run": _view(entry), "members": members})

    @router.delete("/{run_id}")
    def deleted(run_id: str) -> dict[str, Any]:
        return _tried(lambda: runs.delete_run(run_id), missing=409)._asdict()

    @router.post("/{run_id}/restore")
    def restored(run_id: str) -> dict[str, Any]:
        return {"name": _tried(lambda: runs.restore_run(run_id), missing=409)}

    @router.get("/{run_id}/evaluation")
    def evaluation(run_id: str) -> dict[str, Any]:
        folder = folder_of(run_id)
        return _tried(lambda: run_results.evaluation(folder), missing=409)

    @router.get("/{run_id}/curves")
    def curves(run_id: str) -> dict[str, Any]:
        folder = folder_of(run_id)
        return {"curves": [one._asdict() for one in _tried(lambda: run_results.learning_curves(folder), missing=409)]}

    @router.get("/{run_id}/confusion")
    def confusion(run_id: str, kind: Kind, modalities: Setting, level: Level = "clip") -> dict[str, Any]:
        folder = folder_of(run_id)
        found = _tried(lambda: run_cells.confusion_of(folder, kind, modalities=modalities, level=level), missing=409)
        if found is None:
            return {"labels": [], "counts": [], "shares": []}
        return {"labels": list(found.labels), "counts": found.counts.tolist(), "shares": found.shares.round(6).tolist()}

    @router.get("/{run_id}/cell")
    def cell(run_id: str, kind: Kind, modalities: Setting, row: int, column: int, level: Level = "clip") -> dict[str, Any]:
        folder = folder_of(run_id)
        asked = {"modalities": modalities, "level": level, "row": row, "column": column}
        found = _tried(lambda: run_cells.cell(folder, kind, **asked), missing=409)
        return {"subjects": [vars(one) | {"clips": [clip._asdict() for clip in one.clips]} for one in found]}

    @router.get("/{run_id}/attention")
    def attention(run_id: str, task: str = "", against: str = "") -> dict[str, Any]:
        folder = folder_of(run_id)
        return run_wire.overview(_tried(lambda: interpret.overview(folder, task=task, against=against), missing=409), task)

    @router.get("/{run_id}/removal")
    def removal(run_id: str, task: str = "") -> dict[str, Any]:
        folder = folder_of(run_id)
        return run_wire.followed(_tried(lambda: interpret.gates_beside_removal(folder, task=task), missing=409))

    @router.get("/{run_id}/calibration")
    def calibration(run_id: str, modalities: Setting) -> dict[str, Any]:
        folder = folder_of(run_id)
        found = _tried(lambda: study.run_calibration(folder, modalities=modalities), missing=409)
        return {"bins": [one._asdict() for one in found]}

    @router.get("/{run_id}/compare/{other_id}")
    def compared(run_id: str, other_id: str) -> dict[str, Any]:
        first, second = folder_of(run_id), folder_of(other_id)
        return _tried(lambda: study.comparison_document(study.compare(first, second)), missing=409)

    @router.get("/{run_id}/predictions.{kind}")
    def predictions(run_id: str, kind: Literal["parquet", "csv"]) -> Response:
        folder = folder_of(run_id)
        path, name = folder / "predictions.parquet", f"predictions-{folder.name}.{kind}"
        if not path.is_file():
            raise HTTPException(409, "The run is not finished: it has no predictions yet.")
        if kind == "parquet":
            return FileResponse(path, media_type=_FORMATS[kind], filename=name)
        return Response(_tried(lambda: _csv(path)), media_type=_FORMATS[kind], headers=_attached(name))

    return router


def _tried(act: Callable[[], Answer], missing: int = 404) -> Answer:
    try:
        return act()
    except DivineError as error:
        raise HTTPException(
            404 if isinstance(error, RunError) and "no such run" in str(error) else missing, str(error)
        ) from error


def _view(entry: RunEntry) -> dict[str, Any]:
    spec, status = entry.spec, entry.status
    about: dict[str, Any] = {
        "id": entry.id,
        "name": entry.name,
        "ours": entry.ours,
        "shipped": entry.id == runs.SHIPPED_ID,
        "judges": runs.can_judge(entry),
        "state": entry.state,
        "message": entry.message,
        "created_s": entry.created_s,
        "synthetic": entry.synthetic,
        "done": 0 if status is None else status.done,
        "total": 0 if status is None else status.total,
        "proof": "" if status is None else status.proof,
        "notes": [] if status is None else list(status.notes),
    }
    if spec is None:
        return about
    return about | {
        "cohort": {"id": id_of(Path(spec.data)), "name": name_of(Path(spec.data))},
        "system": spec.system,
        "encoders": spec.encoders,
        "objective": spec.objective,
        "tasks": spec.tasks,
        "folds": spec.folds,
        "seeds": spec.seeds,
        "baselines": list(spec.baselines),
        "main": _main_metric(entry),
    }


def _main_metric(entry: RunEntry) -> dict[str, Any] | None:
    """Return the one number of the list: accuracy per subject, or the error of the total where only severity is learned."""
    document = run_results.evaluated(entry.folder) if entry.state == "done" else None
    if document is None or entry.spec is None:
        return None
    name = "mae_total" if entry.spec.objective == "R" else "accuracy"
    results = [one for one in document["results"] if one["level"] == "subject"]
    fullest = max(results, key=lambda one: len(one["modalities"]), default=None)
    found = None if fullest is None else fullest["metrics"].get(name)
    return None if found is None or fullest is None else {"name": name, "modalities": fullest["modalities"]} | found


def _csv(path: Path) -> bytes:
    """Write the table for spreadsheets: a cell that a spreadsheet would run as a formula is quoted."""
    import pandas as pd

    frame = pd.read_parquet(path)
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    for name in texts:
        shown = frame[name].astype(object)
        frame[name] = shown.where(~shown.astype(str).str.startswith(("=", "+", "-", "@", "\t", "\r")), "'" + shown.astype(str))
    written = io.StringIO()
    frame.to_csv(written, index=False)
    return written.getvalue().encode()


def _attached(name: str) -> dict[str, str]:
    safe = "".join(one if (one.isalnum() and one.isascii()) or one in "-_." else "_" for one in name)
    return {"content-disposition": f'attachment; filename="{safe}"'}
