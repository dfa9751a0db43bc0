"""The folder of a job: ``spec.json``, ``status.json`` (replaced atomically), ``events.jsonl``, ``log.txt``, ``.lock``."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from divine.jobs.errors import JobError
from divine.jobs.lock import is_held
from divine.jobs.records import DIED, Job, Order, Status
from divine.store import write_atomically

ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


@dataclass(frozen=True)
class JobFolder:
    """Where a job lies. Its name is the job's id."""

    path: Path

    @property
    def lock(self) -> Path:
        return self.path / ".lock"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def wish(self) -> Path:
        """There while somebody wants the job to stop."""
        return self.path / "cancel"

    def order(self) -> Order:
        """Read what was asked.

        Raises:
            JobError: the folder holds no job, or a damaged one.
        """
        return Order.from_json(self._read("spec.json"))

    def status(self) -> Status:
        """Read what the worker last said.

        Raises:
            JobError: the folder holds no job, or a damaged one.
        """
        return Status.from_json(self._read("status.json"))

    def set_status(self, status: Status) -> None:
        """Replace the status."""
        write_atomically(self.path / "status.json", status.to_json())

    def tell(self, event: str, **what: object) -> None:
        """Append one line to the events; short appends are whole on a local disk."""
        line = {"time": round(time.time(), 3), "event": event} | what
        with (self.path / "events.jsonl").open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")

    def view(self) -> Job:
        """Say how things stand: a job that calls itself alive and has no worker was cut off.

        Raises:
            JobError: the folder holds no job, or a damaged one.
        """
        held = is_held(self.lock)  # first: a worker that ends between the two looks has left its last word
        job = Job(self.path.name, self.order(), self.status())
        if held or not job.active:
            return job
        return dataclasses.replace(job, status=dataclasses.replace(job.status, state="interrupted", message=DIED))

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise JobError(f"{self.path.name}/{name}: cannot be read ({error.strerror}); this is no job.") from error


def folders(root: Path) -> Iterator[JobFolder]:
    """Find what is named as jobs are; whatever else lies there, such as a file browser's notes, is nobody's business here."""
    return (JobFolder(path) for path in (root.iterdir() if root.is_dir() else ()) if ID.fullmatch(path.name))
