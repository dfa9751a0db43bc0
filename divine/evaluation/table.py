"""The prediction table: a row per clip × member × modality setting × part. Every metric, test and figure reads only this.

Columns are those of ``predictions.parquet`` (docs/runs.md): who and what (``KEYS``), ``target`` and ``prediction`` (names of
classes), ``probability_<class>``, ``target_level``, ``predicted_level``, ``target_total``, ``predicted_total``,
``target_<item>``, ``predicted_<item>``, ``gate_<modality>``, ``attention_<token>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from divine.records import DivineError

KEYS = (
    *("dataset", "group", "subject", "clip", "task", "part", "fold", "seed"),
    *("system", "objective", "encoders", "modalities"),
)
PERSON = ["dataset", "group", "subject"]
"""What tells one subject from another."""
_NOT_ITEMS = {"level", "total"}


class TableError(DivineError):
    """A prediction table lacks what evaluation needs."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """A prediction table with the names that its columns carry."""

    frame: pd.DataFrame

    def __post_init__(self) -> None:
        """Check that the columns that every table has are there.

        Raises:
            TableError: a column is missing.
        """
        missing = [name for name in (*KEYS, "target", "prediction") if name not in self.frame.columns]
        if missing:
            raise TableError(f"the prediction table has no column {missing[0]!r}: another version wrote it. Train again.")

    @property
    def classes(self) -> tuple[str, ...]:
        return self._suffixes("probability_")

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(name for name in self._suffixes("predicted_") if name not in _NOT_ITEMS)

    def _suffixes(self, prefix: str) -> tuple[str, ...]:
        return tuple(str(name).removeprefix(prefix) for name in self.frame.columns if str(name).startswith(prefix))

    def where(self, **equal: Any) -> Predictions:
        """Return the rows in which each named column has the given value."""
        keep = np.logical_and.reduce([self.frame[name] == value for name, value in equal.items()])
        return Predictions(self.frame[keep])

    def by_subject(self) -> Predictions:
        """Average probabilities and scores over the clips of each subject, within each member and setting.

        The diagnosis is the class of highest mean probability; a score that no clip has stays NaN.
        """
        keys = [name for name in KEYS if name not in ("clip", "task")]
        return self._averaged(keys, {"clip": "", "task": ""})

    def over_seeds(self) -> Predictions:
        """Average the predictions that the members of different seeds made of the same clip."""
        return self._averaged([name for name in KEYS if name not in ("fold", "seed")], {"fold": -1, "seed": -1})

    def _averaged(self, keys: list[str], fixed: dict[str, str | int]) -> Predictions:
        grouped = self.frame.groupby(keys, sort=True, observed=True, dropna=False)
        numbers = [name for name in self.frame.select_dtypes("number").columns if name not in KEYS]
        averaged = grouped[numbers].mean().round(12)  # as ``Arrays`` does: equal probabilities stay equal
        averaged["target"] = grouped["target"].first()
        columns = [f"probability_{name}" for name in self.classes]
        averaged = averaged.reset_index().assign(**fixed)
        averaged["prediction"] = np.array(self.classes)[averaged[columns].to_numpy().argmax(axis=1)]
        return Predictions(averaged)
