"""The reproductions of the paper that the studio knows: those of its jobs, and folders elsewhere that were opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from divine.config import home
from divine.records import DivineError
from divine.services import trash
from divine.services.opened import id_of, keep, opened
from divine.services.trash import Deleted

if TYPE_CHECKING:
    from divine.report.layout import Stamp
    from divine.report.reproduce import Reproduction
    from divine.training.sweep_folder import SweepStatus

ReproductionState = Literal["running", "done", "interrupted", "failed", "damaged"]


class ReproductionError(DivineError):
    """A reproduction cannot be found, opened or deleted."""


class Part(NamedTuple):
    """How the runs of one table or of the figure stand, or those of all that was asked for."""

    name: str
    """``table1`` to ``table9``, ``figure3``, or ``asked``."""
    runs: int
    done: int
    absent: int
    """Runs whose weights or features are not here."""
    failed: int


@dataclass(frozen=True)
class ReproductionEntry:
    """One reproduction as it stands."""

    id: str
    folder: Path
    """Never sent to a browser."""
    name: str
    ours: bool
    """Whether a job of the studio makes it."""
    state: ReproductionState
    message: str
    created_s: float
    """Seconds since 1970."""
    stamp: Stamp | None
    """Cohort and protocol; None where they cannot be read."""
    asked: Part | None
    parts: tuple[Part, ...]
    """Every table and the figure, asked for or not."""

    @property
    def place(self) -> Reproduction:
        from divine.report.reproduce import Reproduction

        return Reproduction(self.folder)


def reproductions() -> tuple[ReproductionEntry, ...]:
    """List the reproductions, the newest first."""
    return tuple(sorted((_entry(*one) for one in _places().items()), key=lambda one: (-one.created_s, one.id)))


def reproduction(reproduction_id: str) -> ReproductionEntry:
    """Return one reproduction as it stands.

    Raises:
        ReproductionError: there is none of this id.
    """
    folder = _places().get(reproduction_id)
    if folder is None:
        raise ReproductionError(f"{reproduction_id[:40]}: no such reproduction here. The Runs page lists those there are.")
    return _entry(reproduction_id, folder)


def open_reproduction(folder: Path) -> ReproductionEntry:
    """List a reproduction that lies elsewhere, such as one of ``divine reproduce --out DIR``; return it.

    Raises:
        ReproductionError: the folder holds none.
    """
    folder = folder.expanduser().resolve()
    if not _is_begun(folder):
        raise ReproductionError(
            f"{folder.name}: holds no reproduction (protocol.json, sweep). Give the folder that `divine reproduce --out` wrote."
        )
    if folder.parent != _root():
        keep(_root(), [folder, *(one for one in opened(_root()) if one != folder)])
    return reproduction(id_of(folder, _root()))


def delete_reproduction(reproduction_id: str) -> Deleted:
    """Move a reproduction and its runs to the trash, or take one that lies elsewhere off the list.

    ``restore_reproduction`` undoes it for a month.

    Raises:
        ReproductionError: there is none of this id, or it is at work.
    """
    entry = reproduction(reproduction_id)
    if entry.state == "running":
        raise ReproductionError(f"{entry.name}: is at work. Cancel it first.")
    if entry.ours:
        trash.throw(entry.id, entry.folder, home().resolve() / "jobs" / entry.folder.name)
    else:
        trash.unlist(entry.id, entry.folder, _root())
    return Deleted(entry.id, entry.name, entry.ours)


def restore_reproduction(reproduction_id: str) -> str:
    """Bring a deleted reproduction back; return its name.

    Raises:
        TrashError: it is not in the trash, or another has taken its place.
    """
    return trash.bring_back(reproduction_id, _root()).name


def _entry(reproduction_id: str, folder: Path) -> ReproductionEntry:
    from divine.report.reproduce import Reproduction, stamp_of

    place, ours = Reproduction(folder), folder.parent == _root()
    stamp, asked, parts, state, message = None, None, (), "damaged", ""
    try:
        status = place.sweep.status()
        stamp, parts = stamp_of(place), _parts(place, status)
        asked = _part("asked", [one.state for one in status.units])
        state, message = _state(folder, status)
    except DivineError as error:
        message = str(error)
    created_s = (folder / "sweep" / "spec.json").stat().st_mtime
    return ReproductionEntry(reproduction_id, folder, folder.name, ours, state, message, created_s, stamp, asked, parts)


def _state(folder: Path, status: SweepStatus) -> tuple[ReproductionState, str]:
    """Say how things stand: one that calls itself running and that nobody works on was cut off."""
    from divine.jobs.lock import is_held
    from divine.jobs.records import DIED

    if is_held(folder / "sweep" / ".lock") or (folder.parent == _root() and is_held(home() / "jobs" / folder.name / ".lock")):
        return "running", ""
    if status.state == "running":
        return "interrupted", DIED
    return status.state, status.message


def _parts(place: Reproduction, status: SweepStatus) -> tuple[Part, ...]:
    from divine.report.reproduce import EVERYTHING, alias_of, units_of

    states, alias = {one.name: one.state for one in status.units}, alias_of(place)
    return tuple(_part(name, [states.get(unit.name) for unit in units_of((name,), alias)]) for name in EVERYTHING)


def _part(name: str, states: Sequence[str | None]) -> Part:
    return Part(name, len(states), states.count("done"), states.count("absent"), states.count("failed"))


def _root() -> Path:
    return home().resolve() / "reproductions"


def _is_begun(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("protocol.json", "sweep/spec.json", "sweep/status.json"))


def _places() -> dict[str, Path]:
    """Return every reproduction's folder by id: an id is looked up here and never becomes a path."""
    ours = (one for one in _root().iterdir() if one.is_dir()) if _root().is_dir() else ()
    return {id_of(folder, _root()): folder for folder in (*opened(_root()), *ours) if _is_begun(folder)}
