"""What was deleted in the studio, for a month: folders of the home, moved; entries of its lists of folders elsewhere, noted."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from divine.config import home
from divine.records import DivineError
from divine.services.opened import keep, opened

DAYS = 30
"""How long what was deleted can be brought back."""
_ORIGIN = "from.json"


class TrashError(DivineError):
    """What was deleted cannot be brought back."""


class Deleted(NamedTuple):
    """What went, as people are told of it."""

    id: str
    """Under which it can be brought back."""
    name: str
    ours: bool
    """Whether its files were moved; otherwise it was taken off a list, and they stay."""


def throw(deleted_id: str, *folders: Path) -> None:
    """Move folders of the home into the trash, together; those that are not there are passed over."""
    _purge()
    moved = {str(number): folder for number, folder in enumerate(folders) if folder.is_dir()}
    place = _begin(deleted_id, {"moved": {name: str(folder.relative_to(home().resolve())) for name, folder in moved.items()}})
    for name, folder in moved.items():
        folder.rename(place / name)


def unlist(deleted_id: str, folder: Path, root: Path) -> None:
    """Take a folder that lies elsewhere off the list of ``root``; it stays where it is."""
    _purge()
    _begin(deleted_id, {"listed": str(folder)})
    keep(root, [one for one in opened(root) if one != folder])


def bring_back(deleted_id: str, root: Path) -> Path:
    """Undo ``throw`` or ``unlist`` (on the list of ``root``); return the first of the folders.

    Raises:
        TrashError: it is not in the trash, others have taken its place, or what it is part of has to come back first.
    """
    place = next((one for one in _trash().glob("*") if one.name == deleted_id), None)
    if place is None:
        raise TrashError(f"{deleted_id[:40]}: is not in the trash; after {DAYS} days it is emptied.")
    origin = json.loads((place / _ORIGIN).read_text())
    if "listed" in origin:
        back = [Path(origin["listed"])]
        keep(root, [*back, *(one for one in opened(root) if one not in back)])
    else:
        moved = {place / name: home().resolve() / where for name, where in origin["moved"].items()}
        back = list(moved.values())
        taken = next((where for where in back if where.exists()), None)
        if taken is not None:
            raise TrashError(f"{taken.name}: another has this name now. Delete that one first.")
        orphan = next((where for where in back if not where.parent.is_dir() and where.parent.parent != home().resolve()), None)
        if orphan is not None:  # made anew, its sweep's folder would stand in the way of the sweep itself
            raise TrashError(f"{orphan.name}: the sweep that it is of was deleted after it. Bring that back first.")
        for thrown, where in moved.items():
            where.parent.mkdir(exist_ok=True)
            thrown.rename(where)
    shutil.rmtree(place)
    return back[0]


def _begin(deleted_id: str, origin: dict[str, object]) -> Path:
    """Make the place of what goes, and note where it was before anything moves."""
    place = _trash() / deleted_id
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / _ORIGIN).write_text(json.dumps(origin))
    return place


def _trash() -> Path:
    return home().resolve() / "trash"


def _purge() -> None:
    """Empty the trash of what nobody has asked back for a month."""
    for place in _trash().glob("*"):
        if time.time() - place.stat().st_mtime > DAYS * 24 * 3600:
            shutil.rmtree(place, ignore_errors=True)
