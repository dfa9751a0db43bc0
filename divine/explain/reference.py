"""A number behind which stands a group: attention and gates of one clip among those of other people doing the same task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from divine.data.schema import Subject
from divine.explain.held_out import Said
from divine.records import Modality

HEALTHY, EVERYBODY = "healthy", "everybody"
GROUP, LEVEL = "group:", "level:"
LEAST = 5
"""Fewer people are no distribution to speak of: their values are shown, and no share of them is named."""


class Choice(NamedTuple):
    """A group of other people's clips of the same task."""

    id: str
    title: str
    clips: int
    subjects: int


class Typical(NamedTuple):
    """The middle of a group: medians over its clips."""

    choice: Choice
    attention: Float[np.ndarray, " s"]
    gates: dict[Modality, float]
    """Each over the clips that have the modality."""


def quartiles(values: Float[np.ndarray, " n"]) -> tuple[float, float, float] | None:
    """Return lower quartile, median and upper quartile; None of fewer than five values."""
    if len(values) < LEAST:
        return None
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(low), float(middle), float(high)


@dataclass(frozen=True, eq=False)
class Placed:
    """A value among those of a reference group."""

    name: str
    value: float
    others: Float[np.ndarray, " n"]
    """Ascending."""

    @property
    def below(self) -> int:
        """How many of the others are lower."""
        return int(np.searchsorted(self.others, self.value, side="left"))

    @property
    def quartiles(self) -> tuple[float, float, float] | None:
        """Lower quartile, median and upper quartile of the others; None where they are fewer than five."""
        return quartiles(self.others)


class Others:
    """What a run says of everybody else who did a task."""

    def __init__(self, everybody: Sequence[tuple[Subject, Said]], task: str, but: Subject, healthy: Sequence[str]) -> None:
        """Keep those who did ``task``, without ``but``; ``healthy`` are the groups of healthy controls."""
        self._rows = [(person, said) for person, said in everybody if said.task == task and person != but]
        self._healthy = frozenset(healthy)

    def choices(self, groups: Sequence[str], levels: Sequence[str]) -> tuple[Choice, ...]:
        """List the groups that have anybody: healthy controls, everybody, each diagnosis, each level of severity."""
        wanted = [(HEALTHY, "healthy controls"), (EVERYBODY, "everybody else")]
        wanted += [(GROUP + name, f"others with {name}") for name in groups if name not in self._healthy]
        wanted += [(LEVEL + name, f"others rated {name}") for name in levels]
        found = []
        for name, title in wanted:
            rows = self.rows(name)
            if rows:
                found.append(Choice(name, title, len(rows), len({person for person, _ in rows})))
        return tuple(found)

    def rows(self, choice: str) -> list[tuple[Subject, Said]]:
        """Return the clips of a group; nothing for a group that does not exist."""
        return [(person, said) for person, said in self._rows if self._is_in(person, said, choice)]

    def _is_in(self, person: Subject, said: Said, choice: str) -> bool:
        if choice == EVERYBODY:
            return True
        if choice == HEALTHY:
            return person.group in self._healthy
        if choice.startswith(LEVEL):
            return said.level == choice.removeprefix(LEVEL)
        return person.group == choice.removeprefix(GROUP)


def typical(choice: Choice, others: Sequence[Said]) -> Typical:
    """Return the medians of a group that has anybody."""
    names: dict[Modality, None] = {name: None for one in others for name in one.gates}
    gates: dict[Modality, list[float]] = {name: [one.gates[name] for one in others if name in one.gates] for name in names}
    middle = np.median([one.attention for one in others], axis=0)
    return Typical(choice, middle, {name: float(np.median(values)) for name, values in gates.items()})


def place_attention(said: Said, tokens: Sequence[str], others: Sequence[Said]) -> tuple[Placed, ...]:
    """Place the attention to each token among that of the others."""
    table = np.array([one.attention for one in others]).reshape(len(others), len(tokens))
    return tuple(Placed(name, float(said.attention[column]), np.sort(table[:, column])) for column, name in enumerate(tokens))


def place_gates(said: Said, others: Sequence[Said]) -> dict[Modality, Placed]:
    """Place each gate of the clip among those of the others who have that modality."""
    return {
        name: Placed(name, value, np.sort(np.array([one.gates[name] for one in others if name in one.gates], dtype=float)))
        for name, value in said.gates.items()
    }
