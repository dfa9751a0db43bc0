"""A worker whose units are files: ``python -m tests.job_worker FOLDER LOCK``. Each is noted as it begins and ends."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from divine.jobs.errors import JobError
from divine.jobs.folder import JobFolder
from divine.jobs.records import Order
from divine.jobs.work import work
from divine.records import OnStep


def carry_out(job_id: str, order: Order, on_step: OnStep) -> None:
    if order.kind == "refuse":
        raise JobError("the cohort is not there. Connect its drive.")
    if order.kind == "break":
        raise ZeroDivisionError
    place, units = Path(order.arguments["place"]), order.arguments["units"]
    place.mkdir(exist_ok=True)
    on_step("units", len(list(place.glob("unit*"))), units)
    for unit in range(units):
        if (place / f"unit{unit}").exists():
            continue
        note(place, f"begin {unit}")
        wait(order)
        (place / f"unit{unit}").touch()
        note(place, f"end {unit}")
        on_step("units", unit + 1, units)


def wait(order: Order) -> None:
    end = time.monotonic() + order.arguments["seconds"]
    while time.monotonic() < end:
        try:
            time.sleep(0.01)
        except KeyboardInterrupt:
            if order.kind != "deaf":
                raise


def note(place: Path, what: str) -> None:
    with (place / "notes").open("a") as notes:
        notes.write(f"{time.time()} {what}\n")


if __name__ == "__main__":
    work(JobFolder(Path(sys.argv[1])), int(sys.argv[2]), carry_out, mercy_s=0.5)
