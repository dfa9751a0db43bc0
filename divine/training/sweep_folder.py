"""A sweep is a directory: what was asked, how far it is, the features that its runs share, and a run's folder per unit.

``spec.json``, ``cohort.json``, ``status.json`` (replaced atomically), ``events.jsonl``, ``features/``, ``runs/<unit>/``.
"""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from divine.data.schema import Folds
from divine.evaluation.unit import Unit
from divine.models.codec import from_json, to_json
from divine.models.errors import ModelError
from divine.store import write_atomically
from divine.training.config import TrainingConfig
from divine.training.errors import TrainingError
from divine.training.folder import held, is_in_use, is_spec_of
from divine.training.run import Run

VERSION = 1
SweepState = Literal["running", "done", "interrupted", "failed"]
UnitState = Literal["waiting", "done", "absent", "failed"]
"""``absent``: weights or features of an encoder are not here; ``failed``: it was tried."""


@dataclass(frozen=True)
class SweepSpec:
    """Many runs on one cohort under one protocol."""

    data: str
    units: tuple[Unit, ...]
    folds: Folds = 5
    seeds: int = 5
    training: TrainingConfig = TrainingConfig()


@dataclass(frozen=True)
class UnitStatus:
    """How one unit stands."""

    name: str
    state: UnitState
    message: str = ""


@dataclass(frozen=True)
class SweepStatus:
    """How far a sweep is."""

    state: SweepState
    units: tuple[UnitStatus, ...]
    synthetic: bool
    """Whether the cohort was rendered, not recorded."""
    message: str = ""

    def of(self, unit: Unit) -> UnitStatus:
        """Return how one unit stands; one that was never asked for is waiting."""
        return next((one for one in self.units if one.name == unit.name), UnitStatus(unit.name, "waiting"))


@dataclass(frozen=True)
class Sweep:
    """The folder of a sweep."""

    folder: Path

    def run(self, unit: Unit) -> Run:
        """Return the run of a unit."""
        return Run(self.folder / "runs" / re.sub(r"[^\w+.-]", "_", unit.name))

    @property
    def features(self) -> Path:
        return self.folder / "features"

    def begin(self, spec: SweepSpec) -> SweepSpec:
        """Store what is asked, or add its units to a sweep that is there; return all that is asked now.

        Raises:
            TrainingError: the folder holds a sweep under another protocol or with other baselines, or something else.
        """
        path = self.folder / "spec.json"
        if path.is_file():
            before = self.spec()
            if dataclasses.replace(before, units=()) != dataclasses.replace(spec, units=()):
                raise TrainingError(
                    f"{self.folder.name}: holds a sweep of another cohort, or of other folds, seeds or settings. "
                    "Choose another folder."
                )
            spec = dataclasses.replace(spec, units=(*before.units, *self._new(before.units, spec.units)))
        elif is_in_use(self.folder):
            raise TrainingError(f"{self.folder.name}: is not empty and holds no sweep. Choose another folder.")
        write_atomically(path, json.dumps({"version": VERSION} | to_json(spec), indent=1).encode() + b"\n")
        return spec

    def _new(self, before: Sequence[Unit], asked: Sequence[Unit]) -> Iterator[Unit]:
        """Find the units that are not there yet; one that is there with more baselines answers for one with fewer."""
        there = {unit.name: unit for unit in before}
        for unit in dict.fromkeys(asked):
            if unit.name not in there:
                yield unit
            elif not set(unit.baselines) <= set(there[unit.name].baselines):
                kept = ", ".join(there[unit.name].baselines) or "no baselines"
                raise TrainingError(
                    f"{self.folder.name}: {unit.name} is there with {kept}, and a sweep's baselines cannot change. "
                    "Choose another folder."
                )

    def spec(self) -> SweepSpec:
        """Read what is asked.

        Raises:
            TrainingError: the folder holds no sweep, or a damaged one.
        """
        content = self._read("spec.json")
        if is_spec_of(content, "system"):
            raise TrainingError(f"{self.folder.name}: holds a run, not a sweep. Choose another folder.")
        try:
            values = json.loads(content)
            if values.pop("version") != VERSION:
                raise TrainingError(f"{self.folder.name}/spec.json: written by another version. Start a new sweep.")
            return from_json(SweepSpec, values, "spec.json")
        except (ValueError, KeyError, AttributeError, ModelError) as error:
            raise TrainingError(f"{self.folder.name}/spec.json: is damaged ({error}). Start a new sweep.") from error

    def status(self) -> SweepStatus:
        """Read how far the sweep is.

        Raises:
            TrainingError: the folder holds no sweep, or a damaged one.
        """
        try:
            return from_json(SweepStatus, json.loads(self._read("status.json")), "status.json")
        except (ValueError, ModelError) as error:
            raise TrainingError(f"{self.folder.name}/status.json: is damaged. Give the command again to go on.") from error

    def set_status(self, status: SweepStatus) -> None:
        """Replace the status."""
        write_atomically(self.folder / "status.json", json.dumps(asdict(status), indent=1).encode())

    def tell(self, unit: str, state: str, message: str = "") -> None:
        """Append one line to the events; short appends are whole on a local disk."""
        line = {"time": round(time.time(), 3), "unit": unit, "state": state} | ({"message": message} if message else {})
        with (self.folder / "events.jsonl").open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")

    def locked(self) -> AbstractContextManager[None]:
        """Hold the sweep for this process; the kernel lets go however the process ends.

        Raises:
            TrainingError: another process is at work on it.
        """
        return held(self.folder, "sweep")

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise TrainingError(f"{self.folder.name}/{name}: cannot be read ({error.strerror}); this is no sweep.") from error
