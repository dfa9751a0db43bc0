"""What a page sends as an order of work: read field by field, refused in words, queued."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from fastapi import Body as FromBody
from fastapi import HTTPException, Response
from fastapi.responses import JSONResponse

from divine import services
from divine.records import DivineError
from ui.cohorts import Cohorts, Opened

READ_WITHIN_S = 30.0
"""How long a plan waits for a cohort that is still being read."""
MOST_SEEDS, MOST_EPOCHS = 100, 10_000
_MOST_WORKERS, _MOST_CODES = 256, 100
_TITLES = {"seeds": "Seeds", "epochs": "Epochs, at most", "workers": "How many at a time"}
"""What the form calls the numbers."""
Asked = TypeVar("Asked")
Body = Annotated[dict[str, Any], FromBody()]


class OrderError(ValueError):
    """What the page sent is not an order."""


def read(cohorts: Cohorts, body: dict[str, Any], order: Callable[[Opened], Asked]) -> tuple[Opened, Asked, str]:
    """Return the cohort that a body names, what ``order`` reads of the rest, and the device.

    Raises:
        HTTPException: 422, with what is wrong.
    """
    try:
        opened = cohorts.of(text(body, "cohort") or None)
        if opened is None or opened.wait(READ_WITHIN_S).state != "ready":
            raise OrderError("This cohort is not open. Open it on the Cohort page first.")
        if not opened.path.exists():
            raise OrderError(
                "The cohort's folder is not there: it was moved or deleted, or its disk is away. Bring it back first."
            )
        return opened, order(opened), text(body, "device") or "cpu"
    except OrderError as error:
        raise HTTPException(422, str(error)) from error


def queued(orders: Iterable[services.JobOrder], device: str) -> Response:
    """Queue orders; answer with their jobs' ids."""
    try:
        return JSONResponse({"jobs": [services.submit(order, device=device).id for order in orders]}, status_code=201)
    except DivineError as error:
        raise HTTPException(507, str(error)) from error


def text(body: dict[str, Any], name: str) -> str:
    """Read a text; none is empty."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise OrderError(f"{name}: give a text.")
    return value


def texts(body: dict[str, Any], name: str) -> tuple[str, ...]:
    """Read a list of codes, each once."""
    values = body.get(name, [])
    if not isinstance(values, list) or len(values) > _MOST_CODES or not all(isinstance(one, str) and one for one in values):
        raise OrderError(f"{name}: give a list of codes.")
    return tuple(dict.fromkeys(values))


def some_of(body: dict[str, Any], name: str, choices: tuple[Any, ...]) -> tuple[Any, ...]:
    """Read some of what there is, at least one."""
    chosen = texts(body, name)
    if not chosen or not set(chosen) <= set(choices):
        raise OrderError(f"{name}: choose at least one of {', '.join(map(str, choices))}.")
    return chosen


def one_of(body: dict[str, Any], name: str, choices: tuple[Any, ...]) -> Any:
    """Read one of what there is."""
    if body.get(name) not in choices:
        raise OrderError(f"{name}: choose one of {', '.join(map(str, choices))}.")
    return body[name]


def count(body: dict[str, Any], name: str, most: int) -> int:
    """Read a whole number from 1 on."""
    value = body.get(name)
    if type(value) is not int or not 1 <= value <= most:
        raise OrderError(f"{_TITLES[name]}: give a whole number from 1 to {most}.")
    return value


def folds(value: object) -> Any:
    """Read a number of folds, ``loso`` or ``given``."""
    if value in ("loso", "given") or (type(value) is int and 1 < value <= 1000):
        return value
    raise OrderError("folds: give a number of folds, loso, or given.")


def workers(body: dict[str, Any]) -> int | None:
    """Read how many may work at a time; None leaves it to the machine."""
    return None if body.get("workers") is None else count(body, "workers", _MOST_WORKERS)
