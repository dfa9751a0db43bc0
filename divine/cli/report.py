"""The command ``divine report``: subjects of a run, or the run itself, as PDF and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.text import Text

from divine.cli.output import app, progress
from divine.services import report as reports


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
    subject: Annotated[str | None, typer.Option(help="dataset/group/id, or an id that is unique.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Every subject of the run's cohort.")] = False,
    run_report: Annotated[bool, typer.Option("--run-report", help="The run over its whole cohort.")] = False,
    data: Annotated[Path | None, typer.Option(help="Where the run's cohort lies now, if it was moved.")] = None,
    formats: Annotated[str, typer.Option("--format", help="pdf, json, or both with a comma between them.")] = "pdf,json",
) -> None:
    """Write reports of subjects, or of a run, as PDF and JSON."""
    if [subject is not None, everybody, run_report].count(True) != 1:
        raise typer.BadParameter("give one of --subject ID, --all and --run-report.")
    wanted = _formats(formats)
    context = reports.open_report(run, data=data)
    written: list[Path] = []
    if run_report:
        written += reports.write_report(reports.run_report(context), out, f"run_{context.run}", wanted)
    else:
        people = context.index.subjects if subject is None else [reports.find_subject(context.index, subject)]
        with progress() as tell:
            for person in people:
                document = reports.subject_report(
                    context, person, on_step=lambda what, done, total, who=person: tell(f"{who.subject}: {what}", done, total)
                )
                written += reports.write_report(document, out, str(person), wanted)
    for path in written:
        Console(stderr=True).print(Text(path.name))


def _formats(text: str) -> Sequence[reports.Format]:
    known: tuple[reports.Format, ...] = get_args(reports.Format)
    named = [part.strip() for part in text.split(",")]
    for one in named:
        if one not in known:
            raise typer.BadParameter(f"{one}: no such format. Choose of {', '.join(known)}.")
    return [one for one in known if one in named]
