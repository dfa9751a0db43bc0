"""What one run of a study is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Objective = Literal["C", "R", "M"]
"""What is learned: diagnosis, severity, both."""
TaskSet = Literal["all", "speech", "non-speech"]
Setting = Literal["audio+video", "video", "audio"]
"""What training or test is given."""


@dataclass(frozen=True)
class Unit:
    """One system on one set of encoders: a run of folds × seeds. Equal units are one run, whatever tables ask for it."""

    system: str
    encoders: str
    """One code, or a video and an audio encoder: ``KI+AC``."""
    objective: Objective = "M"
    tasks: TaskSet = "all"
    train_modalities: Setting = "audio+video"
    baselines: tuple[str, ...] = ()
    """Judged in the same run, on the same folds."""

    @property
    def name(self) -> str:
        """Name of its folder."""
        parts = [self.system, self.encoders, self.objective, self.tasks]
        return "-".join(parts if self.train_modalities == "audio+video" else [*parts, f"trained-on-{self.train_modalities}"])

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.encoders.split("+"))
