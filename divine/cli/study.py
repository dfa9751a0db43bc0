"""Commands on several runs: ``compare``, ``validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from divine import services
from divine.cli.output import Json, app, print_json, progress
from divine.records import SYNTHETIC_NOTICE

if TYPE_CHECKING:
    from divine.evaluation.compare import Comparison

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")]
SHOWN = ("accuracy", "macro_f1", "auroc", "brier", "mae_total", "rmse_total")


@app.command()
def compare(first: RunFolder, second: RunFolder, as_json: Json = False) -> None:
    """Compare two runs on the same people: differences with intervals over subjects, and three tests of them."""
    versus = services.compare(first, second)
    if as_json:
        print_json(services.comparison_document(versus))
        return
    console = Console()
    names = [f"{one.spec().system} {one.spec().encoders}" for one in (versus.first, versus.second)]
    console.print(Text(f"{names[0]} minus {names[1]}: on predictions averaged over seeds, 95 % interval over subjects"))
    columns = ("metric", "level", "first", "second", "difference", "95 % interval")
    tests = ("p (Holm)", "p corrected t", "p runs, dependent")
    for setting in dict.fromkeys(one.setting for one in versus.comparisons):
        table = Table(*columns, *tests, title=setting, box=None)
        for one in versus.comparisons:
            if one.setting == setting and one.metric in SHOWN:
                table.add_row(*_cells(one))
        console.print(table)
    _mark(console, versus.synthetic)


@app.command()
def validate(
    run: RunFolder,
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Another cohort: a folder, or a manifest.")],
    workers: Annotated[int | None, typer.Option(min=1)] = None,
    as_json: Json = False,
) -> None:
    """Judge another cohort by a trained run, untouched: its members' mean, its cut-offs, its standardisation."""
    with progress() as tell:
        document = services.validate(run, data, workers=workers, on_step=tell)
    if as_json:
        print_json(document)
        return
    console = Console()
    about = f"{document['system']} {document['encoders']} ({document['members']} members)"
    console.print(Text(f"{about} on {document['data']}: {document['clips']} clips of {document['subjects']} subjects"))
    for note in document["notes"]:
        console.print(Text(note, style="yellow"))
    table = Table("modalities", "level", *SHOWN, box=None)
    for result in document["results"]:
        table.add_row(result["modalities"], result["level"], *(_estimate(result["metrics"].get(name)) for name in SHOWN))
    console.print(table)
    _mark(console, document["synthetic"])


def _cells(one: Comparison) -> tuple[str, ...]:
    p_values = (one.wilcoxon_holm_p, one.corrected_t_p, one.runs_p)
    numbers = (f"{one.first:.3f}", f"{one.second:.3f}", f"{one.difference:+.3f}", f"{one.low:+.3f} to {one.high:+.3f}")
    return (one.metric, one.level, *numbers, *("-" if p is None else f"{p:.3f}" for p in p_values))


def _estimate(metric: dict[str, Any] | None) -> str:
    return "-" if metric is None else f"{metric['mean']:.3f}\n{metric['low']:.3f}-{metric['high']:.3f}"


def _mark(console: Console, synthetic: bool) -> None:
    if synthetic:
        console.print(Text(SYNTHETIC_NOTICE, style="yellow"))
