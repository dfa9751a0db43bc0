"""Commands on a cohort: ``synth``, ``data check``, ``extract``, ``train``, ``evaluate``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from divine import services
from divine.cli.options import Data, Epochs, Folds, Seeds, Workers, folds_of, listed
from divine.cli.output import Json, app, print_json, progress
from divine.evaluation.unit import Objective, Setting, TaskSet
from divine.models.config import Precision
from divine.records import SYNTHETIC_NOTICE
from divine.training.spec import Engine

data_app = typer.Typer(help="Look into a cohort before using it.", no_args_is_help=True)
app.add_typer(data_app, name="data")

_REFITTED = "majority, age-sex, logistic, random-forest, svm"
_SYSTEMS = f"divine, divine-no-cycle, divine-no-sparse, divine-no-token, flat, single-level, concat, fcn, cnn, {_REFITTED}"


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="A new folder, or one that the same command began.")],
    subjects: Annotated[int, typer.Option(min=3)] = 36,
    tasks: Annotated[str | None, typer.Option(help="Codes with commas between them; all nine by default.")] = None,
    seconds: Annotated[float, typer.Option(min=1.0)] = 6.0,
    fps: Annotated[float, typer.Option(min=5.0)] = 50.0,
    seed: int = 0,
    workers: Workers = None,
) -> None:
    """Render a SYNTHETIC cohort in Toronto NeuroFace's layout."""
    with progress() as tell:
        count = services.synthesise(
            out,
            subjects=subjects,
            tasks=listed(tasks),
            seconds=seconds,
            fps=fps,
            seed=seed,
            workers=workers,
            on_step=tell,
        )
    Console(stderr=True).print(f"{count} SYNTHETIC recordings of {subjects} subjects")


@data_app.command()
def check(
    data: Data,
    frame_base: Annotated[int, typer.Option(help="Number of a video's first frame in annotation files: 0 or 1.")] = 1,
    as_json: Json = False,
) -> None:
    """Print what a cohort holds and a table of problems with their remedies; exit 1 if something was left out."""
    with progress() as tell:
        loaded = services.check(data, frame_base=frame_base, on_step=tell)
    problems = [dataclasses.asdict(problem) for problem in loaded.problems]
    index = loaded.index
    summary = {
        "clips": len(index.clips),
        "subjects": len(index.subjects),
        "groups": {group: sum(one.group == group for one in index.subjects) for group in index.groups},
        "items": list(index.items),
        "raters": list(index.raters),
        "synthetic": index.synthetic,
    }
    if as_json:
        print_json(summary | {"problems": problems})
    else:
        _print_check(summary, problems)
    if any(problem["severity"] == "error" for problem in problems):
        raise typer.Exit(1)


@app.command()
def extract(
    data: Data,
    encoders: Annotated[str, typer.Option(help="Codes with commas between them, such as KI,AC.")],
    workers: Workers = None,
    processes: Annotated[bool, typer.Option("--processes", help="Use processes instead of threads of this one.")] = False,
    cluster: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://node1:8786.")] = None,
    as_json: Json = False,
) -> None:
    """Run encoders over a cohort; what is finished is kept and not done again."""
    with progress() as tell:
        found = services.extract(data, encoders, workers=workers, processes=processes, cluster=cluster, on_step=tell)
    if as_json:
        failures = [failure._asdict() for failure in found.failures]
        print_json({"done": found.done, "kept": found.kept, "failures": failures, "table": str(found.table)})
        return
    console = Console(stderr=True)
    for failure in found.failures:
        console.print(Text(f"{failure.clip}: {failure.why}"))
    failed = len({failure.clip for failure in found.failures})
    console.print(f"{found.done} clips extracted, {found.kept} were there, {failed} lack features")
    if failed:
        console.print(Text(f"table of failures: {found.table}"), soft_wrap=True)


@app.command()
def train(
    data: Data,
    run: Annotated[Path, typer.Option(help="A new folder, or one that the same command began.")],
    encoders: Annotated[str, typer.Option(help="A video and an audio encoder, such as KI+AC, or one alone.")] = "KI+AC",
    system: Annotated[str, typer.Option(help=_SYSTEMS)] = "divine",
    tasks: Annotated[TaskSet, typer.Option(help="Which recordings are used.")] = "all",
    folds: Folds = "5",
    seeds: Seeds = 5,
    epochs: Epochs = 50,
    objective: Annotated[Objective, typer.Option(help="Diagnosis, severity, or both.")] = "M",
    baselines: Annotated[str | None, typer.Option(help=f"Of {_REFITTED}, with commas between them.")] = None,
    modalities: Annotated[Setting, typer.Option(help="What training and test are given.")] = "audio+video",
    precision: Annotated[
        Precision, typer.Option(help="Of the products in training; bfloat16 where the processor has it.")
    ] = "float32",
    engine: Annotated[Engine, typer.Option(help="Members one by one, or as one stack; auto stacks on a GPU.")] = "auto",
    workers: Workers = None,
    cluster: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://node1:8786.")] = None,
) -> None:
    """Train folds x seeds, subject-wise; the same command goes on with a run that was cut off."""
    count = folds_of(folds)  # wrong usage is said before anything is loaded
    with progress() as tell:
        status = services.train(
            data,
            run,
            encoders=encoders,
            system=system,
            tasks=tasks,
            folds=count,
            seeds=seeds,
            epochs=epochs,
            objective=objective,
            baselines=listed(baselines),
            modalities=modalities,
            precision=precision,
            engine=engine,
            workers=workers,
            cluster=cluster,
            on_step=tell,
        )
    console = Console(stderr=True)
    console.print(f"{status.done} of {status.total} members trained; split {status.proof[:12]}")
    for note in status.notes:
        console.print(Text(note))


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")], as_json: Json = False
) -> None:
    """Print the metrics of a run per clip and per subject, with intervals over subjects, beside its baselines."""
    document = services.evaluate(run)
    if as_json:
        print_json(document)
        return
    console = Console()
    says = "mean ± std over members, the value pooled over members, its 95 % interval over subjects"
    console.print(Text(f"{document['system']} {document['encoders']}: {says}"))
    for system in (document, *document["baselines"]):
        console.print(_result_table(system))
    if document["synthetic"]:
        console.print(Text(SYNTHETIC_NOTICE, style="yellow"))


def _print_check(summary: dict[str, Any], problems: list[dict[str, Any]]) -> None:
    console = Console()
    groups = ", ".join(f"{group} {count}" for group, count in summary["groups"].items())
    mark = " SYNTHETIC" if summary["synthetic"] else ""
    console.print(Text(f"{summary['clips']}{mark} clips of {summary['subjects']} subjects ({groups})"))
    if not problems:
        console.print("no problem found")
        return
    table = Table("", "file", "row", "column", "problem", "what to do", box=None)
    for problem in problems:
        row = "" if problem["row"] is None else str(problem["row"])
        cells = (problem["severity"], problem["file"], row, problem["column"], problem["what"], problem["remedy"])
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def _result_table(system: dict[str, Any]) -> Table:
    columns = ("accuracy", "macro_f1", "auroc", "mae_total", "rmse_total")
    table = Table(system["system"], "level", *columns, box=None)
    for result in system["results"]:
        cells = [_cell(result["metrics"].get(name)) for name in columns]
        table.add_row(result["modalities"], result["level"], *cells)
    return table


def _cell(metric: dict[str, float] | None) -> str:
    if metric is None:
        return "-"
    interval = f"{metric['low']:.2f}-{metric['high']:.2f}"
    return f"{metric['mean']:.2f} ± {metric['std']:.2f}\n{metric['pooled']:.2f}\n{interval}"
