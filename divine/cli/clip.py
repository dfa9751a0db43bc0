"""Commands on one recording: ``assess``, ``landmarks``, ``measures``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from divine import records, services
from divine.cli.output import Json, app, print_json, progress
from divine.services import report as reports

Recording = Annotated[
    Path, typer.Argument(metavar="CLIP", help="A video, or a sound alone. After -- it may begin with a dash.")
]
Audio = Annotated[Path | None, typer.Option(help="A separate file of sound.")]
Task = Annotated[str | None, typer.Option(help="The task's code, such as DDK_PA or NSM_SPREAD: some measures are of a task.")]
Model = Annotated[Path | None, typer.Option(help="The folder of a run, or of one model; the demonstration by default.")]
T = TypeVar("T")

_STAGES: dict[records.Stage, str] = {
    "open": "opening",
    "sound": "listening",
    "landmarks": "following the face",
    "measures": "measuring",
    "model": "judging",
}


@app.command()
def assess(
    clip: Recording,
    audio: Audio = None,
    task: Task = None,
    checkpoint: Model = None,
    as_json: Json = False,
    report: Annotated[Path | None, typer.Option(help="Write a report to this file: .pdf, or .json.")] = None,
) -> None:
    """Judge one recording: quality, diagnosis, severity, measures, attention and gates."""
    if report is not None and report.suffix not in (".pdf", ".json"):
        raise typer.BadParameter(f"{report.name}: a report is a .pdf or a .json.", param_hint="--report")
    seen: list[records.Measured] = []

    def judged(on_event: Callable[[records.Event], None]) -> records.Assessment:
        def note(event: records.Event) -> None:
            if isinstance(event, records.Measured):
                seen.append(event)
            on_event(event)

        return services.assess(clip, audio=audio, task=task, checkpoint=checkpoint, on_event=note)

    assessment = _with_progress(judged)
    if report is not None:
        reports.write_assessment_report(assessment, seen[-1], report)
    document = services.assessment_document(assessment)
    if as_json:
        print_json(document)
    else:
        _print_assessment(document)


@app.command()
def landmarks(
    clip: Annotated[Path, typer.Argument(metavar="CLIP_OR_IMAGE", help="A video or a picture.")],
    out: Annotated[Path, typer.Option(help="The .npz file to write: times_s, points, confidence.")],
    backend: Annotated[services.LandmarkBackend, typer.Option(help="How the 68 points are found.")] = "mediapipe",
) -> None:
    """Follow the 68 landmarks of the face and write them."""
    found = _with_progress(lambda on_event: services.landmarks(clip, out, backend=backend, on_event=on_event))
    Console(stderr=True).print(f"{int(found.found.sum())} of {len(found.times_s)} frames with a face, {found.backend}")


@app.command()
def measures(clip: Recording, audio: Audio = None, task: Task = None, as_json: Json = False) -> None:
    """Print the clinical measures of face and voice, with units."""
    measured = _with_progress(lambda on_event: services.measure(clip, audio=audio, task=task, on_event=on_event))
    documents = services.measure_documents(measured)
    if as_json:
        print_json(documents)
    else:
        Console().print(_measure_table(documents))
        for note in _norm_notes(documents):
            Console().print(Text(note, style="dim"))


def _with_progress(run: Callable[[Callable[[records.Event], None]], T]) -> T:
    with progress() as tell:

        def show(event: records.Event) -> None:
            if isinstance(event, records.Progress):
                tell(_STAGES[event.stage], round(100 * event.fraction), 100)

        return run(show)


def _print_assessment(document: dict[str, Any]) -> None:
    console = Console()
    console.print(Text(document["clip"]["name"], style="bold"), Text("from " + " and ".join(document["modalities"])))
    diagnosis = Table("diagnosis", "probability", box=None)
    for name, probability in zip(document["diagnosis"]["classes"], document["diagnosis"]["probabilities"], strict=True):
        diagnosis.add_row(Text(name), f"{probability:.2f}")
    console.print(diagnosis)
    if "items" in document.get("severity", {}):
        low, high = document["severity"]["scale"]
        severity = Table("severity item", f"score {low}-{high}", box=None)
        for name, score in document["severity"]["items"].items():
            severity.add_row(Text(name), f"{score:.1f}")
        severity.add_row("total", f"{document['severity']['total']:.1f}")
        console.print(severity)
    for check in document["quality"]["checks"]:
        if not check["passed"]:
            console.print(Text(f"quality: {check['advice']}", style="yellow"))
    console.print(_measure_table(document["measures"]))
    for note in (*_norm_notes(document["measures"]), *document["notes"], document["notice"]):
        console.print(Text(note, style="dim"))


def _measure_table(documents: list[dict[str, Any]]) -> Table:
    table = Table("measure", "value", "unit", "norm", box=None)
    for measure in documents:
        value = f"{measure['value']:.4g}" if "value" in measure else f"- ({measure['why']})"
        norm = "{:g}-{:g}".format(*measure["norm"]) if "norm" in measure else ""
        table.add_row(Text(measure["name"]), Text(value), Text(measure["unit"]), norm)
    return table


def _norm_notes(documents: list[dict[str, Any]]) -> list[str]:
    return [f"{one['name']}: {one['norm_note']}" for one in documents if "norm" in one and "value" in one]
