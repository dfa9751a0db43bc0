"""Toronto NeuroFace as it lies on its users' disks, or another cohort in its layout, to an index."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from divine.data.assemble import Draft, assemble
from divine.data.errors import DataError
from divine.data.schema import SYNTHETIC_MARK, Loaded, Problem
from divine.data.tnf_files import Clips, attach_annotations, attach_sounds, find_videos, listed
from divine.data.tnf_names import FOLDERS, GROUPS, SHEETS, clip_key, group_of, plain
from divine.data.tnf_sheets import read_people, read_ratings, read_video_info

DATASET, SYNTHETIC = "TNF", "SYNTHETIC"
Scores = dict[tuple[str, str], float]


def find_root(path: Path) -> Path | None:
    """Return the folder that holds the groups' folders: ``path``, or the only folder in it that does."""
    inside = [path, *(one for one in listed(path) if one.is_dir())]
    return next((one for one in inside if _groups(one)), None)


def _groups(root: Path) -> dict[str, list[Path]]:
    """Return each group's folders; a group may have several under its aliases."""
    found: defaultdict[str, list[Path]] = defaultdict(list)
    try:
        folders = listed(root)
    except PermissionError:  # of a stranger's folder beside the cohort's, such as lost+found
        return {}
    for folder in folders:
        if folder.is_dir() and (group := group_of(folder.name)) is not None:
            found[group].append(folder)
    return dict(found)


def load_tnf(path: Path, *, frame_base: int = 1) -> Loaded:
    """Load a cohort in Toronto NeuroFace's layout; whatever cannot be used becomes a problem, and the rest loads.

    Args:
        path: the cohort's folder, or the one around it.
        frame_base: number that annotation files give a video's first frame, 0 or 1; the release does not say.

    Raises:
        DataError: the folder cannot be read, or holds no folder of a group.
    """
    try:
        root = find_root(path)
        if root is None:
            expected = ", ".join(FOLDERS.values())
            raise DataError(f"{path.name}: holds none of the folders {expected}. Choose the folder that does, or a manifest.")
        dataset = SYNTHETIC if (root / SYNTHETIC_MARK).is_file() else DATASET
        problems: list[Problem] = []
        drafts: list[Draft] = []
        for group, folders in _groups(root).items():
            drafts += _load_group(root, dataset, group, folders, problems)
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror}). Check its permissions and its drive.") from error
    return assemble(root, "tnf", drafts, problems, groups=GROUPS, frame_base=frame_base)


def _load_group(root: Path, dataset: str, group: str, folders: list[Path], problems: list[Problem]) -> list[Draft]:
    clips: Clips = {}
    for folder in folders:
        find_videos(dataset, group, folder, clips, problems)
    if not clips:
        what = "the group's folder holds no video; the group was left out"
        problems.append(Problem(folders[0].name, None, "", what, "Put its videos into the folder Videos.", "warning"))
        return []
    sheets = [one for folder in folders for one in _sheets(root, folder, group)]
    for folder in folders:
        attach_sounds(folder, clips, problems)
        attach_annotations(folder, clips, problems)
    for sheet in (one for one in sheets if plain(one.stem).startswith("videoinfofile")):
        _attach_info(sheet, clips, problems)
    for sheet in (one for one in sheets if "clinical information" in plain(one.stem)):
        _attach_people(sheet, clips, problems)
    rating_sheets = [one for one in sheets if plain(one.stem).startswith("slp assessment")]
    if not rating_sheets:
        what = f"is missing: {len(clips)} clips of {group} have no ratings"
        remedy = f"Put the sheet into {folders[0].name}; without it they serve diagnosis only."
        problems.append(Problem(f"SLP_Assessment_{SHEETS[group]}.xlsx", None, "", what, remedy, "warning"))
    scores: dict[str, Scores] = {}
    for sheet in rating_sheets:
        _collect_ratings(sheet, clips, scores, problems)
    return [Draft(clip, clip.name, scores=scores.get(key, {})) for key, clip in clips.items()]


def _sheets(root: Path, folder: Path, group: str) -> list[Path]:
    """Return the group's tables: in its folder or one level down, and those in the root that end on the group's name."""
    nested = [one for place in listed(folder) if place.is_dir() and plain(place.name) != "frames" for one in listed(place)]
    shared = [one for one in listed(root) if group_of(one.stem.rsplit("_", 1)[-1]) == group]
    return [
        one for one in (*listed(folder), *nested, *shared) if one.suffix.lower() in (".xlsx", ".xlsm", ".csv") and one.is_file()
    ]


def _attach_info(sheet: Path, clips: Clips, problems: list[Problem]) -> None:
    try:
        found = read_video_info(sheet, clips.keys(), {clip.subject for clip in clips.values()}, problems)
    except DataError as error:
        problems.append(_unreadable(sheet, error))
        return
    for one in found:
        keys = [one.key] if one.key in clips else [key for key, clip in clips.items() if clip.subject == one.key]
        if not keys:
            problems.append(Problem(sheet.name, one.row, "", "is about a video that is not there", "Add the video.", "warning"))
        for key in keys:
            clips[key] = replace(clips[key], metadata={**one.cells, **clips[key].metadata})


def _attach_people(sheet: Path, clips: Clips, problems: list[Problem]) -> None:
    try:
        people = read_people(sheet, problems)
    except DataError as error:
        problems.append(_unreadable(sheet, error))
        return
    seen: set[str] = set()
    for person in people:
        keys = [key for key, clip in clips.items() if clip.subject == person.subject]
        if person.subject in seen or not keys:
            what = f"{person.subject!r}: " + (
                "is on the list twice" if person.subject in seen else "has no video in this group"
            )
            problems.append(Problem(sheet.name, person.row, "SubjectID", f"{what}; not used", "Correct the row.", "warning"))
            continue
        seen.add(person.subject)
        for key in keys:
            clips[key] = replace(clips[key], age=person.age, sex=person.sex, metadata={**person.more, **clips[key].metadata})


def _collect_ratings(sheet: Path, clips: Clips, scores: dict[str, Scores], problems: list[Problem]) -> None:
    try:
        rated = read_ratings(sheet, problems)
    except DataError as error:
        problems.append(_unreadable(sheet, error))
        return
    for row in rated:
        key = clip_key(row.name)
        if key not in clips:
            what = f"{row.name!r}: there is no such video in this group; its ratings are not used"
            problems.append(Problem(sheet.name, row.row, "File Name", what, "Add the video, or correct its name."))
        elif key in scores:
            what = f"{row.name!r}: is rated twice; the first row counts"
            problems.append(Problem(sheet.name, row.row, "File Name", what, "Delete one of the rows."))
        else:
            scores[key] = row.scores
            if row.subject and row.subject != clips[key].subject:
                what = f"Subject ID {row.subject!r} is not the one in the video's name, which counts"
                problems.append(Problem(sheet.name, row.row, "Subject ID", what, "Correct the row.", "warning"))


def _unreadable(sheet: Path, error: DataError) -> Problem:
    what = str(error).removeprefix(f"{sheet.name}: ")
    return Problem(sheet.name, None, "", what, "Until then the cohort loads without this table.")
