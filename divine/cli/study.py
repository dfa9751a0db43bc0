"""Commands on several runs: ``sweep``, ``reproduce``, ``compare``, ``validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from divine import services
from divine.cli.options import Data, Epochs, Folds, Seeds, Workers, folds_of, listed
from divine.cli.output import Json, app, print_json, progress
from divine.records import SYNTHETIC_NOTICE

if TYPE_CHECKING:
    from divine.evaluation.compare import Comparison
    from divine.training.sweep_folder import SweepStatus

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")]
SHOWN = ("accuracy", "macro_f1", "auroc", "brier", "mae_total", "rmse_total")


@app.command()
def sweep(
    data: Data,
    run: Annotated[Path, typer.Option(help="A new folder, or one that a sweep of the same protocol began.")],
    systems: Annotated[str, typer.Option(help="With commas between them.")] = "divine",
    video: Annotated[str, typer.Option(help="Video encoders, such as KI,TA.")] = "",
    audio: Annotated[str, typer.Option(help="Audio encoders, such as AC,WV.")] = "",
    objectives: Annotated[str, typer.Option(help="Of C (diagnosis), R (severity), M (both).")] = "M",
    tasks: Annotated[str, typer.Option(help="Of all, speech, non-speech.")] = "all",
    train_modalities: Annotated[str, typer.Option(help="Of audio+video, video, audio.")] = "audio+video",
    baselines: Annotated[str, typer.Option(help="Judged beside every run.")] = "",
    folds: Folds = "5",
    seeds: Seeds = 5,
    epochs: Epochs = 50,
    workers: Workers = None,
) -> None:
    """Train every system on every pair of encoders, or go on with a sweep that was cut off; exit 1 if a run failed."""
    count = folds_of(folds)  # wrong usage is said before anything is loaded
    units = services.sweep_units(
        listed(systems),
        video=listed(video),
        audio=listed(audio),
        objectives=_chosen(objectives, ("C", "R", "M"), "--objectives"),
        tasks=_chosen(tasks, ("all", "speech", "non-speech"), "--tasks"),
        train_modalities=_chosen(train_modalities, ("audio+video", "video", "audio"), "--train-modalities"),
        baselines=listed(baselines),
    )
    with progress() as tell:
        status = services.sweep(data, run, units, folds=count, seeds=seeds, epochs=epochs, workers=workers, on_step=tell)
    _end(status)


@app.command()
def reproduce(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="table1 ... table9, figure3, several with commas, or all.")],
    data: Data,
    out: Annotated[Path, typer.Option(help="A new folder, or one that a reproduction of the same protocol began.")],
    folds: Folds = "5",
    seeds: Seeds = 5,
    epochs: Epochs = 50,
    workers: Workers = None,
    test_encoders: Annotated[
        bool, typer.Option("--test-encoders", help="For tests: tiny random encoders in the place of absent ones, marked TEST.")
    ] = False,
) -> None:
    """Write the paper's tables and figure from your cohort, beside its printed numbers; exit 1 if a run failed.

    Anything less than 5 x 5 is stamped.
    """
    count = folds_of(folds)
    with progress() as tell:
        files = services.reproduce(
            what,
            data,
            out,
            folds=count,
            seeds=seeds,
            epochs=epochs,
            test_encoders=test_encoders,
            workers=workers,
            on_step=tell,
        )
    for file in files:
        Console().print(Text(str(file)), soft_wrap=True)
    from divine.report.reproduce import Reproduction

    _end(Reproduction(out).sweep.status())


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
    for setting, level in dict.fromkeys((one.setting, one.level) for one in versus.comparisons):
        table = Table("metric", title=f"{setting}, per {level}", box=None)
        for heading in ("first", "second", "difference", "95 % interval", "p Holm", "p t", "p runs"):
            table.add_column(heading, no_wrap=True, justify="right")
        for one in versus.comparisons:
            if (one.setting, one.level) == (setting, level) and one.metric in SHOWN:
                table.add_row(*_cells(one))
        console.print(table)
    console.print(
        "p Holm: Wilcoxon over subjects, corrected for all primary tests of its level. p t: corrected resampled t-test. "
        "p runs: Wilcoxon over runs, which share subjects, so it is too sure."
    )
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


def _end(status: SweepStatus) -> None:
    """Say which runs are not there and why; what failed makes a bad result, weights that are not here do not."""
    console = Console(stderr=True)
    why: dict[str, list[str]] = {}
    for one in status.units:
        if one.state != "done":
            why.setdefault(one.message, []).append(one.name)
    for message, names in why.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        console.print(Text(f"{names[0]}{more}: {message}"))
    console.print(f"{sum(one.state == 'done' for one in status.units)} of {len(status.units)} runs done")
    if any(one.state == "failed" for one in status.units):
        raise typer.Exit(1)


def _chosen(text: str, among: tuple[str, ...], option: str) -> tuple[Any, ...]:
    strange = [name for name in listed(text) if name not in among]
    if strange or not listed(text):
        raise typer.BadParameter(f"give some of {', '.join(among)}.", param_hint=option)
    return listed(text)


def _cells(one: Comparison) -> tuple[str, ...]:
    p_values = (one.wilcoxon_holm_p, one.corrected_t_p, one.runs_p)
    numbers = (f"{one.first:.3f}", f"{one.second:.3f}", f"{one.difference:+.3f}", f"{one.low:+.3f}, {one.high:+.3f}")
    return (one.metric, *numbers, *("-" if p is None else f"{p:.3f}" for p in p_values))


def _estimate(metric: dict[str, Any] | None) -> str:
    return "-" if metric is None else f"{metric['mean']:.3f}\n{metric['low']:.3f}-{metric['high']:.3f}"


def _mark(console: Console, synthetic: bool) -> None:
    if synthetic:
        console.print(Text(SYNTHETIC_NOTICE, style="yellow"))
