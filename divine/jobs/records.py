"""What is known of a job: what was asked, what its worker last said, and how things stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from divine.jobs.errors import JobError

State = Literal["queued", "running", "done", "interrupted", "failed"]
VERSION = 1
DIED = "The worker died. Resume goes on where it was; what is finished is kept."
CANCELLED = "Cancelled. Resume goes on where it was; what is finished is kept."


@dataclass(frozen=True)
class Order:
    """What is asked: data only, nothing that could be executed."""

    kind: str
    arguments: Mapping[str, Any]
    """Of the kind's service function, as JSON can say them."""
    title: str
    device: str = "cpu"
    """Jobs of one device run one at a time: ``cpu``, ``cuda:0``."""

    def to_json(self) -> bytes:
        """Write the order in one fixed form."""
        return json.dumps({"version": VERSION} | asdict(self), indent=1, allow_nan=False).encode() + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> Order:
        """Read an order back.

        Raises:
            JobError: it is damaged, or of another version.
        """
        try:
            values = json.loads(content)
            if values.pop("version") != VERSION:
                raise JobError("spec.json: written by another version. Remove the job, and queue it again.")
            if not isinstance(values["arguments"], dict):
                raise TypeError("arguments")
            return cls(**{name: values[name] for name in ("kind", "arguments", "title", "device")})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JobError(f"spec.json: is damaged ({error}). Remove the job, and queue it again.") from error


UNREADABLE = Order("damaged", {}, "a job whose spec.json is damaged")
"""Stands for what was asked where nobody can tell."""


@dataclass(frozen=True)
class Status:
    """What the worker last said; ``view`` in ``folder.py`` says what of it still holds."""

    state: State
    queued_s: float
    """Seconds since 1970, as all times here."""
    started_s: float | None = None
    ended_s: float | None = None
    stage: str = ""
    done: int = 0
    total: int = 0
    """Of the stage."""
    message: str = ""

    @classmethod
    def from_json(cls, content: bytes) -> Status:
        """Read a status back.

        Raises:
            JobError: it is damaged.
        """
        try:
            return cls(**json.loads(content))
        except (ValueError, TypeError) as error:
            raise JobError(f"status.json: is damaged ({error}). Resume the job, or remove it.") from error

    def to_json(self) -> bytes:
        """Write the status in one fixed form."""
        return json.dumps(asdict(self), indent=1).encode() + b"\n"


@dataclass(frozen=True)
class Job:
    """One job as it stands now."""

    id: str
    order: Order
    status: Status
    """Derived: without a living worker nothing is queued or running."""

    @property
    def active(self) -> bool:
        return self.status.state in ("queued", "running")
