"""Routes of the Encoders page: the catalogue, likeness within a clip, two runs compared, the grid of pairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import JSONResponse

from divine.data.schema import ClipEntry
from divine.evaluation.evaluate import Estimate
from divine.evaluation.paper import Metric
from divine.records import DivineError
from divine.services import encoder_view, study
from divine.services.encoders import encoders
from divine.services.runs import run_entry
from ui.cohorts import Cohorts, Opened
from ui.owners import Owners

_READ_S = 20.0
"""How long a link may wait for its cohort to be read."""


def build(owners: Owners, cohorts: Cohorts) -> APIRouter:
    """Return the routes under ``/studio/encoders``."""
    router = APIRouter(prefix="/studio/encoders", dependencies=[Depends(owners.require)])

    def cohort_of(cohort: str) -> Opened:
        opened = cohorts.of(None if cohort == "default" else cohort)
        if opened is None:
            raise HTTPException(404, "Not found.")
        return opened.wait(_READ_S)

    @router.get("")
    def catalogue() -> list[dict[str, Any]]:
        return [
            {"code": one.about.code, "title": one.about.title, "modality": one.about.modality, "dim": one.about.dim}
            | {"rate_hz": one.about.rate_hz, "size_mb": one.about.size_mb, "licence": one.about.licence}
            | {"weights": one.about.weights, "present": one.present}
            | ({} if one.present else {"command": f"divine encoders fetch {one.about.code}"})
            for one in encoders()
        ]

    @router.get("/likeness/{cohort}/{clip}")
    def likeness(cohort: str, clip: str, one: str, other: str) -> dict[str, Any]:
        entry = cohort_of(cohort).clip(clip)
        if entry is None:
            raise HTTPException(404, "Not found.")
        found = [_likeness(entry, code) for code in (one, other)]
        known = [part for part in found if isinstance(part, encoder_view.Likeness)]
        agreed = encoder_view.agreement(*known) if len(known) == 2 else None
        moments = encoder_view.agreement_over_time(*known) if len(known) == 2 else None
        over_time = None if moments is None else {"times_s": _round(moments[0], 3), "values": _round(moments[1], 3)}
        return {"sides": [_side(part) for part in found], "agreement": agreed, "over_time": over_time}

    @router.get("/compare")
    def compare(first: str, second: str) -> Response:
        try:
            versus = study.compare(run_entry(first).folder, run_entry(second).folder)
            return JSONResponse(study.comparison_document(versus))
        except DivineError as error:
            return JSONResponse({"error": str(error)}, status_code=422)

    @router.get("/paired")
    def paired(first: str, second: str) -> Response:
        try:
            found = encoder_view.paired(run_entry(first).folder, run_entry(second).folder)
        except DivineError as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse(
            [
                {"metric": one.metric, "p": _known(one.wilcoxon_p)}
                | {"subjects": [[*row[:2], *_round(np.array(row[2:]), 6)] for row in one.subjects]}
                for one in found
            ]
        )

    @router.get("/grid/{cohort}")
    def grid(
        cohort: str,
        system: encoder_view.PairSystem = "divine",
        tasks: str = "speech",
        modalities: str = "audio+video",
        metric: Metric = "accuracy",
    ) -> list[dict[str, Any]]:
        data = cohort_of(cohort).path
        cells = encoder_view.pair_grid(data, system=system, tasks=tasks, modalities=modalities, metric=metric)
        return [
            {"video": one.video, "audio": one.audio, "printed": one.printed, "run": one.run, "absent": list(one.absent)}
            | {"ours": None if one.ours is None else _estimate(one.ours)}
            for one in cells
        ]

    return router


def _estimate(one: Estimate) -> list[float | None]:
    return [_known(value) for value in (one.mean, one.pooled, one.low, one.high)]


def _likeness(entry: ClipEntry, code: str) -> encoder_view.Likeness | str:
    try:
        return encoder_view.likeness(entry, code)
    except DivineError as error:
        return str(error)


def _side(found: encoder_view.Likeness | str) -> dict[str, Any]:
    if isinstance(found, str):
        return {"why": found}
    matrix = np.round(found.matrix * 100).astype(int)
    return {"code": found.code, "times_s": [round(float(t), 3) for t in found.times_s], "matrix": matrix.tolist()}


def _round(values: np.ndarray, digits: int) -> list[float | None]:
    return [_known(round(float(value), digits)) for value in values]


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
