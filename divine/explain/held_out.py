"""What a run says of clips whose subjects it never saw: the test part of its prediction table, averaged over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from divine.data.schema import ClipEntry, Subject
from divine.evaluation.table import Predictions
from divine.explain.errors import ExplainError
from divine.explain.removal import Answer
from divine.records import Modality


class Said(NamedTuple):
    """What was said of one clip, given some of its modalities."""

    task: str
    modalities: tuple[Modality, ...]
    """That were given."""
    prediction: str
    probabilities: Float[np.ndarray, " c"]
    scores: Float[np.ndarray, " k"] | None
    """Expected score per rated item; None in a run without ratings."""
    level: str | None
    """True severity level of the clip; None where it has none."""
    attention: Float[np.ndarray, " s"]
    """Empty for a system without symptom tokens."""
    gates: Mapping[Modality, float]
    """Of the modalities that were given; empty for a system without gates."""

    @property
    def total(self) -> float | None:
        return None if self.scores is None else float(self.scores.sum())


class Place(NamedTuple):
    """Which clip."""

    person: Subject
    clip: str


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Test predictions of a run's own system."""

    classes: tuple[str, ...]
    items: tuple[str, ...]
    tokens: tuple[str, ...]
    seeds: int
    said: Mapping[Place, Mapping[frozenset[Modality], Said]]
    """Per clip, what was said given each subset of the modalities that it has."""

    def of(self, clip: ClipEntry) -> Said:
        """Return what is said of a clip given everything that it has.

        Raises:
            ExplainError: the run has no test prediction of it.
        """
        return _fullest(self._settings(clip))

    def find(self, clip: ClipEntry) -> Said | None:
        """Return what is said of a clip given everything that it has; None where the run did not test it."""
        settings = self.said.get(Place(clip.person, clip.name))
        return None if settings is None else _fullest(settings)

    def answers(self, clip: ClipEntry) -> list[Answer]:
        """Return the answers with every non-empty subset of the clip's modalities, each asked of the model itself."""
        return [Answer(subset, said.probabilities, said.total) for subset, said in self._settings(clip).items()]

    def everybody(self) -> list[tuple[Subject, Said]]:
        """Return what is said of every clip given everything that it has, with whose it is."""
        return [(place.person, said) for place, said in self.clips()]

    def clips(self) -> list[tuple[Place, Said]]:
        """Return what is said of every clip given everything that it has, with which clip it is."""
        return [(place, _fullest(settings)) for place, settings in self.said.items()]

    def _settings(self, clip: ClipEntry) -> Mapping[frozenset[Modality], Said]:
        found = self.said.get(Place(clip.person, clip.name))
        if found is None:
            raise ExplainError(f"{clip.name}: this run tested no such clip. Choose a run of this cohort and of this task.")
        return found


def held_out(predictions: Predictions, system: str) -> HeldOut:
    """Average a run's test predictions of ``system`` over its seeds.

    Raises:
        ExplainError: it holds none.
    """
    tested = predictions.where(part="test", system=system)
    if tested.frame.empty:
        raise ExplainError(f"the run holds no test prediction of {system}: train it again.")
    # Systems without tokens, gates or scores share the table's columns with those that have them.
    there = {str(name) for name in tested.frame.columns if tested.frame[name].notna().any()}
    tokens = tuple(str(name).removeprefix("attention_") for name in tested.frame.columns if str(name).startswith("attention_"))
    tokens = tuple(name for name in tokens if f"attention_{name}" in there)
    items = predictions.items if {f"predicted_{name}" for name in predictions.items} <= there else ()
    rows = tested.over_seeds().frame.to_dict(orient="records")
    levels = _levels(tested)
    settings: dict[Place, dict[frozenset[Modality], dict[Any, Any]]] = {}
    for row in rows:
        given = frozenset[Modality](m for m in get_args(Modality) if m in str(row["modalities"]).split("+"))
        settings.setdefault(_place(row), {})[given] = row

    def said(place: Place, given: frozenset[Modality], row: dict[Any, Any]) -> Said:
        def numbers(prefix: str, names: tuple[str, ...]) -> np.ndarray:
            return np.array([row[f"{prefix}_{name}"] for name in names], dtype=float)

        return Said(
            task=str(row["task"]),
            modalities=tuple(sorted(given)),
            prediction=str(row["prediction"]),
            probabilities=numbers("probability", predictions.classes),
            scores=numbers("predicted", items) if items else None,
            level=levels.get(place),
            attention=numbers("attention", tokens),
            gates={m: float(row[f"gate_{m}"]) for m in sorted(given, reverse=True) if f"gate_{m}" in there},
        )

    return HeldOut(
        classes=predictions.classes,
        items=items,
        tokens=tokens,
        seeds=int(tested.frame["seed"].nunique()),
        said={
            place: {given: said(place, given, row) for given, row in _usable(found).items()}
            for place, found in settings.items()
        },
    )


def _usable(found: dict[frozenset[Modality], dict[Any, Any]]) -> dict[frozenset[Modality], dict[Any, Any]]:
    """Name each setting by what the clip has of it: of two modalities asked for, a clip may have one.

    A run writes a row for every setting in which the clip has at least one modality, so a modality that the clip lacks has no
    row of its own.
    """
    fullest = max(found, key=len)
    has = frozenset[Modality](m for m in fullest if frozenset[Modality]([m]) in found) or fullest
    return {has: found[fullest]} | {given: row for given, row in found.items() if given < has}


def _levels(tested: Predictions) -> dict[Place, str]:
    """Return the true severity level of each clip that has one."""
    if "target_level" not in tested.frame.columns:
        return {}
    rows = tested.frame[["dataset", "group", "subject", "clip", "target_level"]].dropna().drop_duplicates()
    return {_place(row): str(row["target_level"]) for row in rows.to_dict(orient="records")}


def _place(row: dict[Any, Any]) -> Place:
    return Place(Subject(str(row["dataset"]), str(row["group"]), str(row["subject"])), str(row["clip"]))


def _fullest(settings: Mapping[frozenset[Modality], Said]) -> Said:
    return settings[max(settings, key=len)]
