"""The members of a run as one judge: each answers with its own standardisation, and what they say is averaged."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from divine.records import Prediction
from divine.training.errors import TrainingError
from divine.training.run import Run
from divine.training.spec import kind_of


def members_of(run: Run) -> tuple[Path, ...]:
    """Return the folders of a finished run's checkpoints, all of them.

    Raises:
        TrainingError: the run is not finished, its system keeps no checkpoints, or members of it are missing.
    """
    spec, status = run.spec(), run.status()
    if kind_of(spec.system).architecture is None:
        raise TrainingError(f"{run.folder.name}: {spec.system} keeps no checkpoints, so it cannot judge anybody else.")
    if status.state != "done":
        raise TrainingError(f"{run.folder.name}: is not finished ({status.done} of {status.total} members). Train it first.")
    places = tuple(one.parent for one in sorted(run.folder.glob("members/f*s*/config.json")))
    if not places:
        raise TrainingError(f"{run.folder.name}: its members' checkpoints are not here. Train a run of your own.")
    if len(places) < status.total:  # the rest would be another ensemble than the one that the run's own results are of
        raise TrainingError(
            f"{run.folder.name}: {status.total - len(places)} of its {status.total} members are missing. "
            "Restore their folders, or delete what is left of them and give the command that trained the run again."
        )
    return places


@dataclass(frozen=True, eq=False)
class Sum:
    """Predictions of one clip by several members, added up."""

    like: Prediction
    numbers: Mapping[str, np.ndarray]
    """Every array that a prediction holds, by the name of its field."""
    gates: np.ndarray

    @classmethod
    def of(cls, one: Prediction) -> Sum:
        """Begin with one prediction."""
        arrays = {name: getattr(one, name) for name in ("probabilities", "item_scores", "level_probabilities", "attention")}
        known = {name: values for name, values in arrays.items() if values is not None}
        return cls(one, known, np.array(list(one.gates.values()), dtype=float))

    def plus(self, one: Prediction) -> Sum:
        """Add another of the same clip and setting."""
        other = Sum.of(one)
        added = {name: values + other.numbers[name] for name, values in self.numbers.items()}
        return Sum(self.like, added, self.gates + other.gates)

    def mean(self, count: int) -> Prediction:
        """Return the mean of ``count`` predictions."""
        gates = dict(zip(self.like.gates, (self.gates / count).tolist(), strict=True))
        means = {name: values / count for name, values in self.numbers.items()}
        return dataclasses.replace(self.like, gates=gates, **means)
