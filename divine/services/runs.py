"""The runs that the studio knows: those of its own jobs, and folders elsewhere that were opened. Listed, deleted, restored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from divine import demonstration
from divine.config import home
from divine.records import DivineError
from divine.services import trash
from divine.services.opened import id_of, keep, opened
from divine.services.trash import Deleted

if TYPE_CHECKING:
    from divine.training.run import Status
    from divine.training.spec import RunSpec

RunState = Literal["waiting", "training", "done", "interrupted", "failed", "damaged"]
"""``waiting``: its job is queued, or has just begun."""
SHIPPED_ID = "demonstration"
"""Of the SYNTHETIC run that comes with the studio; it is listed last and cannot be deleted."""


class RunError(DivineError):
    """A run cannot be found, opened or deleted."""


@dataclass(frozen=True)
class RunEntry:
    """One run as it stands."""

    id: str
    folder: Path
    """Never sent to a browser."""
    name: str
    ours: bool
    """Whether it lies in the home: deleting it moves its files, and takes others off the list only."""
    state: RunState
    message: str
    created_s: float
    """Seconds since 1970."""
    spec: RunSpec | None
    status: Status | None

    @property
    def synthetic(self) -> bool:
        return self.status is not None and self.status.synthetic


def runs() -> tuple[RunEntry, ...]:
    """List the runs, the newest first."""
    return tuple(sorted((_entry(*one) for one in _places().items()), key=lambda one: (-one.created_s, one.id)))


def can_judge(run: RunEntry) -> bool:
    """Say whether a run can judge a recording: finished, with a diagnosis, its checkpoints here, its encoders DIVINE's own."""
    from divine.encoders.registry import registered
    from divine.training.spec import kind_of

    if run.state != "done" or run.spec is None or run.spec.objective == "R":
        return False
    own = set(run.spec.encoders.split("+")) <= set(registered())
    return own and kind_of(run.spec.system).architecture is not None and any(run.folder.glob("members/*/config.json"))


def run_entry(run_id: str) -> RunEntry:
    """Return one run as it stands.

    Raises:
        RunError: there is none of this id.
    """
    folder = _places().get(run_id) or _tabled().get(run_id)
    if folder is None:
        raise RunError(f"{run_id[:40]}: no such run here. The Runs page lists those there are.")
    return _entry(run_id, folder)


def run_id_of(folder: Path) -> str:
    """Return the id under which the run of a folder is found."""
    return id_of(folder, _root())


def run_name(folder: Path) -> str:
    """Return what a run is called on every page and in every report: its folder's name, but for the one that is shipped."""
    folder = folder.resolve()
    return "Demonstration run" if folder == demonstration.RUN.resolve() else folder.name


def open_run(folder: Path) -> RunEntry:
    """List a run that lies elsewhere, such as one of ``divine train --run DIR``, or all of a sweep; return it, or the first.

    Raises:
        RunError: the folder holds no run.
    """
    folder = folder.expanduser().resolve()
    found = [one for one in _runs_in(folder) if (one / "spec.json").is_file() and (one / "split.json").is_file()]
    if not found:
        raise RunError(f"{folder.name}: holds no run (spec.json, split.json). Give the folder that `divine train --run` wrote.")
    if folder.parent != _root():
        keep(_root(), [folder, *(one for one in opened(_root()) if one != folder)])
    return run_entry(id_of(sorted(found)[0], _root()))


def delete_run(run_id: str) -> Deleted:
    """Move a run to the trash, or take one that lies elsewhere off the list; ``restore_run`` undoes it for a month.

    One that lies elsewhere goes with its sweep; the last of a sweep in the home takes along what is left of the sweep.

    Raises:
        RunError: there is none of this id, or it is being trained.
    """
    from divine.jobs.lock import is_held

    if run_id == SHIPPED_ID:
        raise RunError("The demonstration run comes with the studio and stays.")
    entry = run_entry(run_id)
    if run_id in _tabled():
        raise RunError(f"{entry.name}: is one of the paper's tables, and goes with them.")
    place = entry.folder if entry.folder.parent == _root() or entry.folder in opened(_root()) else entry.folder.parent.parent
    job = home().resolve() / "jobs" / place.name
    if entry.state == "training" or any(is_held(one / ".lock") for one in (place, job)):
        raise RunError(f"{entry.name}: is being trained. Cancel it first.")
    if not entry.ours:
        place_id = id_of(place, _root())
        trash.unlist(place_id, place, _root())
        return Deleted(place_id, place.name, ours=False)
    if place != entry.folder and len(_runs_in(place)) > 1:
        trash.throw(run_id, entry.folder)
    else:
        trash.throw(run_id, place, job)
    return Deleted(run_id, entry.name, ours=True)


def restore_run(run_id: str) -> str:
    """Bring a deleted run back, or what ``delete_run`` took off the list; return its name.

    Raises:
        TrashError: it is not in the trash, or another has taken its place.
    """
    return trash.bring_back(run_id, _root()).name


def _entry(run_id: str, folder: Path) -> RunEntry:
    from divine.training.errors import TrainingError
    from divine.training.run import Run

    run = Run(folder)
    spec = status = None
    try:
        spec = run.spec()
        status = run.status() if (folder / "status.json").is_file() else None
        state, message = _state(folder, status)
    except TrainingError as error:
        state, message = "damaged", str(error)
    made = folder / "spec.json" if (folder / "spec.json").is_file() else folder
    created_s = made.stat().st_mtime if made.exists() and run_id != SHIPPED_ID else 0.0
    return RunEntry(
        run_id, folder, run_name(folder), folder.is_relative_to(home().resolve()), state, message, created_s, spec, status
    )


def _state(folder: Path, status: Status | None) -> tuple[RunState, str]:
    """Say how things stand: a run that calls itself running and that nobody works on was cut off."""
    from divine.jobs.lock import is_held
    from divine.jobs.records import DIED

    if is_held(folder / ".lock"):
        return "training", ""
    is_queued = folder.parent == _root() and is_held(home() / "jobs" / folder.name / ".lock")
    if is_queued and (status is None or status.state != "done"):
        return "waiting", ""
    if status is None or status.state == "running":
        return "interrupted", DIED
    return status.state, status.message


def _root() -> Path:
    return home().resolve() / "runs"


def _places() -> dict[str, Path]:
    """Return every run's folder by id: an id is looked up here and never becomes a path."""
    ours = (one for one in _root().iterdir() if one.is_dir()) if _root().is_dir() else ()
    swept = (home().resolve() / "sweeps").glob("*/runs/*")
    elsewhere = (run for one in opened(_root()) if one.is_dir() for run in _runs_in(one))
    shipped = {SHIPPED_ID: demonstration.RUN} if demonstration.RUN.is_dir() else {}
    return shipped | {id_of(folder, _root()): folder for folder in (*elsewhere, *swept, *ours)}


def _tabled() -> dict[str, Path]:
    """Return the runs of the paper's tables by id: hundreds, which have an address and are found by their tables."""
    root = home().resolve() / "reproductions"
    folders = (*root.glob("*"), *opened(root))
    return {id_of(run, _root()): run for folder in folders for run in folder.glob("sweep/runs/*")}


def _runs_in(folder: Path) -> tuple[Path, ...]:
    """Return a run, or every run of a sweep."""
    return tuple(folder.glob("runs/*")) if (folder / "runs").is_dir() else (folder,)
