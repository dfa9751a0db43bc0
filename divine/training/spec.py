"""What a run is asked to do: everything that its results follow from, as JSON in its folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from divine.data.schema import ClipEntry, Folds, Index
from divine.evaluation.unit import Objective, Setting, TaskSet
from divine.measures import SPEECH_TASKS
from divine.models.codec import from_json, to_json
from divine.models.config import DivineConfig, Precision
from divine.models.errors import ModelError
from divine.training.config import TrainingConfig
from divine.training.errors import TrainingError

Engine = Literal["auto", "members", "stacked"]
"""How members train: one by one, or as one stack; ``auto`` stacks on a GPU. Results agree within run-to-run noise."""
VERSION = 1
CLASSICAL = ("logistic", "random-forest", "svm")
WIDE = 256
"""Features wider than this get the model at its published size, narrower ones the small preset."""


def _loss(config: DivineConfig, **changes: bool | float) -> DivineConfig:
    return dataclasses.replace(config, loss=dataclasses.replace(config.loss, **changes))


class Kind(NamedTuple):
    """What a system is: an architecture, and what its config changes."""

    architecture: str | None
    """Of ``divine.models.systems``; None for what is refitted from its spec and seed (``divine.training.baselines``)."""
    change: Callable[[DivineConfig], DivineConfig] = lambda config: config
    single: bool = False
    """Whether it reads one encoder alone."""


SYSTEMS: dict[str, Kind] = {
    "divine": Kind("divine"),
    "divine-no-cycle": Kind("divine", lambda config: _loss(config, cycle=False)),
    "divine-no-sparse": Kind("divine", lambda config: dataclasses.replace(_loss(config, sparse=False), gates="ones")),
    "divine-no-token": Kind("divine", lambda config: _loss(config, token=False)),
    "flat": Kind("flat"),
    "single-level": Kind("single-level"),
    "concat": Kind("concat"),
    "fcn": Kind("fcn", single=True),
    "cnn": Kind("cnn", single=True),
    **{name: Kind(None) for name in (*CLASSICAL, "majority", "age-sex")},
}
"""Every system by name."""

OBJECTIVES: dict[Objective, Callable[[DivineConfig], DivineConfig]] = {
    "C": lambda config: _loss(config, alpha=0.0),
    "R": lambda config: _loss(config, diagnosis=0.0),
    "M": lambda config: config,
}
"""Diagnosis, severity, both."""


@dataclass(frozen=True)
class RunSpec:
    """One system on one cohort under one protocol."""

    data: str
    encoders: str
    config: DivineConfig
    """Of the system under its objective."""
    system: str = "divine"
    objective: Objective = "M"
    tasks: TaskSet = "all"
    folds: Folds = 5
    seeds: int = 5
    baselines: tuple[str, ...] = ()
    training: TrainingConfig = TrainingConfig()
    frame_base: int = 1
    train_modalities: Setting = field(default="audio+video", metadata={"before": "audio+video"})
    """What training, validation and test are given; the other modality is removed from all three."""

    precision: Precision = field(default="float32", metadata={"before": "float32"})
    """Of the matrix products in training; what is trained judges in float32."""

    def __post_init__(self) -> None:
        """Refuse what cannot be carried out.

        Raises:
            TrainingError: there is no such system, or it reads one encoder and two are given.
        """
        kind = kind_of(self.system)
        if kind.single and "+" in self.encoders and self.train_modalities == "audio+video":
            raise TrainingError(f"{self.system} reads one encoder: give one of {self.encoders} alone, or choose concat.")

    def to_json(self) -> bytes:
        """Write the spec in one fixed form."""
        return json.dumps({"version": VERSION} | to_json(self), indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> RunSpec:
        """Read a spec back.

        Raises:
            TrainingError: it is damaged, or of another version.
        """
        try:
            values = json.loads(content)
            if values.pop("version") != VERSION:
                raise TrainingError("spec.json: written by another version. Start a new run.")
            return from_json(cls, values, "spec.json")
        except (ValueError, KeyError, AttributeError, ModelError) as error:
            raise TrainingError(f"spec.json: is damaged ({error}). Start a new run.") from error


def kind_of(system: str) -> Kind:
    """Return what a system is.

    Raises:
        TrainingError: there is no such system.
    """
    if system not in SYSTEMS:
        raise TrainingError(f"{system}: no such system. Choose one of {', '.join(SYSTEMS)}.")
    return SYSTEMS[system]


def configure(system: str, objective: Objective, widest: int) -> DivineConfig:
    """Return the model of a system for features of some width.

    Raises:
        TrainingError: there is no such system or objective.
    """
    kind = kind_of(system)
    if objective not in get_args(Objective):
        raise TrainingError(f"{objective}: no such objective. Choose C (diagnosis), R (severity) or M (both).")
    size = DivineConfig() if widest > WIDE else DivineConfig.small()
    return OBJECTIVES[objective](kind.change(size))


def in_task_set(clip: ClipEntry, tasks: TaskSet) -> bool:
    """Say whether a clip belongs to a task set; clips of unknown tasks belong to ``all`` only."""
    if tasks == "all":
        return True
    return clip.task in SPEECH_TASKS if tasks == "speech" else clip.task.startswith("NSM_")


def restrict(index: Index, tasks: TaskSet) -> Index:
    """Return the index of the clips of a task set.

    Raises:
        TrainingError: no clip belongs to it.
    """
    clips = tuple(clip for clip in index.clips if in_task_set(clip, tasks))
    if not clips:
        raise TrainingError(f"no clip of the cohort belongs to the task set {tasks!r}: choose another.")
    groups = tuple(group for group in index.groups if any(clip.group == group for clip in clips))
    return dataclasses.replace(index, clips=clips, groups=groups)
