"""A prediction table as arrays: what metrics, bootstraps and comparisons compute on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from divine.evaluation.table import PERSON, Predictions


class Scores(NamedTuple):
    """One rated item, or the total: what the raters gave and what was predicted; NaN where unknown."""

    name: str
    target: Float[np.ndarray, " n"]
    predicted: Float[np.ndarray, " n"]


class Arrays(NamedTuple):
    """The rows of a table, in its order."""

    target: Int[np.ndarray, " n"]
    """Number of the class; -1 where unknown."""
    predicted: Int[np.ndarray, " n"]
    probability: Float[np.ndarray, "n c"]
    severity: tuple[Scores, ...]
    subject: Int[np.ndarray, " n"]
    """Number of the row's subject."""
    strata: Int[np.ndarray, " s"]
    """Number of each subject's group."""

    @classmethod
    def of(cls, predictions: Predictions) -> Arrays:
        """Read a table."""
        frame, classes = predictions.frame, predictions.classes
        number = {name: place for place, name in enumerate(classes)}
        names = [name for name in ("total", *predictions.items) if f"target_{name}" in frame]
        people = frame.groupby(PERSON, sort=True, observed=True)
        groups = [key[PERSON.index("group")] for key in people.groups]  # type: ignore[index]
        return cls(
            frame["target"].map(number).fillna(-1).to_numpy(int),
            frame["prediction"].map(number).fillna(-1).to_numpy(int),
            frame[[f"probability_{name}" for name in classes]].to_numpy(float),
            tuple(Scores(n, frame[f"target_{n}"].to_numpy(float), frame[f"predicted_{n}"].to_numpy(float)) for n in names),
            people.ngroup().to_numpy(int),
            np.unique(np.array(groups, dtype=str), return_inverse=True)[1],
        )
