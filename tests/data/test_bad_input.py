"""What goes wrong on disks: each a line of the table of problems, and the rest loads."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from divine.data.check import check
from divine.data.errors import DataError
from divine.data.load import load
from divine.data.schema import Loaded, Problem
from divine.data.splits import split
from tests import clips
from tests.data import trees


def only(loaded: Loaded) -> Problem:
    """Return the one problem, which must say something and offer a remedy; warnings of what follows from an error aside."""
    found = [one for one in loaded.problems if one.severity == "error"] or loaded.problems
    assert len(found) == 1, loaded.problems
    problem = found[0]
    assert problem.what and problem.remedy
    return problem


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    return trees.release(tmp_path / "cohort")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A manifest's folder with sounds a.wav to f.wav."""
    for name in "abcdef":
        (tmp_path / f"{name}.wav").write_bytes(f"sound {name}".encode())
    return tmp_path


def manifest(folder: Path, text: str | bytes) -> Path:
    path = folder / "cohort.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


GOOD = "p1,ALS,a.wav\np2,ALS,b.wav\nc1,HC,c.wav\nc2,HC,d.wav\n"


def test_missing_sheet(cohort):
    (cohort / "ALS" / "SLP_Assessment_ALS.xlsx").unlink()
    loaded = load(cohort)
    problem = only(loaded)
    assert problem.file == "SLP_Assessment_ALS.xlsx" and problem.severity == "warning" and "3 clips" in problem.what
    assert sum(not clip.ratings for clip in loaded.index.clips) == 3 and len(loaded.index.clips) == 9


def test_damaged_sheet(cohort):
    path = cohort / "Stroke" / "SLP_Assessment_PS.xlsx"
    path.write_bytes(path.read_bytes()[:900])
    loaded = load(cohort)
    assert only(loaded).file == path.name and len(loaded.index.clips) == 9


def test_sheet_without_its_heading(cohort):
    trees.sheet(cohort / "Stroke" / "SLP_Assessment_PS.xlsx", [[1, 2]], ["a", "b"])
    assert "File Name" in only(load(cohort)).what


def test_damaged_video(tmp_path):
    whole = clips.numbered_clip(tmp_path / "whole.avi", clips.even_times(0.4, 25), sound=clips.tone(0.4), fps=25)
    torn = clips.with_damaged_header(whole, tmp_path / "torn.avi")
    trees.video(tmp_path / "set" / "HC", "N001_02_DDK_PA_color.avi", whole.read_bytes())
    trees.video(tmp_path / "set" / "HC", "N002_02_DDK_PA_color.avi", torn.read_bytes())
    before = load(tmp_path / "set")
    after = check(before, probe=True)
    new = [one for one in after.problems if one not in before.problems]
    assert [one.file for one in new] == ["N002_02_DDK_PA_color.avi"] and new[0].severity == "error"
    good, bad = after.index.clips
    assert good.audio_origin == "embedded" and good.duration_s == pytest.approx(0.4, abs=0.1)
    assert bad.duration_s is None  # it stays in the index, where a reader can see it


def test_rating_of_seven(cohort):
    rows = [trees.rated("A002_02_DDK_PA_color.avi", [1, 7, 3, 4, 5], [2, 2, 2, 2, 2])]
    trees.sheet(cohort / "ALS" / "SLP_Assessment_ALS.xlsx", rows)
    loaded = load(cohort)
    problem = only(loaded)
    assert (problem.file, problem.row, problem.column) == ("SLP_Assessment_ALS.xlsx", 2, "ROM (SLP1)")
    assert loaded.index.clips[0].ratings[0].scores == (1, None, 3, 4, 5)


def test_rating_that_is_a_word(cohort):
    rows = [trees.rated("A002_02_DDK_PA_color.avi", [1, 2, 3, 4, 5], [2, 2, 2, 2, 2])]
    rows[0][4] = "slow"
    trees.sheet(cohort / "ALS" / "SLP_Assessment_ALS.xlsx", rows)
    assert only(load(cohort)).column == "Speed (SLP1)"


def test_total_that_is_not_the_sum(cohort):
    rows = [trees.rated("A002_02_DDK_PA_color.avi", [1, 2, 3, 4, 5], [2, 2, 2, 2, 2])]
    rows[0][7] = 25
    trees.sheet(cohort / "ALS" / "SLP_Assessment_ALS.xlsx", rows)
    problem = only(load(cohort))
    assert (problem.column, problem.severity) == ("Tot (SLP1)", "warning")


def test_level_in_a_sheet_is_no_item(cohort):
    row = trees.rated("A002_02_DDK_PA_color.avi", [1, 2, 3, 4, 5], [2, 2, 2, 2, 2])
    trees.sheet(cohort / "ALS" / "SLP_Assessment_ALS.xlsx", [[*row, 3]], [*trees.SHEET_HEADER, "Level (SLP1)"])
    loaded = load(cohort)
    problem = only(loaded)
    assert problem.column == "Level (SLP1)" and "computed from the items" in problem.what
    assert "level" not in loaded.index.items and len(loaded.index.items) == 5


def test_sheet_that_names_an_unknown_video(cohort):
    rows = [trees.rated("A099_02_DDK_PA_color.avi", [1] * 5, [1] * 5)]
    trees.sheet(cohort / "ALS" / "SLP_Assessment_ALS.xlsx", rows)
    problem = only(load(cohort))
    assert (problem.row, problem.column) == (2, "File Name") and "A099_02_DDK_PA_color.avi" in problem.what


def test_video_rated_twice(cohort):
    name = "A002_02_DDK_PA_color.avi"
    rows = [trees.rated(name, [1] * 5, [1] * 5), trees.rated(name, [5] * 5, [5] * 5)]
    trees.sheet(cohort / "ALS" / "SLP_Assessment_ALS.xlsx", rows)
    loaded = load(cohort)
    assert only(loaded).row == 3 and loaded.index.clips[0].ratings[0].scores == (1,) * 5


def test_subject_in_two_groups(cohort):
    source = cohort / "ALS" / "Videos" / "A002_02_DDK_PA_color.avi"
    shutil.copy(source, cohort / "Stroke" / "Videos")
    loaded = load(cohort)
    problem = only(loaded)
    assert problem.column == "group" and "TNF/ALS/A002 and TNF/Stroke/A002" in problem.what
    # whoever may be one person under two diagnoses must not stand on two sides of a split: both are out, the rest is in
    assert {one.subject for one in loaded.index.subjects} == {"A009", "OP01", "OP09", "N001", "N009"}


def test_subject_in_two_groups_of_a_manifest(folder):
    loaded = load(manifest(folder, "subject,group,audio\n" + GOOD + "p1,HC,a.wav\n"))
    assert (only(loaded).row, only(loaded).column) == (6, "group")
    assert [one.subject for one in loaded.index.subjects] == ["p2", "c1", "c2"]


def test_same_id_in_two_groups_is_two_people(folder):
    loaded = load(manifest(folder, "subject,group,audio\n" + GOOD + "p1,HC,e.wav\n"))
    assert loaded.problems == ()
    assert [str(one) for one in loaded.index.find("p1")] == ["cohort/ALS/p1", "cohort/HC/p1"]


def test_file_on_the_list_twice(folder):
    loaded = load(manifest(folder, "subject,group,audio\n" + GOOD + "p1,ALS,./a.wav\n"))
    assert only(loaded).row == 6 and "row 2" in only(loaded).what and len(loaded.index.clips) == 4


def test_one_file_under_two_names(folder):
    shutil.copy(folder / "a.wav", folder / "copy.wav")
    loaded = load(manifest(folder, "subject,group,audio\n" + GOOD + "p1,ALS,copy.wav\n"))
    assert only(loaded).row == 6 and len(loaded.index.clips) == 4


def test_one_recording_of_two_subjects(folder):
    loaded = load(manifest(folder, "subject,group,audio\n" + GOOD + "p9,ALS,a.wav\n"))
    assert only(loaded).column == "subject"
    assert [one.subject for one in loaded.index.subjects] == ["p2", "c1", "c2"]


def test_two_encodings_of_one_video(cohort):
    trees.video(cohort / "ALS", "A002_02_DDK_PA_color.mp4")
    loaded = load(cohort)
    assert only(loaded).file == "A002_02_DDK_PA_color.mp4" and loaded.index.clips[0].name.endswith(".avi")


def test_empty_group(cohort):
    shutil.rmtree(cohort / "Stroke" / "Videos")
    loaded = load(cohort)
    assert only(loaded).file == "Stroke" and loaded.index.groups == ("ALS", "HC")


def test_one_subject_in_a_class(folder):
    loaded = load(manifest(folder, "subject,group,audio\np1,ALS,a.wav\nc1,HC,b.wav\nc2,HC,c.wav\n"))
    assert only(loaded).severity == "warning" and "ALS has one subject" in only(loaded).what
    assert len(loaded.index.clips) == 3
    with pytest.raises(DataError, match="ALS has 1 subject"):
        split(loaded.index, 3)


def test_not_utf8(folder):
    text = ("subject,group,audio,note\n" + GOOD.replace("b.wav", "b.wav,José")).encode("latin-1")
    loaded = load(manifest(folder, text))
    assert (only(loaded).row, only(loaded).column) == (3, "note") and "UTF-8" in only(loaded).remedy
    assert len(loaded.index.clips) == 4 and loaded.index.clips[1].metadata == {}


def test_not_utf8_where_it_matters(folder):
    text = ("subject,group,audio\n" + GOOD.replace("p2", "José")).encode("latin-1")
    loaded = load(manifest(folder, text))
    assert {(one.row, one.column) for one in loaded.problems if one.severity == "error"} == {(3, "subject")}
    assert [one.subject for one in loaded.index.subjects] == ["p1", "c1", "c2"]


def test_file_name_that_is_no_text(cohort):
    name = b"A003_02_DDK_PA_col\xe9r.avi"
    (cohort / "ALS" / "Videos" / name.decode("utf-8", "surrogateescape")).write_bytes(b"video")
    loaded = load(cohort)
    only(loaded).file.encode()  # printable
    assert len(loaded.index.clips) == 9


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_mark(folder, encoding):
    loaded = load(manifest(folder, ("subject,group,audio,note\n" + GOOD.replace("b.wav", "b.wav,José")).encode(encoding)))
    assert loaded.problems == () and loaded.index.clips[1].metadata == {"note": "José"}


@pytest.mark.parametrize("path", ["../out.wav", "x/../../out.wav", "..\\out.wav", "ABSOLUTE", "link.wav", "dir/out.wav"])
def test_path_that_climbs_out(tmp_path, path):
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in "abcdef":
        (inside / f"{name}.wav").write_bytes(f"sound {name}".encode())
    outside = tmp_path / "out.wav"
    outside.write_bytes(b"secret")
    (inside / "x").mkdir()
    (inside / "link.wav").symlink_to(outside)
    (inside / "dir").symlink_to(tmp_path)
    text = "subject,group,audio\n" + GOOD + f"p3,ALS,{outside if path == 'ABSOLUTE' else path}\n"
    loaded = load(manifest(inside, text))
    assert [one.row for one in loaded.problems] == [6, 6] and "leads out" in loaded.problems[0].what
    assert len(loaded.index.clips) == 4


@pytest.mark.parametrize("path", ["nowhere.wav", "a\0.wav", "https://example.org/a.wav", "x" * 5000, "."])
def test_path_to_nothing(folder, path):
    loaded = load(manifest(folder, "subject,group,audio\n" + GOOD + f"p3,ALS,{path}\n"))
    assert {one.row for one in loaded.problems} == {6} and len(loaded.index.clips) == 4


def test_row_with_a_stray_comma(folder):
    loaded = load(manifest(folder, "subject,group,audio\n" + GOOD + "p3,ALS,e.wav,x\n"))
    assert only(loaded).row == 6 and len(loaded.index.clips) == 4


@pytest.mark.parametrize("row", [",ALS,e.wav", "p3,,e.wav"])
def test_row_without_a_key(folder, row):
    loaded = load(manifest(folder, "subject,group,audio\n" + GOOD + row + "\n"))
    assert only(loaded).row == 6 and only(loaded).column in ("subject", "group")


def test_hostile_names_stay_data(folder):
    name = '<script>alert(1)</script>"; DROP TABLE'
    row = '"' + name.replace('"', '""') + '",ALS,e.wav\n=cmd()|x,ALS,f.wav\n'
    loaded = load(manifest(folder, "subject,group,audio\n" + GOOD + row))
    assert loaded.problems == () and {name, "=cmd()|x"} <= {one.subject for one in loaded.index.subjects}


@pytest.mark.parametrize("content", ["", "\n\n", "a,b\n1,2\n", 'subject,group,audio\n"p1,ALS,a.wav\n'])
def test_manifest_that_is_none(folder, content):
    with pytest.raises(DataError, match=r"cohort\.csv"):
        load(manifest(folder, content))


def test_parquet_that_is_none(folder):
    (folder / "cohort.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(DataError, match="Parquet"):
        load(folder / "cohort.parquet")


def test_paths_that_are_no_dataset(tmp_path):
    (tmp_path / "notes.docx").write_bytes(b"")
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "notes.docx"):
        with pytest.raises(DataError):
            load(path)


def test_sheet_that_unpacks_to_a_disk_full(cohort, monkeypatch):
    monkeypatch.setattr("divine.data.tables.MAX_BYTES", 1_000_000)
    path = cohort / "ALS" / "SLP_Assessment_ALS.xlsx"
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/big.bin", bytes(2_000_000))
    assert path.stat().st_size < 20_000
    assert "unpacks to" in only(load(cohort)).what


def test_annotation_rows_that_make_no_sense(tmp_path):
    folder = tmp_path / "HC"
    for name in ("N001", "N002"):
        trees.video(folder, f"{name}_02_DDK_PA_color.avi")
    (folder / "Bbox_gt").mkdir()
    rows = [
        "Frame,x1,y1,x2,y2",
        "3,1,2,3,4",
        "3,1,2,3,4",
        "0,1,2,3,4",
        "4,1,2,3",
        "5,1,2,3,nan",
        "6,a,2,3,4",
        "2.5,1,2,3,4",
        "9,1,2,3,4,",
    ]
    (folder / "Bbox_gt" / "N001_02_DDK_PA_color.txt").write_text("\n".join(rows))
    (folder / "Bbox_gt" / "N002_02_DDK_PA_color.txt").write_text("x,y\n1,2\n")
    (folder / "Bbox_gt" / "N003_02_DDK_PA_color.txt").write_text("\n".join(rows[:2]))
    loaded = load(tmp_path)
    found = [one for one in check(loaded).problems if one.file.startswith("Bbox_gt")]
    assert [(one.file[8:12], one.row) for one in found] == [
        ("N003", None), ("N001", 3), ("N001", 4), ("N001", 5), ("N001", 6), ("N001", 7), ("N001", 8), ("N002", None),
    ]  # fmt: skip
