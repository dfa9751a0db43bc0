"""Generated cohorts in Toronto NeuroFace's layout: index to disk to index, through every alias and quirk."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import openpyxl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from divine.data.load import load
from divine.data.schema import ClipEntry, Index, Rating
from divine.data.tnf_cohort import write_tnf
from divine.data.tnf_names import GROUPS, ITEMS
from divine.data.tnf_write import write_boxes, write_landmarks
from divine.data.tracks import read_boxes, read_landmarks
from divine.measures import TASKS

ALIASES = {
    "ALS": ["als", "SLA", "Als"],
    "Stroke": ["PS", "STROKE", "stroke"],
    "HC": ["HC", "n", "Healthy control", "healthy_controls"],
}
FOLDERS = {"ALS": "ALS", "Stroke": "Stroke", "HC": "Healthy controls"}

half_steps = st.integers(2, 10).map(lambda twice: twice / 2)
scores = st.one_of(st.none(), half_steps)
words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=8)
free_text = words.filter(lambda text: text[0] not in "-." and text.casefold() not in {"nan", "na", "none", "null"})


@st.composite
def people(draw, group: str) -> list[dict[str, Any]]:
    numbers = draw(st.lists(st.integers(1, 30), min_size=1, max_size=3, unique=True))
    clips = []
    for number in numbers:
        subject = f"{draw(st.sampled_from(['A0', 'N0', 'S0', 'OP']))}{number:02d}"
        age, sex = draw(st.sampled_from([None, 61.0, 70.5])), draw(st.sampled_from([None, "F", "M"]))
        for task in draw(st.lists(st.sampled_from(TASKS), min_size=1, max_size=3, unique=True)):
            given_scores = [(rater, tuple(draw(st.tuples(*[scores] * len(ITEMS))))) for rater in ("SLP1", "SLP2")]
            ratings = tuple(Rating(rater, given) for rater, given in given_scores if any(one is not None for one in given))
            metadata = draw(st.dictionaries(st.sampled_from(["Rate", "Take", "Note"]), free_text, max_size=2))
            suffix = draw(st.sampled_from([".avi", ".mp4"]))
            about = {"group": group, "subject": subject, "task": task, "name": f"{subject}_02_{task}_color{suffix}"}
            about |= {"ratings": ratings, "age": age, "sex": sex, "metadata": metadata}
            clips.append(about | {"audio_origin": draw(st.sampled_from(["sibling", "unknown"]))})
    return clips


@st.composite
def cohorts(draw) -> list[dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from(GROUPS), min_size=1, max_size=3, unique=True))
    return [clip for group in chosen for clip in draw(people(group))]


def stage(found: list[dict[str, Any]], folder: Path, rng: np.random.Generator) -> Index:
    """Give every clip its files, of contents that differ, and make an index of them."""
    clips = [ClipEntry(dataset="TNF", session="02", **about) for about in found]  # checked types: not inside a strategy
    folder.mkdir()
    staged = []
    for clip in clips:
        stem = f"{clip.group}-{clip.name}"
        video = folder / f"{stem}{Path(clip.name).suffix}"
        video.write_bytes(f"video {stem}".encode())
        sound = boxes = landmarks = None
        if clip.audio_origin == "sibling":
            sound = folder / f"{stem}.wav"
            sound.write_bytes(f"sound {stem}".encode())
        pictures = {}
        if rng.random() < 0.5:
            landmarks, boxes = folder / f"{stem}.txt", folder / f"{stem}.box.txt"
            frames = rng.permutation(20)[:3]
            write_landmarks(landmarks, frames, rng.uniform(0, 640, (3, 68, 2)))
            write_boxes(boxes, frames, rng.uniform(0, 640, (3, 4)))
            picture = folder / f"{stem}.jpg"
            picture.write_bytes(b"picture")
            pictures = {int(frames.min()) + 1: picture}
        staged.append(replace(clip, video=video, audio=sound, landmarks=landmarks, boxes=boxes, pictures=pictures))
    groups = tuple(group for group in GROUPS if any(clip.group == group for clip in staged))
    items = ITEMS if any(clip.ratings for clip in staged) else ()
    staged.sort(key=lambda one: (groups.index(one.group), one.person, one.session, one.task))
    raters = tuple(sorted({rating.rater for clip in staged for rating in clip.ratings}))
    return Index(folder, "tnf", tuple(staged), groups, tuple({"HC"} & set(groups)), items, raters)


def said(index: Index) -> tuple:
    """Return all that an index says, with the content of its files in the place of their paths."""

    def content(path: Path | None) -> bytes | None:
        return path and path.read_bytes()

    def points(clip: ClipEntry) -> list:
        found = [clip.landmarks and read_landmarks(clip.landmarks), clip.boxes and read_boxes(clip.boxes)]
        assert all(one is None or not one.problems for one in found)
        values = [
            one and (one.frames.tolist(), getattr(one, "points_px", getattr(one, "boxes_px", None)).tolist()) for one in found
        ]
        return [*values, {number: content(path) for number, path in clip.pictures.items()}]

    clips = [
        (replace(clip, name=clip.name.casefold(), video=None, audio=None, landmarks=None, boxes=None, pictures={}),
         content(clip.video), content(clip.audio), points(clip))
        for clip in index.clips
    ]  # fmt: skip
    return clips, index.groups, index.healthy, set(index.raters), index.synthetic


def drop_unrated_items(index: Index) -> Index:
    """An item that nobody scored anywhere is no rated item of the cohort."""
    kept = [number for number, _ in enumerate(index.items)
            if any(one.scores[number] is not None for clip in index.clips for one in clip.ratings)]  # fmt: skip
    clips = tuple(
        replace(clip, ratings=tuple(Rating(one.rater, tuple(one.scores[number] for number in kept)) for one in clip.ratings))
        for clip in index.clips
    )
    return replace(index, clips=clips, items=tuple(index.items[number] for number in kept))


def moved(index: Index, root: Path) -> Index:
    """The same cohort in another folder."""

    def there(path: Path | None) -> Path | None:
        return path and root / path.relative_to(index.root)

    clips = tuple(
        replace(
            clip,
            **{name: there(getattr(clip, name)) for name in ("video", "audio", "landmarks", "boxes")},
            features={kind: there(path) for kind, path in clip.features.items()},
            pictures={number: there(path) for number, path in clip.pictures.items()},
        )
        for clip in index.clips
    )
    return replace(index, root=root, clips=clips)


# shrinking would write thousands of trees: a failing example is small enough to read
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.explicit, Phase.generate])
@given(clips=cohorts(), seed=st.integers(0, 99))
def test_index_to_disk_to_index(clips, seed):
    rng = np.random.default_rng(seed)
    # a thousand small files, each waiting for the disk, is not what is tested here
    with patch("os.fsync"), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        index = drop_unrated_items(stage(clips, folder / "source", rng))
        truth = said(index)
        loaded = load(write_tnf(index, folder / "drive" / "written"))
        assert not [one for one in loaded.problems if one.severity == "error"]
        assert said(loaded.index) == truth and loaded.index.items == index.items
        # a second time around nothing changes at all
        assert moved(load(write_tnf(loaded.index, folder / "again")).index, loaded.index.root) == loaded.index
        disturb(loaded.index.root, rng)
        disturbed = load(folder / "drive")
        assert not [one for one in disturbed.problems if one.severity == "error"]
        assert said(disturbed.index) == truth


def disturb(root: Path, rng: np.random.Generator) -> None:
    """Bring every quirk of real copies into a tree: nothing of it may change what is loaded."""
    for group, folder in FOLDERS.items():
        place = root / folder
        if not place.exists():
            continue
        for path in sorted(place.rglob("*.txt")):
            header, *rows = path.read_text().splitlines()
            rng.shuffle(rows)
            lines = [line.replace(",", rng.choice([",", ", ", " ,\t"])) for line in (header, *rows, "")]
            path.write_text("\r\n".join(lines), encoding=str(rng.choice(["utf-8", "utf-8-sig"])), newline="")
        for path in (place / "Bbox_gt").glob("*.txt"):
            path.rename(path.with_name(f"{path.stem}_gt.txt"))
        for path in sorted((place / "Videos").iterdir()):
            if path.suffix == ".wav":
                path.rename(
                    path.with_name(str(rng.choice([path.stem.lower(), path.stem + "_AL", path.stem + "_color"])) + ".WAV")
                )
            elif rng.random() < 0.5:
                path.rename(path.with_name(path.stem + path.suffix.upper()))
        for path in place.glob("SLP*.xlsx"):
            shuffle_sheet(path, rng)
        (place / "~$SLP_Assessment_ALS.xlsx").write_bytes(b"lock")
        (place / ".DS_Store").write_bytes(b"")
        (place / "Videos").rename(place / str(rng.choice(["videos", "VIDEOS", "Videos"])))
        place.rename(root / str(rng.choice(ALIASES[group])))


def shuffle_sheet(path: Path, rng: np.random.Generator) -> None:
    """Put the rows in another order, a title above them, blanks and other cases into names and headings."""
    book = openpyxl.load_workbook(path)
    header, *rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    rng.shuffle(rows)
    fresh = openpyxl.Workbook()
    page = fresh.worksheets[0]
    page.append(["Assessment by two raters"])
    page.append([])
    page.append([cell and str(cell).upper().replace(" (", "  ( ") for cell in header])
    for row in rows:
        page.append([f" {str(row[0]).lower()} ", *row[1:]])
    fresh.save(path)


def test_writing_twice_and_linked_media(tmp_path):
    clip = {
        "group": "HC",
        "subject": "N001",
        "task": "NSM_KISS",
        "name": "N001_02_NSM_KISS_color.avi",
        "audio_origin": "unknown",
    }
    index = stage([clip], tmp_path / "source", np.random.default_rng(0))
    for _ in range(2):
        write_tnf(index, tmp_path / "out")
    (written,) = (tmp_path / "out" / "Healthy controls" / "Videos").iterdir()
    assert index.clips[0].video is not None and written.samefile(index.clips[0].video)
