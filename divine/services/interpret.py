"""What a run says of a clip whose subject it never saw, and why: predictions, attention, gates, contributions."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from divine.data.schema import ClipEntry, Index
    from divine.explain.held_out import HeldOut, Said
    from divine.explain.reference import Choice, Placed, Typical
    from divine.explain.removal import Removal


class Reading(NamedTuple):
    """A number with the group behind it, and what it means."""

    placed: Placed
    sentence: str
    where: str
    """The part of the sentence that compares it with the group."""


class TaskSaid(NamedTuple):
    """One task of the subject; ``said`` is None where the run did not test it."""

    entry: ClipEntry
    said: Said | None


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a run says of one clip, beside everything that it says of the subject."""

    classes: tuple[str, ...]
    items: tuple[str, ...]
    seeds: int
    synthetic: bool
    said: Said
    battery: tuple[TaskSaid, ...]
    """Every clip of the subject, in the cohort's order."""
    against: Choice | None
    """The reference group; None where nobody else did this task."""
    choices: tuple[Choice, ...]
    typical: tuple[Typical, ...]
    """The middle of each group, of diagnosis and of severity."""
    attention: tuple[Reading, ...]
    gates: tuple[Reading, ...]
    attention_means: str
    gates_mean: str
    removal: Removal | None
    removal_says: str
    """Whether removal and gates agree; without ``removal``, why there is none."""


def judge(run: Path, index: Index, entry: ClipEntry, *, against: str = "") -> Judgement:
    """Return what a run says of a clip.

    The contribution of each modality comes from the run's own rows: every test clip was judged with both modalities and with
    each alone, by members that never saw its subject, so nothing needs to be asked of the model again.

    Args:
        run: the run's folder.
        index: the cohort that the clip is of.
        entry: the clip.
        against: the reference group by its id; healthy controls by default, where there are any.

    Raises:
        DivineError: the run is not finished, or did not test this clip.
    """
    from divine.explain import words
    from divine.explain.reference import Others, place_attention, place_gates, typical
    from divine.training.severity import LEVELS

    found, synthetic = _held_out(run, (run / "predictions.parquet").stat().st_mtime_ns if _finished(run) else 0)
    said = found.of(entry)
    everybody = found.everybody()
    others = Others(everybody, said.task, entry.person, index.healthy)
    choices = others.choices(index.groups, LEVELS)
    chosen = next((one for one in choices if one.id == against), choices[0] if choices else None)
    reference = [one for _, one in others.rows(chosen.id)] if chosen else []
    title = chosen.title if chosen else "nobody"
    removal, removal_says = _removal(run, index, entry, found)
    return Judgement(
        classes=found.classes,
        items=found.items,
        seeds=found.seeds,
        synthetic=synthetic,
        said=said,
        battery=tuple(TaskSaid(one, found.find(one)) for one in index.of(entry.person)),
        against=chosen,
        choices=choices,
        typical=tuple(typical(one, [said for _, said in others.rows(one.id)]) for one in choices),
        attention=tuple(
            Reading(one, words.attention(one, title), words.among(one, title))
            for one in place_attention(said, found.tokens, reference)
        ),
        gates=tuple(
            Reading(one, words.gate(name, one, title), words.among(one, title))
            for name, one in place_gates(said, reference).items()
        ),
        attention_means=words.ATTENTION_MEANS,
        gates_mean=words.GATES_MEAN,
        removal=removal,
        removal_says=words.compare(said.gates, removal, found.classes) if removal else removal_says,
    )


def _removal(run: Path, index: Index, entry: ClipEntry, found: HeldOut) -> tuple[Removal | None, str]:
    from divine.data.splits import read_split
    from divine.explain.prior import prior
    from divine.explain.removal import removal
    from divine.records import DivineError
    from divine.training.run import Run
    from divine.training.spec import restrict

    place = Run(run)
    try:
        asked = restrict(index, place.spec().tasks)
        split = read_split(place.split_file, asked, proof=place.status().proof)
        return removal([*found.answers(entry), prior(asked, split, entry, found.classes)]), ""
    except DivineError as error:
        return None, str(error)


def _finished(run: Path) -> bool:
    return (run / "predictions.parquet").is_file()


@functools.lru_cache(maxsize=4)
def _held_out(run: Path, changed_ns: int) -> tuple[HeldOut, bool]:
    from divine.explain.held_out import held_out
    from divine.training.run import Run

    place = Run(run)
    return held_out(place.predictions(), place.spec().system), place.status().synthetic
