"""Opening cohorts: once, in the background, by an id that tells no path, and again after a restart."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from divine.config import home
from divine.services import browse
from ui import cohort_work
from ui.cohorts import CohortError, Cohorts, Opened


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "voices.csv"
    path.write_text(
        "subject,group,task,audio,rating_speed_R1\nA1,ALS,DDK_PA,a.wav,2\nA2,HC,DDK_PA,b.wav,1\n<b>,HC,NSM_OPEN,c.wav,9\n"
    )
    for name in "abc":
        (tmp_path / f"{name}.wav").write_bytes(b"RIFF" + name.encode())
    return path


def test_a_cohort_is_loaded_once_and_found_by_its_id(manifest: Path):
    cohorts = Cohorts(manifest)
    opened = cohorts.default().wait(10)
    assert opened.state == "ready"
    assert opened.name == "voices.csv"
    assert cohorts.open(manifest.parent / "." / "voices.csv") is opened
    assert cohorts.get(opened.id) is cohorts.of(None) is cohorts.of(opened.id) is opened
    assert cohorts.of("0" * 16) is None
    assert str(manifest.parent) not in opened.id
    assert len(opened.index.clips) == 3
    assert any("9" in problem.what for problem in opened.loaded.problems)


def test_the_demonstration_is_always_among_the_cohorts_and_the_last(manifest: Path):
    cohorts = Cohorts(manifest)
    shipped = cohorts.get(cohorts.recent()[-1].id)
    assert shipped is not None
    assert shipped.wait(20).synthetic
    assert shipped.name == "Demonstration cohort"


def test_every_clip_has_a_key_of_its_own_and_is_found_by_it(manifest: Path):
    opened = Cohorts(manifest).default().wait(10)
    keys = [browse.clip_key(entry) for entry in opened.index.clips]
    assert len(set(keys)) == 3
    assert all(key.isalnum() and opened.clip(key) is entry for key, entry in zip(keys, opened.index.clips, strict=True))
    assert opened.clip("x") is None
    entry = opened.index.clips[0]
    assert browse.key_of(entry.dataset, entry.group, entry.subject, entry.name) == keys[0]


def test_another_process_opens_it_again_from_its_id(manifest: Path):
    opened = Cohorts().open(manifest).wait(10)
    again = Cohorts().get(opened.id)
    assert again is not None
    assert again.wait(10).index.clips == opened.index.clips
    assert stat.S_IMODE((home() / "cohorts.json").stat().st_mode) == 0o600
    cohorts = Cohorts()
    assert opened.id in {one.id for one in cohorts.recent()}
    cohorts.forget(opened.id)
    assert cohorts.get(opened.id) is None


@pytest.mark.parametrize("text", ["", "relative/folder", "  ", "a\0b", "http://127.0.0.1/x.csv"])
def test_what_is_no_whole_path_is_refused(text: str):
    with pytest.raises(CohortError, match="whole path"):
        Cohorts().typed(text)


def test_paths_are_taken_as_people_paste_them(manifest: Path):
    cohorts = Cohorts()
    for text in (f' "{manifest}" ', manifest.as_uri(), f"'{manifest}'\n"):
        assert cohorts.typed(text).path == manifest.resolve()


def test_what_cannot_be_loaded_says_why_and_may_be_tried_again(tmp_path: Path):
    cohorts = Cohorts()
    opened = cohorts.open(tmp_path / "absent").wait(10)
    assert opened.state == "failed"
    assert "absent" in opened.message
    with pytest.raises(CohortError, match="absent"):
        _ = opened.loaded
    assert opened.id not in {one.id for one in cohorts.recent()}
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent" / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "absent" / "manifest.csv").write_text("subject,group,audio\nA1,ALS,a.wav\n")
    assert cohorts.open(tmp_path / "absent").wait(10).state == "ready"


def test_what_is_wrong_is_told_once_however_often_somebody_looks(tmp_path: Path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "f.npy").write_bytes(b"no array")
    manifest = tmp_path / "m.csv"
    manifest.write_text("subject,group,audio,features_audio_X\nA1,ALS,a.wav,f.npy\n")
    opened = Cohorts(manifest).default().wait(10)
    idle(opened)
    assert len([one for one in opened.loaded.problems if one.file == "f.npy"]) == 1
    opened.look_into(probe=True)
    assert len([one for one in opened.loaded.problems if one.file == "f.npy"]) == 1
    assert len([one for one in opened.loaded.problems if one.file == "a.wav"]) == 1


def test_work_that_waits_for_other_work_can_be_stopped(tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch):
    opened = Cohorts(manifest).default().wait(10)
    idle(opened)
    looked: list[str] = []
    monkeypatch.setattr(browse, "quality_of", lambda entry, on_progress: looked.append(entry.name))
    with cohort_work._ONE_AT_A_TIME:
        cohort_work.start(opened, "quality")
        with pytest.raises(CohortError, match="at work"):
            cohort_work.start(opened, "quality")
        opened.stopped.set()
    idle(opened)
    assert looked == []


def test_a_home_that_cannot_be_written_keeps_nobody_from_a_cohort(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path / "file" / "home"))
    assert Cohorts(manifest).default().wait(10).state == "ready"


def idle(opened: Opened) -> None:
    deadline = time.monotonic() + 10
    while opened.busy:
        assert time.monotonic() < deadline
        time.sleep(0.005)
