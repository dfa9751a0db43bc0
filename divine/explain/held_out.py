"""What a run says of clips whose subjects it never saw: the test part of its prediction table, averaged over seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from jaxtyping import Float

from divine.data.schema import ClipEntry, Subject
from divine.evaluation.table import Predictions
from divine.explain.errors import ExplainError
from divine.explain.removal import Answer
from divine.records import Modality

ALL = "audio+video"
_CLIP = ["dataset", "group", "subject", "clip"]


class Said(NamedTuple):
    """What was said of one clip with everything the run may use of it."""

    task: str
    target: str
    prediction: str
    probabilities: Float[np.ndarray, " c"]
    scores: Float[np.ndarray, " k"] | None
    """Expected score per rated item; None in a run without ratings."""
    level: str | None
    """True severity level of the clip; None where it has none."""
    attention: Float[np.ndarray, " s"]
    gates: dict[Modality, float]
    """Of the modalities that the clip has."""

    @property
    def total(self) -> float | None:
        return None if self.scores is None else float(self.scores.sum())


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions of a run's own system for its test clips, one row per clip and modality setting."""

    frame: pd.DataFrame
    """Indexed by dataset, group, subject, clip and modalities; sorted."""
    classes: tuple[str, ...]
    items: tuple[str, ...]
    tokens: tuple[str, ...]
    seeds: int

    @property
    def full(self) -> str:
        """The setting with the most modalities that the run was tested in."""
        return max(self.frame.index.unique("modalities"), key=lambda name: (name.count("+"), name))

    def of(self, clip: ClipEntry) -> Said:
        """Return what is said of a clip.

        Raises:
            ExplainError: the run has no test prediction of it.
        """
        row = self._row(clip, self.full)
        if row is None:
            raise ExplainError(f"{clip.name}: this run tested no such clip. Choose a run of this cohort and this task.")
        return self._said(row, self.modalities(clip))

    def everybody(self) -> list[tuple[Subject, Said]]:
        """Return what is said of every clip, with whose it is."""
        rows = self.frame.xs(self.full, level="modalities")
        alone = {m: self._clips_with(m) for m in _parts(self.full)}
        return [
            (Subject(*key[:3]), self._said(row, tuple(m for m in alone if key in alone[m])))
            for key, row in zip(rows.index.to_list(), rows.to_dict("records"), strict=True)
        ]

    def modalities(self, clip: ClipEntry) -> tuple[Modality, ...]:
        """Return those modalities of a clip that the run could use."""
        return tuple(m for m in _parts(self.full) if self._row(clip, m) is not None)

    def answers(self, clip: ClipEntry) -> list[Answer]:
        """Return the answers with every non-empty subset of the clip's modalities, each asked of the model itself."""
        alone = self.modalities(clip)
        settings = {frozenset(alone): self.full} | {frozenset([m]): m for m in alone}
        found: list[Answer] = []
        for subset, setting in settings.items():
            row = self._row(clip, setting)
            if row is not None:
                said = self._said(row, tuple(sorted(subset)))
                found.append(Answer(subset, said.probabilities, said.total))
        return found

    def _clips_with(self, setting: str) -> set[tuple[Any, ...]]:
        names = self.frame.index.get_level_values("modalities") == setting
        return set(self.frame.index[names].droplevel("modalities").to_list())

    def _row(self, clip: ClipEntry, setting: str) -> dict[str, Any] | None:
        key = (clip.dataset, clip.group, clip.subject, clip.name, setting)
        return cast("dict[str, Any]", self.frame.loc[key].to_dict()) if key in self.frame.index else None

    def _said(self, row: dict[Any, Any], modalities: tuple[Modality, ...]) -> Said:
        def numbers(prefix: str, names: tuple[str, ...]) -> np.ndarray:
            return np.array([row[f"{prefix}_{name}"] for name in names], dtype=float)

        return Said(
            task=str(row["task"]),
            target=str(row["target"]),
            prediction=str(row["prediction"]),
            probabilities=numbers("probability", self.classes),
            scores=numbers("predicted", self.items) if self.items else None,
            level=row["target_level"] if isinstance(row["target_level"], str) else None,
            attention=numbers("attention", self.tokens),
            gates={m: float(row[f"gate_{m}"]) for m in modalities if f"gate_{m}" in row},
        )


def held_out(predictions: Predictions, system: str) -> HeldOut:
    """Average a run's test predictions of ``system`` over its seeds.

    Raises:
        ExplainError: it holds none.
    """
    tested = predictions.where(part="test", system=system)
    if tested.frame.empty:
        raise ExplainError(f"the run holds no test prediction of {system}: train it again.")
    averaged = tested.over_seeds().frame
    if "target_level" in tested.frame.columns:
        level = tested.frame.groupby(_CLIP, observed=True)["target_level"].first()
        averaged = averaged.merge(level.reset_index(), on=_CLIP, how="left")
    else:
        averaged = averaged.assign(target_level=None)
    tokens = tuple(str(name).removeprefix("attention_") for name in averaged.columns if str(name).startswith("attention_"))
    return HeldOut(
        frame=averaged.set_index([*_CLIP, "modalities"]).sort_index(),
        classes=predictions.classes,
        items=predictions.items,
        tokens=tokens,
        seeds=int(tested.frame["seed"].nunique()),
    )


def _parts(setting: str) -> tuple[Modality, ...]:
    return cast("tuple[Modality, ...]", tuple(setting.split("+")))
