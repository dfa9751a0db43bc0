"""Commands on encoders: ``encoders list``, ``fetch``, ``verify``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from divine import services
from divine.cli.output import Json, app, print_json, progress

encoders_app = typer.Typer(help="Which encoders there are, and their weights.", no_args_is_help=True)
app.add_typer(encoders_app, name="encoders")

Code = Annotated[str, typer.Argument(metavar="CODE", help="An encoder's code, such as WV.")]


@encoders_app.command("list")
def show(as_json: Json = False) -> None:
    """List every encoder: code, name, width, rate, size, licence, and whether its weights are here."""
    entries = services.encoders()
    if as_json:
        facts = ("code", "title", "modality", "dim", "rate_hz", "size_mb", "weights", "licence")
        print_json([
            {name: getattr(entry.about, name) for name in facts} | {"present": entry.present, "revision": entry.revision}
            for entry in entries
        ])  # fmt: skip
        return
    table = Table("code", "encoder", "of", "width", "per second", "MB", "licence", "weights", box=None)
    for entry in entries:
        about = entry.about
        here = "none needed" if about.weights is None else "here" if entry.present else "not here"
        facts = (f"{about.dim}", f"{about.rate_hz:g}", f"{about.size_mb:g}")
        table.add_row(about.code, Text(about.title), about.modality, *facts, about.licence, here)
    Console().print(table)
    Console(stderr=True).print("`divine encoders fetch CODE` brings weights that are not here.")


@encoders_app.command()
def fetch(
    code: Code,
    folder: Annotated[Path | None, typer.Option("--from", help="A folder with the published files, carried here.")] = None,
) -> None:
    """Bring an encoder's weights; a broken download is gone on with."""
    with progress() as tell:
        record = services.fetch_weights(code, folder=folder, on_step=tell)
    Console(stderr=True).print(
        Text(f"{code}: {len(record.sha256)} files of {record.source}, revision {record.revision or 'unknown'}")
    )


@encoders_app.command()
def verify(code: Code, as_json: Json = False) -> None:
    """Check an encoder's weights against the digests recorded when they were first used."""
    record = services.verify_weights(code)
    if as_json:
        print_json(None if record is None else dataclasses.asdict(record))
    else:
        Console().print(
            Text(f"{code}: needs no weights" if record is None else f"{code}: {len(record.sha256)} files as recorded")
        )
