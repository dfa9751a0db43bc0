"""Commands on long work that goes on by itself: ``jobs list``, ``cancel``, ``resume``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from divine import services
from divine.cli.output import Json, app, print_json

if TYPE_CHECKING:
    from divine.jobs.records import Job

jobs_app = typer.Typer(help="Long work that goes on without a terminal or a browser.", no_args_is_help=True)
app.add_typer(jobs_app, name="jobs")

Id = Annotated[str, typer.Argument(metavar="ID", help="A job's id, as `divine jobs list` prints it.")]


@jobs_app.command("list")
def show(as_json: Json = False) -> None:
    """List every job, the newest first, as it stands now."""
    found = services.jobs()
    if as_json:
        print_json([_document(job) for job in found])
        return
    table = Table("id", "state", "what", "device", "stage", "", box=None)
    for job in found:
        status = job.status
        stage = f"{status.stage} {status.done}/{status.total}" if status.total else ""
        table.add_row(job.id, status.state, Text(job.order.title), job.order.device, stage, Text(status.message))
    Console().print(table)


@jobs_app.command()
def cancel(job: Id, as_json: Json = False) -> None:
    """Stop a job and wait until it has; what it finished is kept."""
    _say(services.cancel_job(job), as_json)


@jobs_app.command()
def resume(job: Id, as_json: Json = False) -> None:
    """Go on with a job that was cut off, cancelled or failed; nothing finished is done again."""
    _say(services.resume_job(job), as_json)


def _say(job: Job, as_json: bool) -> None:
    if as_json:
        print_json(_document(job))
    else:
        Console(stderr=True).print(Text(f"{job.id}: {job.status.state}. {job.status.message}".strip()))


def _document(job: Job) -> dict[str, Any]:
    order, status = job.order, job.status
    times = {"queued": status.queued_s, "started": status.started_s, "ended": status.ended_s}
    return {
        **{"id": job.id, "kind": order.kind, "title": order.title, "device": order.device, "arguments": dict(order.arguments)},
        **{"state": status.state, "stage": status.stage, "done": status.done, "total": status.total, "message": status.message},
        **{name: None if at is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for name, at in times.items()},
    }
