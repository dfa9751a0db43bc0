"""Who is in training, validation and test: whole subjects only, stratified by diagnosis, stored, and proven again on load.

With ``K`` folds, fold ``k`` is the test set, fold ``k + 1 mod K`` the validation set, the others train; seed ``s`` redraws the
folds. A subject's key is (dataset, group, id): the same id in two groups is two people.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from divine.data.errors import LeakError, SplitError
from divine.data.schema import Folds, Index, Part, Subject
from divine.store import write_atomically

Scheme = Literal["kfold", "loso", "given"]
PARTS: tuple[Part, ...] = get_args(Part)
LEAST = 3
"""Subjects that a group needs: one each to train, to validate and to test."""
_VALIDATION_FOLDS = 5
"""Where no fold validates (``loso``, and ``given`` without validation rows) a fifth of the others does."""
_FORMAT = 1


@dataclass(frozen=True)
class Fold:
    """One member of a run: who trains, validates and is tested, each in a fixed order."""

    fold: int
    seed: int
    train: tuple[Subject, ...]
    validation: tuple[Subject, ...]
    test: tuple[Subject, ...]

    def part(self, subject: Subject) -> Part | None:
        """Return the side on which a subject stands."""
        return next((part for part in PARTS if subject in getattr(self, part)), None)


@dataclass(frozen=True)
class Split:
    """All folds of all seeds of a run."""

    scheme: Scheme
    folds: int
    """Folds per seed."""
    seeds: tuple[int, ...]
    members: tuple[Fold, ...]
    """By seed, then fold."""

    def to_json(self) -> str:
        """Write the split in one fixed form: every subject once, and the members as numbers of subjects."""
        subjects = sorted({person for one in self.members for part in PARTS for person in getattr(one, part)})
        number = {person: place for place, person in enumerate(subjects)}
        members = [
            {"fold": one.fold, "seed": one.seed} | {part: [number[person] for person in getattr(one, part)] for part in PARTS}
            for one in self.members
        ]
        about = {"format": _FORMAT, "scheme": self.scheme, "folds": self.folds, "seeds": self.seeds, "subjects": subjects}
        return json.dumps(about | {"members": members}) + "\n"

    @property
    def proof(self) -> str:
        """SHA-256 of the stored split: what ``sha256sum split.json`` prints."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def split(index: Index, folds: Folds = 5, seeds: Iterable[int] = range(5)) -> Split:
    """Draw the folds of a run.

    Args:
        index: the cohort.
        folds: their number; ``loso`` leaves one subject out at a time; ``given`` takes the manifest's column ``split``.
        seeds: one complete set of folds is drawn from each.

    Raises:
        SplitError: the cohort has too few classes or subjects, clips without a given split, or a diagnosis with nobody to learn
            it from.
        LeakError: the given split puts a subject on two sides.
    """
    chosen = tuple(seeds)
    if not chosen or len(set(chosen)) < len(chosen):
        raise SplitError(f"seeds {chosen}: give at least one, and none twice.")
    if len(index.groups) < 2:
        raise SplitError(f"{_name(index)}: a diagnosis needs two groups, and there is {len(index.groups)}. Add another group.")
    if folds == "given":
        made = Split("given", 1, chosen, tuple(_given(index, seed) for seed in chosen))
    elif folds == "loso":
        _require(index, LEAST, "Add subjects, or leave the group out.")
        made = Split("loso", len(index.subjects), chosen, tuple(fold for seed in chosen for fold in _loso(index, seed)))
    elif folds < LEAST:
        raise SplitError(f"{folds} folds: at least {LEAST} are needed, for training, validation and test.")
    else:
        _require(index, folds, "Ask for fewer folds, for loso, or leave the group out.")
        made = Split("kfold", folds, chosen, tuple(fold for seed in chosen for fold in _kfold(index, folds, seed)))
    verify(made, index)
    return made


def verify(made: Split, index: Index) -> None:
    """Prove that nobody stands on two sides, and that the split is of this cohort.

    Raises:
        LeakError: a subject stands on two sides.
        SplitError: somebody is missing, unknown, or not tested exactly once per seed.
    """
    everybody = set(index.subjects)
    for one in made.members:
        where = f"fold {one.fold} of seed {one.seed}"
        counts = Counter(person for part in PARTS for person in getattr(one, part))
        twice = [person for person, count in counts.items() if count > 1]
        if twice:
            sides = ", ".join(part for part in PARTS if twice[0] in getattr(one, part))
            raise LeakError(f"{twice[0]} stands twice in {where} ({sides}): the split leaks. Draw it again, by subject.")
        if set(counts) != everybody:
            stray = sorted(set(counts) ^ everybody)
            known = "is not in the split" if stray[0] in everybody else "is not in the cohort"
            raise SplitError(f"{_name(index)}: {stray[0]} {known} ({where}): the cohort has changed. Start a new run on it.")
        if not (one.train and one.validation and one.test):
            raise SplitError(f"{where} has nobody to train on, to validate on, or to test on. Draw the split again.")
    if made.scheme == "given":
        return
    for seed in made.seeds:
        tested = Counter(person for one in made.members if one.seed == seed for person in one.test)
        if any(tested[person] != 1 for person in everybody):
            odd = next(person for person in index.subjects if tested[person] != 1)
            raise SplitError(f"{odd} is tested {tested[odd]} times in seed {seed}, not once. Draw the split again.")


def write_split(made: Split, path: Path) -> str:
    """Store a split and return its proof.

    Raises:
        StoreError: the disk is full or the folder cannot be written.
    """
    write_atomically(path, made.to_json().encode())
    return made.proof


def read_split(path: Path, index: Index, *, proof: str | None = None) -> Split:
    """Read a stored split and prove it again.

    Args:
        path: the file.
        index: the cohort that it must be of.
        proof: what the run says its SHA-256 is.

    Raises:
        LeakError: a subject stands on two sides.
        SplitError: the file cannot be read, was altered, or is of another cohort.
    """
    try:
        content = path.read_bytes()
        plain = json.loads(content)
        if plain["format"] != _FORMAT:
            raise SplitError(f"{path.name}: was written by another version. Start a new run.")
        subjects = [Subject(*person) for person in plain["subjects"]]
        members = tuple(
            Fold(one["fold"], one["seed"], *(tuple(subjects[place] for place in one[part]) for part in PARTS))
            for one in plain["members"]
        )
        made = Split(plain["scheme"], plain["folds"], tuple(plain["seeds"]), members)
    except OSError as error:
        raise SplitError(f"{path.name}: cannot be read ({error.strerror}). The run needs it.") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise SplitError(f"{path.name}: is damaged, or no split. Start a new run.") from error
    if proof is not None and hashlib.sha256(content).hexdigest() != proof:
        raise SplitError(f"{path.name}: was altered after the run had begun. Restore it, or start a new run.")
    verify(made, index)
    return made


def _kfold(index: Index, folds: int, seed: int) -> list[Fold]:
    place = _deal(index.subjects, folds, seed)
    return [
        _fold(index, fold, seed, test={one for one in place if place[one] == fold},
              validation={one for one in place if place[one] == (fold + 1) % folds})
        for fold in range(folds)
    ]  # fmt: skip


def _loso(index: Index, seed: int) -> list[Fold]:
    place = _deal(index.subjects, _VALIDATION_FOLDS, seed)
    members = []
    for fold, person in enumerate(index.subjects):
        others = (place[person] + 1) % _VALIDATION_FOLDS
        members.append(_fold(index, fold, seed, test={person}, validation={one for one in place if place[one] == others}))
    return members


def _given(index: Index, seed: int) -> Fold:
    sides: defaultdict[Subject, set[Part | None]] = defaultdict(set)
    for clip in index.clips:
        sides[clip.person].add(clip.split)
    for person, parts in sides.items():
        named = sorted(part for part in parts if part)
        if len(named) > 1:
            raise LeakError(f"{person} stands in {' and '.join(named)}. Give all clips of a subject the same split.")
        if None in parts:
            raise SplitError(f"{person} has clips without a split. Fill in train, validation or test, or use folds.")
    groups: dict[Part, list[Subject]] = {part: [one for one in index.subjects if part in sides[one]] for part in PARTS}
    for part in ("train", "test"):
        if not groups[part]:
            raise SplitError(f"{_name(index)}: the column split names nobody for {part}. Fill it in, or use folds.")
    validation = set(groups["validation"])
    _require_training(index, Counter(one.group for one in groups["train"]), 1 if validation else 2)
    if not validation:
        place = _deal(groups["train"], _VALIDATION_FOLDS, seed)
        validation = {one for one in place if place[one] == 0}
    return _fold(index, 0, seed, test=set(groups["test"]), validation=validation)


def _fold(index: Index, fold: int, seed: int, *, test: set[Subject], validation: set[Subject]) -> Fold:
    def members(part: set[Subject]) -> tuple[Subject, ...]:
        return tuple(one for one in index.subjects if one in part)

    return Fold(fold, seed, members(set(index.subjects) - test - validation), members(validation), members(test))


def _deal(subjects: Sequence[Subject], folds: int, seed: int) -> dict[Subject, int]:
    """Deal each group's shuffled subjects to the folds like cards, going on where the group before it ended.

    So a group's share of any two folds differs by at most one, and so does the size of the folds.
    """
    rng = np.random.default_rng(seed)
    place: dict[Subject, int] = {}
    for group in dict.fromkeys(one.group for one in subjects):
        members = [one for one in subjects if one.group == group]
        for number in rng.permutation(len(members)):
            place[members[number]] = len(place) % folds
    return place


def _require(index: Index, least: int, remedy: str) -> None:
    for group, count in Counter(one.group for one in index.subjects).items():
        if count < least:
            raise SplitError(f"{group} has {count} subject{'s' * (count != 1)}, and {least} are needed. {remedy}")


def _require_training(index: Index, trained: Mapping[str, int], least: int) -> None:
    """Refuse a given split whose training subjects do not show every diagnosis: it could not be learned.

    Where nobody is named for validation it takes a fifth of them, and it must not take a group's only one.
    """
    for group in index.groups:
        if not trained.get(group):
            raise SplitError(
                f"{_name(index)}: the column split names nobody of {group} for train. "
                "Give some of its subjects train, or leave the group out."
            )
        if trained[group] < least:
            raise SplitError(
                f"{_name(index)}: the column split names one subject of {group} for train and nobody for validation, which "
                "takes some of them. Name subjects for validation, or give more of the group train."
            )


def _name(index: Index) -> str:
    return index.root.name or str(index.root)
