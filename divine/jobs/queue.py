"""All jobs of one home: queue, list, cancel, go on, remove. Every process that looks sees the same, none is needed to go on."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from divine.config import PROJECT, home
from divine.jobs.errors import JobError
from divine.jobs.folder import ID, JobFolder, folders
from divine.jobs.lock import take
from divine.jobs.records import CANCELLED, Job, Order, Status
from divine.store import write_atomically

_STOPS_WITHIN_S = 15.0


def new_id() -> str:
    """Return a name that sorts by time and that nobody has."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class Queue:
    """The jobs under ``root``. ``worker`` is the module that a worker process runs, with a folder and a lock's file."""

    root: Path
    worker: str

    def submit(self, order: Order) -> Job:
        """Queue a job and start its worker, which waits for its turn on the device.

        Raises:
            JobError: the home cannot be written.
            StoreError: the same, because the disk is full.
        """
        folder = JobFolder(self.root / new_id())
        try:
            folder.path.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise JobError(f"jobs: cannot be written ({error.strerror}). Choose another DIVINE_HOME.") from error
        write_atomically(folder.path / "spec.json", order.to_json())
        return self._start(folder)

    def all(self) -> tuple[Job, ...]:
        """List the jobs, the newest first; a folder that holds no readable job is left out."""
        found = []
        for folder in folders(self.root):
            with contextlib.suppress(JobError):
                found.append(folder.view())
        return tuple(sorted(found, key=lambda job: job.id, reverse=True))

    def folder(self, job_id: str) -> JobFolder:
        """Return where a job lies.

        Raises:
            JobError: there is none of this id.
        """
        if not ID.fullmatch(job_id) or not (self.root / job_id / "spec.json").is_file():
            raise JobError(f"{job_id[:40]}: no such job. `divine jobs list` names them.")
        return JobFolder(self.root / job_id)

    def get(self, job_id: str) -> Job:
        """Return a job as it stands.

        Raises:
            JobError: there is none of this id.
        """
        return self.folder(job_id).view()

    def cancel(self, job_id: str) -> Job:
        """Stop a job, and wait until it has; what it finished is kept. A job that is over stays as it is.

        Raises:
            JobError: there is none of this id, or it does not stop.
        """
        folder = self.folder(job_id)
        if not folder.view().active:
            return folder.view()
        folder.wish.touch()
        deadline = time.monotonic() + _STOPS_WITHIN_S
        while (handle := take(folder.lock)) is None:
            if time.monotonic() > deadline:
                raise JobError(f"{job_id}: has not stopped yet. Look again in a while.")
        try:
            folder.wish.unlink(missing_ok=True)
            if (status := folder.status()).state in ("queued", "running"):  # it was ended before it could say so
                folder.set_status(Status("interrupted", status.queued_s, message=CANCELLED))
        finally:
            os.close(handle)
        return folder.view()

    def resume(self, job_id: str, *, again: bool = False) -> Job:
        """Queue a job again that was cut off, cancelled or failed; one that is queued or running stays as it is.

        Args:
            job_id: which.
            again: whether one that is done is queued again too.

        Raises:
            JobError: there is none of this id, or nobody can tell what was asked.
        """
        folder = self.folder(job_id)
        state = folder.view().status.state
        stays = ("queued", "running") if again else ("queued", "running", "done")
        if state in stays:
            return folder.view()
        folder.order()  # a worker could not read it either
        return self._start(folder)

    def remove(self, job_id: str) -> None:
        """Forget a job that is over. What it made stays.

        Raises:
            JobError: there is none of this id, or it is still at work.
        """
        folder = self.folder(job_id)
        handle = take(folder.lock)
        if handle is None:
            raise JobError(f"{job_id}: is still at work. Cancel it first.")
        try:
            shutil.rmtree(folder.path)
        finally:
            os.close(handle)

    def _start(self, folder: JobFolder) -> Job:
        """Start a worker that inherits the job's lock, so that there is no moment in which nobody holds it."""
        handle = take(folder.lock)
        if handle is None:
            return folder.view()  # another has just started it
        try:
            folder.wish.unlink(missing_ok=True)
            folder.set_status(Status("queued", time.time()))
            folder.tell("queued")
            with folder.log.open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", self.worker, str(folder.path), str(handle)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=PROJECT,  # where our modules are found, wherever the asker stands
                    env=os.environ | {"DIVINE_HOME": str(home().resolve())},
                    start_new_session=True,
                    pass_fds=(handle,),
                )
        finally:
            os.close(handle)
        # Whoever asked need not stay; while they do, the dead are reaped.
        threading.Thread(target=process.wait, daemon=True).start()
        return folder.view()
