"""Attention and gates over a whole cohort: what every clip has of each, by diagnosis and by severity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from divine.data.tnf_names import is_healthy
from divine.explain.held_out import Place, Said
from divine.explain.reference import EVERYBODY, GROUP, HEALTHY, LEVEL, quartiles
from divine.records import Modality

Kind = Literal["attention", "gate"]


class Group(NamedTuple):
    """Clips that share a diagnosis or a level of severity."""

    id: str
    title: str
    members: tuple[int, ...]
    """Places among the clips."""
    subjects: int


class Spread(NamedTuple):
    """One number over the clips of a group."""

    group: str
    middle: float | None
    """Median; None where no clip of the group has this number."""
    quartiles: tuple[float, float, float] | None
    """None where fewer than five clips have this number."""


@dataclass(frozen=True, eq=False)
class Number:
    """One token's attention, or one modality's gate, over a cohort."""

    kind: Kind
    name: str
    values: Float[np.ndarray, " n"]
    """One per clip; NaN where a clip has no such number."""
    spreads: tuple[Spread, ...]
    """One per group."""


@dataclass(frozen=True, eq=False)
class Groups:
    """What a run says of its tested clips, divided into groups. A clip is in its diagnosis' group and in its level's."""

    places: tuple[Place, ...]
    tasks: tuple[str, ...]
    """Of each clip."""
    groups: tuple[Group, ...]
    numbers: tuple[Number, ...]


def by_group(clips: Sequence[tuple[Place, Said]], tokens: Sequence[str], levels: Sequence[str]) -> Groups:
    """Divide clips into healthy controls, each other diagnosis, each level of severity, and everybody.

    Args:
        clips: what is said of each, given everything that it has.
        tokens: names of the symptom tokens, in the order of ``Said.attention``.
        levels: of severity, the mildest first.
    """
    groups = divide(clips, levels)
    modalities: dict[Modality, None] = {name: None for _, said in clips for name in said.gates}
    attention = np.array([said.attention for _, said in clips]).reshape(len(clips), len(tokens))
    numbers = [_number("attention", name, attention[:, column], groups) for column, name in enumerate(tokens)]
    for name in sorted(modalities, reverse=True):
        gates = np.array([said.gates.get(name, np.nan) for _, said in clips], dtype=float)
        numbers.append(_number("gate", name, gates, groups))
    tasks = tuple(said.task for _, said in clips)
    return Groups(tuple(place for place, _ in clips), tasks, groups, tuple(numbers))


def _number(kind: Kind, name: str, values: Float[np.ndarray, " n"], groups: Sequence[Group]) -> Number:
    return Number(kind, name, values, tuple(_spread(one, values) for one in groups))


def _spread(group: Group, values: Float[np.ndarray, " n"]) -> Spread:
    known = values[list(group.members)]
    known = known[np.isfinite(known)]
    return Spread(group.id, float(np.median(known)) if len(known) else None, quartiles(known))


def divide(clips: Sequence[tuple[Place, Said]], levels: Sequence[str]) -> tuple[Group, ...]:
    """Return the groups that have anybody: healthy controls, each other diagnosis, each level of severity, everybody."""
    diagnoses = dict.fromkeys(place.person.group for place, _ in clips)
    wanted = [(HEALTHY, "healthy controls", [is_healthy(place.person.group) for place, _ in clips])]
    wanted += [
        (GROUP + name, name, [place.person.group == name for place, _ in clips]) for name in diagnoses if not is_healthy(name)
    ]
    wanted += [(LEVEL + name, f"rated {name}", [said.level == name for _, said in clips]) for name in levels]
    wanted += [(EVERYBODY, "everybody", [True] * len(clips))]
    found = []
    for group_id, title, inside in wanted:
        members = tuple(number for number, there in enumerate(inside) if there)
        if members:
            found.append(Group(group_id, title, members, len({clips[number][0].person for number in members})))
    return tuple(found)
