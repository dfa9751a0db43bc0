"""What came out of a run, for pages: how far each member is, learning curves, results that are kept once computed."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from divine.config import home

_ROUNDING_S = 0.01
_EVALUATED = 3
"""Raised whenever ``evaluate`` computes something else from the same predictions."""


@dataclass(frozen=True)
class MemberProgress:
    """One fold of one seed."""

    fold: int
    seed: int
    state: Literal["waiting", "training", "done"]
    validation: tuple[float, ...]
    """Validation loss by epoch, as far as it is."""
    seconds: float | None
    """How long its training took; None before it is done, or where nobody measured it."""


class Curve(NamedTuple):
    """The losses of one member by epoch, from 1."""

    fold: int
    seed: int
    train: tuple[float, ...]
    validation: tuple[float, ...]
    kept: int
    """Number of the epoch whose weights were kept: the last, or that of the lowest validation loss, as the run was asked."""
    lowest: int
    """Number of the epoch with the lowest validation loss; 0 where none has a finite one."""


def run_progress(folder: Path) -> tuple[MemberProgress, ...]:
    """Say how far each member of a run is, from its split, its folders and its events; none before the split is drawn."""
    from divine.jobs.lock import is_held

    try:
        members = json.loads((folder / "split.json").read_text())["members"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    lock = folder / ".lock"
    # The lock's file is touched whenever somebody sets to work: what was told before is of a worker that has died.
    since_s = lock.stat().st_mtime - _ROUNDING_S if is_held(lock) else math.inf
    told = _told(folder)
    return tuple(_progress(folder, one["fold"], one["seed"], told, since_s) for one in members)


def learning_curves(folder: Path) -> tuple[Curve, ...]:
    """Return the losses of the members that are finished.

    The training loss is ``L_cls + alpha L_sev``, the part that validation watches, with drawn latents, dropout and
    modality dropout in it: it may lie above the validation loss.
    """
    import pandas as pd

    from divine.training.run import Run

    whole = folder / "history.parquet"
    parts = [whole] if whole.is_file() else sorted(folder.glob("members/*/history.parquet"))
    spec = Run(folder).spec()
    diagnosis, alpha = spec.config.loss.diagnosis, spec.config.loss.alpha
    curves = []
    for path in parts:
        for _, rows in pd.read_parquet(path).sort_values("epoch").groupby(["fold", "seed"], sort=True):
            train = diagnosis * rows["diagnosis"] + alpha * rows["severity"]
            lowest = int(rows.loc[rows["best"], "epoch"].max()) if rows["best"].any() else 0
            curves.append(
                Curve(
                    int(rows["fold"].iloc[0]),
                    int(rows["seed"].iloc[0]),
                    tuple(map(float, train)),
                    tuple(map(float, rows["validation"])),
                    lowest if spec.training.keep == "best" else int(rows["epoch"].iloc[-1]),
                    lowest,
                )
            )
    return tuple(curves)


def evaluation(folder: Path) -> dict[str, Any]:
    """Return ``evaluate`` of a run, computed once for its predictions and kept in the home.

    Raises:
        DivineError: the run is not finished, or its split was altered.
    """
    from divine.services.cohort import evaluate
    from divine.store import write_atomically
    from divine.training.run import Run

    kept = _kept(folder)
    if kept is None:
        return evaluate(folder)  # says why there is nothing to evaluate
    Run(folder).verify()
    if kept.is_file():
        try:
            return json.loads(kept.read_text()) | {"run": folder.name}
        except ValueError:
            kept.unlink()
    document = evaluate(folder)
    write_atomically(kept, json.dumps(document).encode())
    return document


def evaluated(folder: Path) -> dict[str, Any] | None:
    """Return what ``evaluation`` has kept of a run, without computing anything."""
    kept = _kept(folder)
    try:
        return None if kept is None else json.loads(kept.read_text())
    except (OSError, ValueError):
        return None


def seconds_per_member(folder: Path) -> tuple[float, ...]:
    """Return how long each member took that was trained without a break."""
    return tuple(seconds for seconds in (_seconds(one) for one in _told(folder).values()) if seconds is not None)


def _kept(folder: Path) -> Path | None:
    try:
        about = (folder / "predictions.parquet").stat()
        return home() / "evaluations" / f"{_digest(folder, about.st_mtime_ns, about.st_size)}-{_EVALUATED}.json"
    except OSError:
        return None


@functools.lru_cache(maxsize=1024)
def _digest(folder: Path, mtime_ns: int, size: int) -> str:
    """Hash the predictions of a run, once for as long as the file stays as it is."""
    with (folder / "predictions.parquet").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


class _Told(NamedTuple):
    """What the events say of a member since it was last started."""

    started_s: float | None
    finished_s: float | None
    validation: tuple[float, ...]


def _told(folder: Path) -> dict[tuple[int, int], _Told]:
    told: dict[tuple[int, int], _Told] = {}
    for line in _lines(folder / "events.jsonl"):
        member = (line.get("fold", -1), line.get("seed", -1))
        so_far = told.get(member, _Told(None, None, ()))
        if line.get("event") == "started":
            told[member] = _Told(line["time"], None, ())
        elif line.get("event") == "epoch":
            told[member] = so_far._replace(validation=(*so_far.validation, line["validation"]))
        elif line.get("event") == "finished":
            told[member] = so_far._replace(finished_s=line["time"])
    return told


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read events; a line that a kill cut short is left out."""
    try:
        content = path.read_text(errors="replace")
    except OSError:
        return
    for text in content.splitlines():
        try:
            yield json.loads(text)
        except ValueError:
            continue


def _seconds(told: _Told) -> float | None:
    return None if told.started_s is None or told.finished_s is None else told.finished_s - told.started_s


def _progress(folder: Path, fold: int, seed: int, all_told: dict[tuple[int, int], _Told], since_s: float) -> MemberProgress:
    told = all_told.get((fold, seed), _Told(None, None, ()))
    if (folder / "members" / f"f{fold}s{seed}" / "predictions.parquet").is_file():
        state = "done"
    else:
        state = "training" if told.started_s is not None and told.started_s >= since_s else "waiting"
    shown = () if state == "waiting" else tuple(value for value in told.validation if math.isfinite(value))
    return MemberProgress(fold, seed, state, shown, _seconds(told) if state == "done" else None)
