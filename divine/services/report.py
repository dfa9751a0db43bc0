"""Reports: of a subject, of a run, of one assessment; as JSON and as PDF, made from the same document."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from divine.records import OnStep
from divine.report.document import Document

if TYPE_CHECKING:
    from divine.data.schema import ClipEntry, Index, Subject
    from divine.records import Assessment, Measured
    from divine.report.subject import Context, Recorded

Format = Literal["pdf", "json"]


def _nobody(what: str, done: int, total: int) -> None:
    """Listen to nothing."""


def open_report(run: Path, *, data: Path | None = None) -> Context:
    """Read everything that the reports of a run share.

    Args:
        run: the folder of a finished run.
        data: where its cohort lies now; where it lay when the run was trained by default.

    Raises:
        DivineError: the run is not finished or was altered, or its cohort cannot be loaded.
    """
    from divine.data.load import load
    from divine.evaluation.evaluate import evaluate
    from divine.explain.held_out import held_out
    from divine.report.subject import Context
    from divine.services.runs import run_name
    from divine.training.run import Run
    from divine.training.spec import restrict

    place = Run(run)
    place.verify()
    spec, predictions = place.spec(), place.predictions()
    index = restrict(load(data or Path(spec.data), frame_base=spec.frame_base).index, spec.tasks)
    results = evaluate(predictions, tasks=spec.tasks)
    return Context(run_name(run), spec, place.status(), index, held_out(predictions, spec.system), results)


def find_subject(index: Index, address: str) -> Subject:
    """Return the subject that ``dataset/group/id``, or an id that is unique, names.

    Raises:
        ReportError: there is none, or there are several.
    """
    from divine.report.errors import ReportError

    match index.find(address):
        case (subject,):
            return subject
        case ():
            raise ReportError(f"{address}: no such subject in this cohort. `divine data check` lists whom it holds.")
        case several:
            raise ReportError(f"{address}: may be {', or '.join(str(one) for one in several)}. Say which.")


def subject_report(context: Context, subject: Subject, *, on_step: OnStep = _nobody) -> Document:
    """Return the document of one subject; recordings that were never looked at are followed and measured now."""
    from divine.report.subject import subject_document

    clips = context.index.of(subject)
    recorded = []
    for done, entry in enumerate(clips):
        on_step(f"measuring {entry.name}", done, len(clips))
        recorded.append(_measured(entry))
    on_step("writing", len(clips), len(clips))
    return subject_document(context, subject, recorded)


def _measured(entry: ClipEntry) -> Recorded:
    from divine.records import DivineError
    from divine.report.subject import Recorded
    from divine.services.session import tracks_of

    if entry.video is None and entry.audio is None:
        return Recorded(entry, None, "Only features were given, no recording.")
    try:
        return Recorded(entry, tracks_of(entry).measured)
    except DivineError as error:
        return Recorded(entry, None, str(error))


def run_report(context: Context) -> Document:
    """Return the document of a whole run over its cohort."""
    from divine.report.cohort import cohort_document

    return cohort_document(context)


def assessment_report(assessment: Assessment, measured: Measured) -> Document:
    """Return the document of one assessed recording."""
    from divine.report.assessed import assessed_document

    return assessed_document(assessment, measured)


def assessment_pdf(assessment: Assessment, measured: Measured) -> bytes:
    """Set the report of one assessed recording as PDF.

    Raises:
        ReportError: it cannot be set.
    """
    return report_pdf(assessment_report(assessment, measured))


def write_assessment_report(assessment: Assessment, measured: Measured, path: Path) -> None:
    """Write the report of one assessed recording to ``path``: JSON where it ends so, else PDF.

    Raises:
        DivineError: it cannot be set, or ``path`` cannot be written.
    """
    from divine.store import write_atomically

    document = assessment_report(assessment, measured)
    write_atomically(path, report_json(document) if path.suffix == ".json" else report_pdf(document))


def report_pdf(document: Document) -> bytes:
    """Set a report as PDF.

    Raises:
        ReportError: it cannot be set.
    """
    from divine.report.typeset import pdf

    return pdf(document, document["kind"])


def report_pages(document: Document) -> list[bytes]:
    """Set a report as pictures of its pages (PNG).

    Raises:
        ReportError: it cannot be set.
    """
    from divine.report.typeset import pages

    return pages(document, document["kind"])


def report_json(document: Document) -> bytes:
    """Write a report as JSON."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"


def write_report(document: Document, out: Path, name: str, formats: Sequence[Format]) -> tuple[Path, ...]:
    """Write a report to the folder ``out`` under ``name``, made safe; return the files.

    Raises:
        DivineError: it cannot be set, or ``out`` cannot be written.
    """
    from divine.store import write_atomically

    made: dict[Format, Callable[[Document], bytes]] = {"pdf": report_pdf, "json": report_json}
    paths = []
    for form in formats:
        path = out / f"{safe_name(name)}.{form}"
        write_atomically(path, made[form](document))
        paths.append(path)
    return tuple(paths)


def safe_name(text: str) -> str:
    """Return a file name for any text: letters, digits, dashes and underscores."""
    kept = "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "_" for one in text)
    return kept.strip("_-")[:80] or "report"
