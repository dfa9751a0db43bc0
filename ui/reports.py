"""Reports in the background, one after another: measuring nine recordings takes a while, and a page must not wait for it."""

from __future__ import annotations

import io
import logging
import secrets
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from divine.records import DivineError
from divine.services import browse, runs
from divine.services import report as service

if TYPE_CHECKING:
    from divine.data.schema import Subject
    from divine.report.subject import Context

log = logging.getLogger(__name__)

RUN, EVERYBODY = "run", "all"
"""What a report may be of, besides one subject by its key."""
KEPT = 6
"""Reports of one owner that are kept; making another forgets the oldest."""
State = Literal["queued", "working", "done", "failed", "cancelled"]


class _CancelledError(Exception):
    """Nobody wants this report any more."""


class Report:
    """One report on its way, and then there."""

    def __init__(self, owner: str, run_id: str, of: str, data: Path | None) -> None:
        self.id = secrets.token_urlsafe(16)
        self.owner, self.run_id, self.of, self.data = owner, run_id, of, data
        self.state: State = "queued"
        self.message = ""
        self.stage, self.done, self.total = "waiting", 0, 1
        self.files: dict[str, bytes] = {}
        """What can be downloaded, by ending: pdf and json, or zip."""
        self.pages: list[bytes] = []
        self.name = "report"
        self.cancelled = threading.Event()

    def step(self, stage: str, done: int, total: int) -> None:
        """Note how far it is.

        Raises:
            _CancelledError: nobody wants it any more.
        """
        if self.cancelled.is_set():
            raise _CancelledError
        self.stage, self.done, self.total = stage, done, max(total, 1)


class Reports:
    """Makes reports for their owners. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._kept: dict[str, Report] = {}
        self._lock = threading.Lock()
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="report")

    def start(self, owner: str, run_id: str, of: str, data: Path | None = None) -> Report:
        """Queue a report of a run, of everybody in it, or of the subject with the key ``of``."""
        report = Report(owner, run_id, of, data)
        with self._lock:
            mine = [one for one in self._kept.values() if one.owner == owner]
            for old in mine[: max(0, len(mine) - KEPT + 1)]:
                old.cancelled.set()
                del self._kept[old.id]
            self._kept[report.id] = report
        self._maker.submit(self._make, report)
        return report

    def get(self, owner: str, report_id: str) -> Report | None:
        """Return a report of this owner."""
        found = self._kept.get(report_id)
        return found if found is not None and found.owner == owner else None

    def close(self) -> None:
        """Stop everything."""
        for report in list(self._kept.values()):
            report.cancelled.set()
        self._maker.shutdown(wait=False, cancel_futures=True)

    def _make(self, report: Report) -> None:
        try:
            report.step("reading the run", 0, 1)
            report.state = "working"
            context = open_run(report.run_id, report.data)
            if report.of == EVERYBODY:
                _archive(report, context)
            else:
                _single(report, context)
            report.state = "done"
        except _CancelledError:
            report.state = "cancelled"
        except DivineError as error:
            report.message, report.state = str(error), "failed"
        except Exception:  # the page must say so, whatever it was
            log.exception("report %s failed", report.id)
            report.message, report.state = "The studio made an error of its own; its log has the details.", "failed"


def open_run(run_id: str, data: Path | None) -> Context:
    """Read a run and its cohort, once for as long as its predictions do not change.

    Raises:
        DivineError: there is no such run, it is not finished, or its cohort cannot be loaded.
    """
    folder = runs.run_entry(run_id).folder
    table = folder / "predictions.parquet"
    return _opened(folder, data, table.stat().st_mtime_ns if table.is_file() else time.monotonic_ns())


@lru_cache(maxsize=4)
def _opened(folder: Path, data: Path | None, changed_ns: int) -> Context:
    return service.open_report(folder, data=data)


def key_of(subject: Subject) -> str:
    """Return a subject's key, safe in an address."""
    return browse.key_of(subject.dataset, subject.group, subject.subject, "")


def _single(report: Report, context: Context) -> None:
    if report.of == RUN:
        document, report.name = service.run_report(context), f"run {context.run}"
    else:
        subject = next((one for one in context.index.subjects if key_of(one) == report.of), None)
        if subject is None:
            raise runs.RunError("this run's cohort has no such subject any more: choose one from the list.")
        document, report.name = service.subject_report(context, subject, on_step=report.step), str(subject)
    report.step("setting the pages", report.total, report.total)
    report.files = {"pdf": service.report_pdf(document), "json": service.report_json(document)}
    report.pages = service.report_pages(document)


def _archive(report: Report, context: Context) -> None:
    """Make everybody's report and the run's, in one archive."""
    content, people = io.BytesIO(), context.index.subjects
    report.name = f"reports {context.run}"
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(document: service.Document, name: str) -> None:
            stem = service.safe_name(name)
            archive.writestr(f"{stem}.pdf", service.report_pdf(document))
            archive.writestr(f"{stem}.json", service.report_json(document))

        add(service.run_report(context), f"run {context.run}")
        for done, subject in enumerate(people):
            report.step(f"subject {done + 1} of {len(people)}", done, len(people))

            def within(stage: str, part: int, parts: int, done: int = done) -> None:
                report.step(f"subject {done + 1} of {len(people)}: {stage}", done, len(people))

            # Two addresses may be the same when made safe: the number tells them apart.
            add(service.subject_report(context, subject, on_step=within), f"{done + 1:03d} {subject}")
    report.files = {"zip": content.getvalue()}
