"""What the Train page asks of the paper's tables: what can be asked for, whether an order holds; launch it."""

from __future__ import annotations

import dataclasses
from typing import Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from divine.evaluation import paper
from divine.report.layout import PROTOCOL
from divine.report.reproduce import EVERYTHING
from divine.services.jobs import ReproduceOrder
from divine.services.tables_plan import plan_tables
from ui import orders
from ui.cohorts import Cohorts, Opened
from ui.owners import Owners


def build(owners: Owners, cohorts: Cohorts) -> APIRouter:
    """Return the routes under ``/studio/train/tables``."""
    router = APIRouter(prefix="/studio/train/tables", dependencies=[Depends(owners.require)])

    def read(body: dict[str, Any]) -> tuple[Opened, ReproduceOrder, str]:
        return orders.read(cohorts, body, lambda opened: _order(body, opened))

    @router.get("")
    def known() -> dict[str, Any]:
        titles = {f"table{number}": paper.table(number).title for number in paper.TABLES} | {"figure3": "Confusion matrices"}
        return {"parts": [{"name": name, "title": titles[name]} for name in EVERYTHING], "protocol": PROTOCOL}

    @router.post("/plan")
    def plan(body: orders.Body) -> dict[str, Any]:
        return _plan(*read(body))

    @router.post("/launch", status_code=201)
    def launch(body: orders.Body) -> Response:
        opened, order, device = read(body)
        plan = _plan(opened, order, device)
        return JSONResponse(plan, status_code=422) if plan["objections"] else orders.queued([order], device)

    return router


def _order(body: dict[str, Any], opened: Opened) -> ReproduceOrder:
    chosen = orders.some_of(body, "what", EVERYTHING)
    return ReproduceOrder(
        str(opened.path),
        "all" if set(chosen) == set(EVERYTHING) else ",".join(name for name in EVERYTHING if name in chosen),
        folds=orders.folds(body.get("folds")),
        seeds=orders.count(body, "seeds", orders.MOST_SEEDS),
        epochs=orders.count(body, "epochs", orders.MOST_EPOCHS),
        workers=orders.workers(body),
    )


def _plan(opened: Opened, order: ReproduceOrder, device: str) -> dict[str, Any]:
    made = plan_tables(order, opened.index, device=device)
    return dataclasses.asdict(made) | {
        "parts": [one._asdict() for one in made.parts],
        "absent": [one._asdict() for one in made.absent],
        "objections": [one._asdict() for one in made.objections],
        "reduced": (order.folds, order.seeds, order.epochs) != PROTOCOL,
    }
