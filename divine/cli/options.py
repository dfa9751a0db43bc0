"""What several commands take: a cohort, folds, seeds, workers, lists with commas between their parts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from divine.data import schema

Data = Annotated[Path, typer.Argument(metavar="DATA", help="A Toronto NeuroFace folder, a synthetic cohort, or a manifest.")]
Folds = Annotated[str, typer.Option(help="A number, loso, or given (the manifest's column split).")]
Seeds = Annotated[int, typer.Option(min=1)]
Epochs = Annotated[int, typer.Option(min=1, help="At most so many.")]
Workers = Annotated[int | None, typer.Option(min=1, help="How many at a time; as many as there are cores by default.")]


def folds_of(text: str) -> schema.Folds:
    """Read ``--folds``.

    Raises:
        BadParameter: it is neither a number, nor ``loso`` or ``given``.
    """
    if text == "loso" or text == "given":
        return text
    if not text.isdecimal():  # isdigit takes ² for a digit, int does not
        raise typer.BadParameter(f"{text}: give a number, loso or given.", param_hint="--folds")
    return int(text)


def listed(text: str | None) -> tuple[str, ...]:
    """Read parts with commas between them, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip())) if text else ()
