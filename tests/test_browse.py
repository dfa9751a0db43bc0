"""What pages ask of a cohort: its runs wherever it lies, its clips' keys, quality that is kept with the file it is of."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from divine import demonstration
from divine.config import home
from divine.data.judged import Judged
from divine.data.schema import ClipEntry
from divine.measures import TASKS
from divine.models.config import DivineConfig
from divine.records import Check, Quality
from divine.services import browse
from divine.training.run import Run, Status
from divine.training.spec import RunSpec

GOOD = Quality((Check("duration", 3.5, "s", True, ""),))
BAD = Quality((Check("duration", 0.5, "s", False, "Record more."), Check("face size", float("nan"), "px", True, "")))


def entry(folder: Path, name: str = "a.wav", **changes: str) -> ClipEntry:
    path = folder / name
    path.write_bytes(b"sound")
    return replace(ClipEntry("d", "ALS", "A1", "", "DDK_PA", name, audio=path, audio_origin="given"), **changes)


def a_run(name: str, data: Path, *, done: bool = True) -> None:
    run = Run(home() / "runs" / name)
    run.begin(RunSpec(str(data), "AC", DivineConfig.small()))
    run.split_file.write_text("{}")
    run.set_status(Status("done" if done else "failed", 1, 1, "", synthetic=False))


def test_runs_on_a_cohort_are_found_by_folder_and_by_manifest(tmp_path: Path):
    folder, other = tmp_path / "one", tmp_path / "two"
    for place in (folder, other):
        place.mkdir()
    (folder / "manifest.csv").write_text("subject,group\n")
    a_run("by-folder", folder)
    a_run("by-manifest", folder / "manifest.csv")
    a_run("unfinished", folder, done=False)
    a_run("elsewhere", other)
    assert {one.id for one in browse.runs_on(folder)} == {one.id for one in browse.runs_on(folder / "manifest.csv")}
    assert {one.id for one in browse.runs_on(folder)} == {"by-folder", "by-manifest"}
    assert {one.id for one in browse.runs_on(other)} == {"elsewhere"}


def test_a_key_tells_apart_what_people_tell_apart(tmp_path: Path):
    one = entry(tmp_path)
    changes = ({"group": "HC"}, {"subject": "A2"}, {"dataset": "e"}, {"subject": 'A1", "'}, {"subject": "\udcff"})
    others = [entry(tmp_path, **one) for one in changes] + [entry(tmp_path, "b.wav")]
    keys = {browse.clip_key(clip) for clip in (one, *others)}
    assert len(keys) == 7
    assert all(key.isalnum() and key.isascii() for key in keys)
    assert browse.clip_key(replace(one, age=3.0, audio=None)) == browse.clip_key(one)


def test_quality_is_kept_and_a_changed_file_has_none(tmp_path: Path):
    table = tmp_path / "kept" / "quality.json"
    first, second = entry(tmp_path), entry(tmp_path, "b.wav")
    judged = Judged(table)
    judged.put(first, GOOD)
    judged.put(second, BAD)
    judged.save()
    again = Judged(table)
    assert again.get(first) == GOOD
    found = again.get(second)
    assert found is not None
    assert not found.passed
    assert str(found.checks) == str(BAD.checks)  # NaN is no equal of itself
    assert again.get(entry(tmp_path, "c.wav")) is None
    assert first.audio is not None
    os.utime(first.audio, ns=(1, 1))
    assert again.get(first) is None
    assert again.get(replace(second, audio=tmp_path / "gone.wav")) is None


def test_what_is_shipped_may_have_any_time_but_not_another_size(tmp_path: Path):
    clip = entry(tmp_path)
    judged = Judged(tmp_path / "quality.json")
    judged.put(clip, GOOD, shipped=True)
    assert clip.audio is not None
    os.utime(clip.audio, ns=(1, 1))
    assert judged.get(clip) == GOOD
    clip.audio.write_bytes(b"another")
    assert judged.get(clip) is None


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"format": 2, "clips": {"x": [1]}}', '{"format": 1, "clips": {}}', "\xff"]
)
def test_a_damaged_table_is_an_empty_one(tmp_path: Path, content: str):
    clip = entry(tmp_path)
    path = tmp_path / "quality.json"
    path.write_bytes(content.encode("latin-1"))
    judged = Judged(path)
    assert judged.get(clip) is None
    judged.put(clip, GOOD)
    judged.save()
    assert Judged(path).get(clip) == GOOD


def test_the_demonstration_is_small_whole_synthetic_and_opens_at_once():
    before = time.thread_time()
    loaded = browse.load_cohort(browse.COHORT)
    assert time.thread_time() - before < 1
    index = loaded.index
    assert loaded.problems == ()
    assert index.synthetic
    assert len(index.subjects) == 12
    assert {clip.task for clip in index.clips} == set(TASKS)
    assert index.groups == ("ALS", "Stroke", "HC")
    assert all(len(clip.ratings) == 2 for clip in index.clips)
    shipped = [browse.COHORT, demonstration.RUN]
    size = demonstration.QUALITY.stat().st_size + sum(one.stat().st_size for place in shipped for one in place.rglob("*"))
    assert size < 10e6
    known = browse.KnownQuality(browse.COHORT.resolve(), "x")
    assert all(known.get(clip) is not None for clip in index.clips)


def test_the_demonstration_run_is_of_the_demonstration_cohort():
    run = Run(demonstration.RUN)
    run.verify()
    assert run.status().synthetic
    assert Path(run.spec().data) == browse.COHORT  # wherever the project lies
    (listed,) = [one for one in browse.runs_on(browse.COHORT.resolve()) if one.folder == demonstration.RUN]
    said = browse.said_by(listed.folder)
    index = browse.load_cohort(browse.COHORT).index
    assert set(said) == {browse.clip_key(clip) for clip in index.clips}
    assert {one.prediction for one in said.values()} <= set(index.groups)
