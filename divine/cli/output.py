"""What every command shares: the program, progress on standard error, one JSON document on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

app = typer.Typer(
    help="Assess oro-facial neurological disorders from face and voice. Research use only, not a diagnosis.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]

Tell = Callable[[str, float, float], None]
"""Takes what is being done, how much of it is done, and of how much."""


@contextmanager
def progress() -> Iterator[Tell]:
    """Show how far a long command is, where somebody is looking."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        bar = shown.add_task("", total=None)
        yield lambda what, done, total: shown.update(bar, description=what, completed=done, total=total)


def print_json(document: Any) -> None:
    """Print one document."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
