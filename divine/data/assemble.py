"""From what a loader found to an index: order, doubles, people who cannot be told apart, classes too small to learn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from divine.data.duplicates import same_content
from divine.data.schema import SYNTHETIC_MARK, ClipEntry, Index, Loaded, Problem, Rating, Subject
from divine.data.tnf_names import ITEMS, is_healthy, plain


@dataclass(frozen=True)
class Draft:
    """A clip on its way into the index."""

    entry: ClipEntry
    file: str
    """Where it was found, for problems: the manifest, or the video itself."""
    row: int | None = None
    scores: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """By rater and item."""

    @property
    def files(self) -> tuple[Path, ...]:
        return self.entry.files


def assemble(
    root: Path,
    kind: Literal["tnf", "manifest"],
    drafts: Sequence[Draft],
    problems: Sequence[Problem],
    *,
    groups: Sequence[str],
    frame_base: int = 1,
) -> Loaded:
    """Build the index.

    Args:
        root: the cohort's folder.
        kind: which loader speaks.
        drafts: the clips found.
        problems: those found so far.
        groups: every group's name, in the order of classes; those left without clips are dropped.
        frame_base: number of a video's first frame in annotation files.
    """
    found = list(problems)
    kept = _without_doubles(_without_shared(drafts, found), found)
    present = tuple(group for group in groups if any(one.entry.group == group for one in kept))
    named = {item for one in kept for _, item in one.scores}
    items = (*(item for item in ITEMS if item in named), *sorted(named - set(ITEMS)))
    clips = [replace(one.entry, ratings=_ratings(one.scores, items)) for one in kept]
    clips.sort(key=lambda one: (present.index(one.group), one.person, one.session, one.task, one.name))
    found += _people(clips, present)
    index = Index(
        root=root,
        kind=kind,
        clips=tuple(clips),
        groups=present,
        healthy=tuple(group for group in present if is_healthy(group)),
        items=items,
        raters=tuple(sorted({rating.rater for clip in clips for rating in clip.ratings})),
        frame_base=frame_base,
        synthetic=(root / SYNTHETIC_MARK).is_file(),
    )
    return Loaded(index, tuple(found))


def _ratings(scores: Mapping[tuple[str, str], float], items: Sequence[str]) -> tuple[Rating, ...]:
    raters = sorted({rater for rater, _ in scores})
    return tuple(Rating(rater, tuple(scores.get((rater, item)) for item in items)) for rater in raters)


def _without_shared(drafts: Sequence[Draft], problems: list[Problem]) -> list[Draft]:
    """Leave out everybody who shares a file with somebody else.

    They may be one person, who would then stand on two sides of a split; only a human can tell.
    """
    users: defaultdict[Path, list[Draft]] = defaultdict(list)
    for draft in drafts:
        for path in draft.files:
            users[path].append(draft)
    alike = same_content(users)
    paired = {path for paths in alike for path in paths}
    unclear: set[Subject] = set()
    for paths in (*alike, *((path,) for path in users if path not in paired)):
        sharing = [draft for path in paths for draft in users[path]]
        people = sorted({draft.entry.person for draft in sharing})
        if len(people) > 1:
            unclear.update(people)
            problems.append(
                Problem(
                    file=sharing[-1].file,
                    row=sharing[-1].row,
                    column="group" if len({one.subject for one in people}) == 1 else "subject",
                    what=f"{' and '.join(dict.fromkeys(path.name for path in paths))}: one recording of "
                    f"{' and '.join(map(str, people))}; they may be one person, so all their clips were left out",
                    remedy="Delete the recording, or its row, where it does not belong.",
                )
            )
    return [draft for draft in drafts if draft.entry.person not in unclear]


def _without_doubles(drafts: Sequence[Draft], problems: list[Problem]) -> list[Draft]:
    """Keep the first of a subject's clips that are one recording."""
    # a separate sound may serve two pictures, so only what comes first makes a clip
    firsts = {id(draft): draft.files[0] for draft in drafts}
    known = {path: paths[0] for paths in same_content(firsts.values()) for path in paths}
    seen: dict[Path, Draft] = {}
    kept = []
    for draft in drafts:
        path = firsts[id(draft)]
        earlier = seen.setdefault(known.get(path, path), draft)
        if earlier is draft:
            kept.append(draft)
            continue
        where = f"row {earlier.row}" if earlier.row else earlier.entry.name
        what = f"{draft.entry.name}: is the same recording as {where}; it was left out"
        problems.append(Problem(draft.file, draft.row, "", what, "Delete one of the two."))
    return kept


def _people(clips: Sequence[ClipEntry], groups: Sequence[str]) -> list[Problem]:
    problems = []
    people = {clip.person for clip in clips}
    sizes = Counter(one.group for one in people)
    for group in groups:
        if sizes[group] == 1:
            what = f"{group} has one subject: it cannot be in training and in test, so no fold can judge it"
            problems.append(Problem("", None, "group", what, "Add subjects, or leave the group out.", "warning"))
    spellings: defaultdict[Subject, set[str]] = defaultdict(set)
    for one in people:
        spellings[one._replace(subject=plain(one.subject))].add(one.subject)
    for one, ids in sorted(spellings.items()):
        if len(ids) > 1:
            what = f"{' and '.join(sorted(ids))} of {one.group} differ only in spelling; they count as different people"
            problems.append(Problem("", None, "subject", what, "If they are one person, write the id in one way.", "warning"))
    sides: defaultdict[Subject, set[str]] = defaultdict(set)
    for clip in clips:
        sides[clip.person].add(clip.split or "none")
    for person, parts in sorted(sides.items()):
        if len(parts) > 1:
            what = f"{person} stands in {' and '.join(sorted(parts))}; --folds given will refuse to run"
            problems.append(Problem("", None, "split", what, "Give all clips of a subject the same split."))
    return problems
