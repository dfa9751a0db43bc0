"""A run is a directory that any tool can read: what was asked, who stands on which side, how far it is, what came out.

``spec.json``, ``cohort.json``, ``split.json``, ``status.json`` (replaced atomically), ``events.jsonl``, ``members/f<k>s<j>/``,
and when all members are there ``predictions.parquet`` and ``history.parquet``.
"""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from divine.config import PROJECT
from divine.evaluation.table import Predictions
from divine.store import write_atomically
from divine.training.errors import TrainingError
from divine.training.folder import held, is_in_use, is_spec_of
from divine.training.spec import RunSpec

State = Literal["running", "done", "interrupted", "failed"]


@dataclass(frozen=True)
class Status:
    """How far a run is."""

    state: State
    done: int
    total: int
    proof: str
    """SHA-256 of ``split.json``."""
    synthetic: bool
    """Whether the cohort was rendered, not recorded."""
    message: str = ""
    notes: tuple[str, ...] = ()
    """What of the cohort the run does without, and where that is explained."""


@dataclass(frozen=True)
class Run:
    """The folder of a run."""

    folder: Path

    @property
    def split_file(self) -> Path:
        return self.folder / "split.json"

    def begin(self, spec: RunSpec) -> None:
        """Store what is asked, or check that a run that is there was asked the same.

        Raises:
            TrainingError: the folder holds another run, or something else.
        """
        path = self.folder / "spec.json"
        if path.is_file():
            if self._asked() != spec:
                raise TrainingError(f"{self.folder.name}: holds a run that was asked something else. Choose another folder.")
            return
        if is_in_use(self.folder):
            raise TrainingError(f"{self.folder.name}: is not empty and holds no run. Choose another folder.")
        write_atomically(path, spec.to_json())

    def spec(self) -> RunSpec:
        """Read what was asked. A cohort that is not named by its whole path lies in the project: the one that is shipped.

        Raises:
            TrainingError: the folder holds no run, or a damaged one.
        """
        spec = self._asked()
        return replace(spec, data=str(PROJECT / spec.data))

    def status(self) -> Status:
        """Read how far the run is.

        Raises:
            TrainingError: the folder holds no run, or a damaged one.
        """
        try:
            values = json.loads(self._read("status.json"))
            return Status(**values | {"notes": tuple(values.get("notes", ()))})
        except (ValueError, TypeError, AttributeError) as error:
            raise TrainingError(f"{self.folder.name}/status.json: is damaged. Give the command again to go on.") from error

    def set_status(self, status: Status) -> None:
        """Replace the status."""
        write_atomically(self.folder / "status.json", json.dumps(asdict(status), indent=1).encode())

    def verify(self) -> None:
        """Check that the stored split is the one that the run was trained under.

        Raises:
            TrainingError: it was altered.
        """
        if hashlib.sha256(self._read("split.json")).hexdigest() != self.status().proof:
            raise TrainingError(f"{self.folder.name}/split.json: was altered after training. Restore it, or train again.")

    def predictions(self) -> Predictions:
        """Read the prediction table.

        Raises:
            TrainingError: the run is not finished, or its table is damaged.
        """
        try:
            found = Predictions(pd.read_parquet(io.BytesIO(self._read("predictions.parquet"))))
        except (OSError, ValueError) as error:
            raise TrainingError(f"{self.folder.name}/predictions.parquet: is damaged. Delete it and train again.") from error
        if found.frame.empty:
            raise TrainingError(f"{self.folder.name}/predictions.parquet: has no rows. Delete it and train again.")
        return found

    def locked(self) -> AbstractContextManager[None]:
        """Hold the run for this process; the kernel lets go however the process ends.

        Raises:
            TrainingError: another process is at work on it.
        """
        return held(self.folder, "run")

    def _asked(self) -> RunSpec:
        content = self._read("spec.json")
        if is_spec_of(content, "units"):
            raise TrainingError(f"{self.folder.name}: holds a sweep, not a run. Choose another folder, or one of its runs/.")
        return RunSpec.from_json(content)

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            what = "the run is not finished: give the command again" if name == "predictions.parquet" else "this is no run"
            raise TrainingError(f"{self.folder.name}/{name}: cannot be read ({error.strerror}); {what}.") from error
