"""A prediction table as arrays: what metrics, bootstraps and comparisons compute on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from divine.evaluation.table import PERSON, Predictions

_MEMBER = 100_000
"""More seeds than any run has: fold and seed become one number."""
_DECIMALS = 12
"""Of an average: sums of equal numbers differ in the last bit with how many they are, and ranks would tell them apart."""


class Scores(NamedTuple):
    """One rated item, or the total: what the raters gave and what was predicted; NaN where unknown."""

    name: str
    target: Float[np.ndarray, " n"]
    predicted: Float[np.ndarray, " n"]


class Arrays(NamedTuple):
    """Rows of one system in one setting, in the table's order."""

    target: Int[np.ndarray, " n"]
    """Number of the class; -1 where unknown."""
    predicted: Int[np.ndarray, " n"]
    probability: Float[np.ndarray, "n c"]
    severity: tuple[Scores, ...]
    clip: Int[np.ndarray, " n"]
    """Number of the row's recording."""
    subject: Int[np.ndarray, " n"]
    """Number of the row's subject, in the order of dataset, group and id."""
    member: Int[np.ndarray, " n"]
    """Which fold and seed: the same number in every table."""
    strata: Int[np.ndarray, " s"]
    """Number of each subject's group."""

    @classmethod
    def of(cls, predictions: Predictions) -> Arrays:
        """Read a table."""
        frame, classes = predictions.frame, predictions.classes
        number = {name: place for place, name in enumerate(classes)}
        names = [name for name in ("total", *predictions.items) if f"target_{name}" in frame]
        subject = frame.groupby(PERSON, sort=True, observed=True).ngroup().to_numpy(int)
        _, first = np.unique(subject, return_index=True)
        return cls(
            target=frame["target"].map(number).fillna(-1).to_numpy(int),
            predicted=frame["prediction"].map(number).fillna(-1).to_numpy(int),
            probability=frame[[f"probability_{name}" for name in classes]].to_numpy(float),
            severity=tuple(
                Scores(one, frame[f"target_{one}"].to_numpy(float), frame[f"predicted_{one}"].to_numpy(float)) for one in names
            ),
            clip=frame.groupby([*PERSON, "clip"], sort=True, observed=True).ngroup().to_numpy(int),
            subject=subject,
            member=frame["fold"].to_numpy(int) * _MEMBER + frame["seed"].to_numpy(int),
            strata=np.unique(frame["group"].to_numpy(str)[first], return_inverse=True)[1],
        )

    @property
    def seed(self) -> Int[np.ndarray, " n"]:
        """Which seed, whatever the fold."""
        return self.member % _MEMBER

    @property
    def one_subject_each(self) -> bool:
        """Whether every member tests one subject, as where each fold leaves one out."""
        pairs = np.unique(np.stack([self.member, self.subject]), axis=1)
        return pairs.shape[1] == len(np.unique(self.member))

    def rows(self, index: Int[np.ndarray, " m"] | Bool[np.ndarray, " n"]) -> Arrays:
        """Return some rows; clips and subjects keep their numbers."""
        return Arrays(
            self.target[index],
            self.predicted[index],
            self.probability[index],
            tuple(Scores(one.name, one.target[index], one.predicted[index]) for one in self.severity),
            self.clip[index],
            self.subject[index],
            self.member[index],
            self.strata,
        )

    def over_members(self) -> Arrays:
        """Average what the members said of each clip (a member of every seed tests it)."""
        return self._averaged(self.clip)._replace(member=np.zeros(len(np.unique(self.clip)), dtype=np.int64))

    def by_subject(self) -> Arrays:
        """Average each member's answers over the clips of each subject."""
        _, member = np.unique(self.member, return_inverse=True)
        return self._averaged(self.subject * (member.max(initial=0) + 1) + member)

    def _averaged(self, key: Int[np.ndarray, " n"]) -> Arrays:
        """Average rows that share a key: the diagnosis is that of highest mean probability, unknown scores are left out.

        Averages are rounded to 12 decimals, so that what is equal before it is averaged is equal after.
        """
        _, first, group = np.unique(key, return_index=True, return_inverse=True)

        def mean(values: np.ndarray) -> np.ndarray:
            known = np.isfinite(values)
            count = np.bincount(group, known, minlength=len(first))
            total = np.bincount(group, np.where(known, values, 0.0), minlength=len(first))
            return np.divide(total, count, out=np.full(len(first), np.nan), where=count > 0).round(_DECIMALS)

        found = self.rows(first)
        probability = np.stack([mean(column) for column in self.probability.T], axis=1)
        severity = tuple(Scores(one.name, mean(one.target), mean(one.predicted)) for one in self.severity)
        return found._replace(probability=probability, predicted=probability.argmax(axis=1), severity=severity)
