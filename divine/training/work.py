"""What every member of a run shares, and which clips stand on which side of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from divine.data.ratings import raters_mean, scores
from divine.data.schema import Index, Part
from divine.data.splits import Fold
from divine.features.batches import Pair
from divine.features.pack import Pack
from divine.records import Modality
from divine.training.severity import Cutoffs
from divine.training.spec import RunSpec

SETTINGS: tuple[tuple[Modality, ...], ...] = (("audio", "video"), ("video",), ("audio",))
"""Modalities at test time."""
JUDGED: tuple[Part, ...] = ("test", "validation")


class Choice(NamedTuple):
    """What tuning chose for one set of modalities."""

    modalities: str
    diagnosis: Any
    severity: Any


class Judged(NamedTuple):
    """The rows of one member that was refitted, and what tuning chose."""

    table: pd.DataFrame
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Work:
    """The cohort as a run sees it."""

    run: Path
    spec: RunSpec
    index: Index
    """Restricted to the run's task set."""
    pack: Pack
    """Restricted to the modalities that the run trains with."""
    cutoffs: Cutoffs | None

    @property
    def pair(self) -> Pair:
        return Pair.parse(self.spec.encoders, {name: m for clip in self.index.clips for m, name in clip.features})


def rows_of(work: Work, fold: Fold, part: Part) -> Int[np.ndarray, " n"]:
    """Return the clips of a part that have features: the others have nothing to train on or to judge."""
    usable = np.asarray(work.pack.present().any(axis=1))
    people = set(getattr(fold, part))
    return np.array([row for row, clip in enumerate(work.index.clips) if usable[row] and clip.person in people], dtype=np.int64)


def mean_ratings(work: Work) -> Float[np.ndarray, "n k"]:
    """Return each clip's scores, the mean of its raters; NaN where there are none."""
    return raters_mean(scores(work.index))
