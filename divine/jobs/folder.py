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
from divine.jobs.records import DIED, UNREADABLE, Job, Order, Status
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
        try:
            return Order.from_json((self.path / "spec.json").read_bytes())
        except OSError as error:
            raise JobError(f"{self.path.name}/spec.json: cannot be read ({error.strerror}); this is no job.") from error

    def status(self) -> Status:
        """Read what the worker last said; of a file that is damaged or gone, that it worked, and what to do.

        Raises:
            JobError: the folder holds no job.
        """
        try:
            return Status.from_json((self.path / "status.json").read_bytes())
        except OSError as error:
            said = f"status.json: cannot be read ({error.strerror}). Resume the job, or remove it."
        except JobError as error:
            said = str(error)
        return Status("running", self._asked_s(), message=said)

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

        Damage is told in the message, so that the job can be seen, gone on with where its order can be read, and removed.

        Raises:
            JobError: the folder holds no job.
        """
        held = is_held(self.lock)  # first: a worker that ends between the two looks has left its last word
        status = self.status()
        if not held and status.state in ("queued", "running"):
            status = dataclasses.replace(status, state="interrupted", message=status.message or DIED)
        try:
            return Job(self.path.name, self.order(), status)
        except JobError as error:
            self._asked_s()  # where there is no order at all there is no job
            failed = dataclasses.replace(status, state="failed", message=str(error))
            return Job(self.path.name, UNREADABLE, status if held else failed)

    def _asked_s(self) -> float:
        """Say when the job was asked for, which no damage to the files' content hides."""
        try:
            return (self.path / "spec.json").stat().st_mtime
        except OSError as error:
            raise JobError(f"{self.path.name}: cannot be read ({error.strerror}); this is no job.") from error


def folders(root: Path) -> Iterator[JobFolder]:
    """Find what is named as jobs are; whatever else lies there, such as a file browser's notes, is nobody's business here."""
    return (JobFolder(path) for path in (root.iterdir() if root.is_dir() else ()) if ID.fullmatch(path.name))
