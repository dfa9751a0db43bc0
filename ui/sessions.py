"""Assessments in the background, each owned by one browser session: queue, cancel, restore after a reload, forget."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from divine.records import Assessment, Clip, DivineError, Event
from ui.contract import Services
from ui.jobs import FRAMES, MEDIA_VIDEO, REPORT, Cancelled, Job, Order
from ui.wire import frame_times_bytes
from ui.workspace import Workspace

log = logging.getLogger(__name__)

AT_ONCE = 1
"""Assessments at a time: one already uses every core while it follows the face."""
WAITING_PER_OWNER = 4
IDLE_S = 2 * 3600.0
"""A result that nobody has looked at for this long is deleted."""
_SWEEP_S = 60.0


class BusyError(DivineError):
    """No further assessment is taken now."""


class Sessions:
    """Takes orders, runs them one after another and keeps the results for their owners."""

    def __init__(self, services: Services, workspace: Workspace) -> None:
        self.services = services
        self.workspace = workspace
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._runner = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="assess")
        self._viewer = ThreadPoolExecutor(1, thread_name_prefix="viewing")
        self._closing = threading.Event()

    def submit(self, order: Order) -> Job:
        """Queue an assessment.

        Raises:
            BusyError: this owner has as many waiting as one may have.
        """
        with self._lock:
            waiting = [job for job in self._jobs.values() if job.order.owner == order.owner and not job.over]
            if len(waiting) >= WAITING_PER_OWNER:
                _delete(order)
                raise BusyError(f"{len(waiting)} assessments of yours still wait. Cancel one, or wait until one is done.")
            job = Job(secrets.token_urlsafe(24), order, self.workspace.folder())
            self._jobs[job.id] = job
        self._runner.submit(self._assess, job)
        return job

    def get(self, owner: str, job_id: str) -> Job | None:
        """Return a job of this owner."""
        job = self._jobs.get(job_id)
        if job is None or job.order.owner != owner:
            return None
        job.touched_s = time.monotonic()
        return job

    def ahead(self, job: Job) -> int:
        """Count the assessments that come before a queued one."""
        if job.state != "queued":
            return 0
        before = list(self._jobs.values())
        return sum(not other.over for other in before[: before.index(job)]) if job in before else 0

    def cancel(self, job: Job) -> None:
        """Ask a job to stop; one that still waits stops at once."""
        job.cancelled.set()
        with job.lock:
            if job.state == "queued":
                job.state = "cancelled"

    def forget(self, job: Job) -> None:
        """Delete a job and everything that it holds."""
        self.cancel(job)
        self._jobs.pop(job.id, None)
        shutil.rmtree(job.folder, ignore_errors=True)

    def expire(self, idle_s: float = IDLE_S) -> None:
        """Delete what nobody looks at any more."""
        before = time.monotonic() - idle_s
        for job in list(self._jobs.values()):
            if job.touched_s < before:
                self.forget(job)
        self.workspace.expire(idle_s)

    def keep_tidy(self) -> None:
        """Expire in the background until closed."""

        def loop() -> None:
            while not self._closing.wait(_SWEEP_S):
                self.expire()

        threading.Thread(target=loop, name="tidy", daemon=True).start()

    def close(self) -> None:
        """Stop everything and delete everything."""
        self._closing.set()
        for job in list(self._jobs.values()):
            self.forget(job)
        self._runner.shutdown(wait=False, cancel_futures=True)
        self._viewer.shutdown(wait=False, cancel_futures=True)
        self.workspace.close()

    def _assess(self, job: Job) -> None:
        with job.lock:
            if job.state == "queued":
                job.state = "running"
        if not job.cancelled.is_set():
            self._guarded(job, lambda: self._run(job))
        self._done_with_upload(job)

    def _run(self, job: Job) -> None:
        order = job.order

        def on_event(event: Event) -> None:
            job.note(event)
            if isinstance(event, Clip) and event.video is not None:
                with job.lock:
                    job.pending += 1
                self._viewer.submit(self._make_viewing_copy, job, event)

        checkpoint = order.judge.folder if order.judge else None
        assessment = self.services.assess(
            order.recording, audio=order.sound, task=order.task, checkpoint=checkpoint, on_event=on_event
        )
        if job.cancelled.is_set():
            raise Cancelled
        shown = replace(assessment, clip=job.renamed(assessment.clip))
        job.finish(self.services.assessment_document(shown))
        self._set_report(job, shown)
        job.state = "done"

    def _set_report(self, job: Job, assessment: Assessment) -> None:
        """Set the result on paper; where that fails, the page still has it."""
        try:
            if job.measured is not None:
                job.add(REPORT, self.services.assessment_pdf(assessment, job.measured))
        except DivineError as error:
            log.warning("report of %s: %s", job.id[:8], error)

    def _guarded(self, job: Job, work: Callable[[], None]) -> None:
        try:
            work()
        except Cancelled:
            job.state = "cancelled"
        except DivineError as error:
            job.error, job.state = _named(str(error), job.order), "failed"
        except Exception:  # the page must say so, whatever it was
            if job.cancelled.is_set():
                job.state = "cancelled"
                return
            log.exception("assessment %s failed", job.id[:8])
            job.error = "The studio made an error of its own; its log has the details. Try again, or report it with the log."
            job.state = "failed"

    def _make_viewing_copy(self, job: Job, clip: Clip) -> None:
        target = job.folder / MEDIA_VIDEO
        partial = target.with_name(f"partial-{target.name}")
        try:
            if not job.cancelled.is_set():
                times_s = self.services.viewing_copy(clip, partial, on_progress=lambda fraction: job.carry_on())
                partial.replace(target)
                job.add(FRAMES, frame_times_bytes(times_s))
                job.announce(MEDIA_VIDEO)
        except Cancelled:
            pass  # the job says so already
        except DivineError as error:
            job.picture_error = _named(str(error), job.order)
        except Exception:  # the assessment goes on without a picture, and the page says so
            if not job.cancelled.is_set():
                log.exception("viewing copy of %s failed", job.id[:8])
                job.picture_error = "The video could not be prepared for viewing; the studio's log has the details."
        finally:
            self._done_with_upload(job)

    def _done_with_upload(self, job: Job) -> None:
        with job.lock:
            job.pending -= 1
            last = job.pending == 0
        if last:
            _delete(job.order)


def _delete(order: Order) -> None:
    for folder in order.spent:
        shutil.rmtree(folder, ignore_errors=True)


def _named(message: str, order: Order) -> str:
    """Put the user's file names where ours stand, and never a folder of ours."""
    for path, name in ((order.recording, order.name), (order.sound, order.sound_name)):
        if path is not None:
            message = message.replace(str(path), name).replace(path.name, name)
    return message
