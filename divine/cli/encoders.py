"""Commands on encoders: ``encoders list``, ``fetch``, ``verify``, ``bench``."""

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
from divine.records import DivineError

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
            {name: getattr(entry.about, name) for name in facts}
            | {"present": entry.present, "revision": entry.revision, "command": entry.command}
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


@encoders_app.command()
def bench(
    codes: Annotated[list[str] | None, typer.Argument(metavar="[CODE ...]", help="By default those that can run here.")] = None,
    random: Annotated[
        bool, typer.Option("--random", help="Random weights of the published size: for speed, never for features.")
    ] = False,
    clip: Annotated[Path | None, typer.Option(help="A recording; by default the SYNTHETIC example.")] = None,
    seconds: Annotated[float, typer.Option(min=0.5, help="So much of it.")] = 4.0,
    as_json: Json = False,
) -> None:
    """Measure encoders on this machine: seconds of clip per second, peak memory, share of what a matrix product reaches."""
    with progress() as tell:
        measured = services.bench_encoders(codes or (), random=random, recording=clip, seconds=seconds, on_step=tell)
    if as_json:
        print_json([
            {"code": code, "error": str(one)} if isinstance(one, DivineError)
            else one._asdict() | {"speed": one.speed, "share": one.share} for code, one in measured
        ])  # fmt: skip
        return
    table = Table("code", "x real time", "MB", "load, s", "share of peak", box=None)
    for code, one in measured:
        if isinstance(one, DivineError):
            Console(stderr=True).print(Text(f"{code}: {one}"))
            continue
        memory = "-" if one.peak_bytes is None else f"{one.peak_bytes / 2**20:.0f}"
        table.add_row(code, f"{one.speed:.2g}", memory, f"{one.load_s:.1f}", "-" if one.share is None else f"{one.share:.0%}")
    Console().print(table)
