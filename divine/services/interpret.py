"""What a run says of a clip whose subject it never saw, and why: predictions, attention, gates, contributions."""

from __future__ import annotations

import functools
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from divine.records import LEVELS

if TYPE_CHECKING:
    from divine.data.schema import ClipEntry, Index
    from divine.explain.gate_removal import GateRemoval
    from divine.explain.groups import Groups
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


@dataclass(frozen=True, eq=False)
class Overview:
    """Attention and gates over the tested clips of a run, all of them or those of one task."""

    tasks: tuple[tuple[str, int], ...]
    """Every task that was tested, with its number of clips."""
    tested: int
    groups: Groups
    against: str
    """Id of the reference group."""
    where: tuple[tuple[str, ...], ...]
    """Per number and group: below, within or above the middle half of the reference group; empty where that is not known."""
    sentences: tuple[str, ...]
    """Per number: which groups leave it."""
    attention_means: str
    gates_mean: str


def overview(run: Path, *, task: str = "", against: str = "") -> Overview:
    """Return what a run looked at over its whole cohort, by diagnosis and by severity.

    Args:
        run: the run's folder.
        task: only its clips; all by default, and where the run tested none of it.
        against: the reference group by its id; healthy controls by default, where there are any.

    Raises:
        DivineError: the run is not finished.
    """
    from divine.explain import words
    from divine.explain.groups import by_group
    from divine.explain.reference import EVERYBODY

    found, _ = _held_out(run, (run / "predictions.parquet").stat().st_mtime_ns if _finished(run) else 0)
    clips = found.clips()
    tasks = Counter(said.task for _, said in clips)
    chosen = [one for one in clips if one[1].task == task] if task in tasks else clips
    groups = by_group(chosen, found.tokens, LEVELS)
    ids = [one.id for one in groups.groups]
    reference = ids.index(against) if against in ids else 0
    titles = [one.title for one in groups.groups]
    where, sentences = [], []
    for number in groups.numbers:
        behind = number.spreads[reference].quartiles
        places = [words.beside(one.middle, behind) for one in number.spreads]
        others = {
            title: place
            for title, place, key in zip(titles, places, ids, strict=True)
            if key not in (ids[reference], EVERYBODY)
        }
        known = sum(math.isfinite(number.values[one]) for one in groups.groups[reference].members)
        where.append(tuple(places))
        middles = [one.middle for one in number.spreads if one.middle is not None]
        sentences.append(words.apart(others, titles[reference], known, words.span(number.kind, min(middles), max(middles))))
    return Overview(
        tuple(sorted(tasks.items())),
        len(clips),
        groups,
        ids[reference],
        tuple(where),
        tuple(sentences),
        words.ATTENTION_MEANS,
        words.GATES_MEAN,
    )


class Followed(NamedTuple):
    """Gates beside exact removal over the tested clips of a run."""

    found: GateRemoval
    sentences: tuple[str, ...]
    """Per modality: whether its gate follows what removing it does."""
    why: str
    """Why there is nothing to see; empty where there is."""


def gates_beside_removal(run: Path, *, task: str = "") -> Followed:
    """Return what a run's gates say beside what taking each modality away does to the probability of the true diagnosis.

    Every subset of the modalities was asked of the model itself; the answer to nothing is the run's ``majority`` baseline, and
    is unknown in a run that was trained without one.

    Args:
        run: the run's folder.
        task: only its clips; all by default, and where the run tested none of it.

    Raises:
        DivineError: the run is not finished.
    """
    from divine.explain import words
    from divine.explain.gate_removal import gate_removal
    from divine.training.run import Run

    changed_ns = (run / "predictions.parquet").stat().st_mtime_ns if _finished(run) else 0
    diagnoses = Run(run).spec().objective != "R"
    heard, _ = _held_out(run, changed_ns)
    chosen = task if any(said.task == task for _, said in heard.clips()) else ""
    found = gate_removal(heard, _nothing(run, changed_ns), LEVELS, chosen)
    sentences = tuple(
        words.follows(one.modality, one.rank, len(found.places), found.subjects, shut=bool((one.gates == one.gates[0]).all()))
        for one in found.senses
    )
    there = "" if found.senses else words.NO_GATES if found.places else words.NOT_BOTH
    why = there if diagnoses else words.NO_DIAGNOSIS
    return Followed(found, sentences, why)


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


@functools.lru_cache(maxsize=4)
def _nothing(run: Path, changed_ns: int) -> HeldOut | None:
    """Return what the run says of everybody without looking; None where it was trained without that baseline."""
    from divine.explain.errors import ExplainError
    from divine.explain.held_out import held_out
    from divine.training.run import Run

    try:
        return held_out(Run(run).predictions(), "majority")
    except ExplainError:
        return None
