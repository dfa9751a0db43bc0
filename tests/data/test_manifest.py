"""Manifests: gaps of every kind, features instead of faces, and what becomes of each column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from divine.data.errors import DataError
from divine.data.load import load
from divine.data.ratings import clip_totals, scores, subject_totals


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("v1.mp4", "v2.mp4", "a1.wav", "a2.wav", "a3.wav"):
        (tmp_path / name).write_bytes(name.encode())
    for number in range(3):
        np.save(tmp_path / f"f{number}.npy", np.full((4, 3), number))
    return tmp_path


def write(folder: Path, text: str) -> Path:
    (folder / "cohort.csv").write_text(text)
    return folder / "cohort.csv"


def test_every_column(folder):
    path = write(
        folder,
        "Subject,GROUP,dataset,session,task,video,audio,age,sex,split,rating_symmetry_R1,rating_rom_R1,rating_symmetry_R2,site,"
        "features_audio_AC\n"
        "p1,Parkinson,here,s2,ddk_pa,v1.mp4,a1.wav,70.5,female,Training,2,3,,Bern,f0.npy\n"
        "c1,Control,here,s1,reading,v2.mp4,,,,test,,,,,\n",
    )
    loaded = load(path)
    assert [one.what for one in loaded.problems if one.severity == "error"] == []
    index = loaded.index
    assert index.groups == ("Parkinson", "Control") and index.healthy == ("Control",)  # healthy controls come last
    first, second = index.clips
    assert (first.dataset, first.session, first.task, first.name) == ("here", "s2", "DDK_PA", "v1.mp4")
    assert (first.age, first.sex, first.split, first.audio_origin) == (70.5, "F", "train", "given")
    assert index.items == ("symmetry", "range_of_motion") and index.raters == ("R1",)
    assert [tuple(one) for one in first.ratings] == [("R1", (2, 3))]
    assert first.features == {("audio", "AC"): folder / "f0.npy"} and first.metadata == {"site": "Bern"}
    assert (second.task, second.split, second.audio, second.audio_origin) == ("reading", "test", None, "unknown")
    assert second.ratings == () and second.metadata == {} and second.age is None
    assert first.modalities == ("audio", "video")


def test_a_rater_without_a_score_for_an_item_has_none_there(folder):
    path = write(
        folder, "subject,group,audio,rating_speed_R1,rating_fatigue_R1,rating_speed_R2\np,ALS,a1.wav,2,,4\nq,ALS,a2.wav,,1.5,\n"
    )
    index = load(path).index
    assert index.items == ("speed", "fatigue")
    assert [tuple(one) for one in index.clips[0].ratings] == [("R1", (2.0, None)), ("R2", (4.0, None))]
    assert [tuple(one) for one in index.clips[1].ratings] == [("R1", (None, 1.5))]
    np.testing.assert_array_equal(scores(index)[0], [[2, 4], [np.nan, np.nan]])
    assert np.isnan(clip_totals(index)).all() and subject_totals(index) == {}


@pytest.mark.parametrize("name", ["total", "Tot", "level"])
def test_what_is_computed_from_the_items_is_no_item(folder, name):
    path = write(folder, f"subject,group,audio,rating_speed_R1,rating_{name}_R1\np,ALS,a1.wav,2,2\nq,ALS,a2.wav,4,4\n")
    loaded = load(path)
    assert loaded.index.items == ("speed",) and clip_totals(loaded.index).tolist() == [2, 4]
    (problem,) = [one for one in loaded.problems if one.severity == "error"]
    assert problem.column == f"rating_{name}_R1" and "computed from the items" in problem.what
    assert all(clip.metadata == {} for clip in loaded.index.clips)


@pytest.mark.parametrize("name", ["symmetry", "drooling", "range_of_motion"])
def test_a_rating_without_a_rater_is_metadata_with_a_warning_that_says_how_it_is_named(folder, name):
    loaded = load(write(folder, f"subject,group,audio,rating_{name}\np,ALS,a1.wav,2\nq,ALS,a2.wav,4\n"))
    assert loaded.index.items == () and loaded.index.clips[0].metadata == {f"rating_{name}": "2"}
    (problem,) = loaded.problems
    assert problem.severity == "warning" and "names no rater" in problem.what and f"rating_{name}_SLP1" in problem.remedy


def test_voice_only(folder):
    index = load(write(folder, "subject,group,audio\np1,ALS,a1.wav\np2,ALS,a2.wav\nc1,HC,a3.wav\n")).index
    assert all(clip.modalities == ("audio",) and clip.video is None for clip in index.clips)
    assert index.items == () and index.raters == ()


def test_features_only(folder):
    index = load(write(folder, "subject,group,features_video_XY\np1,case,f0.npy\np2,case,f1.npy\nc1,HC,f2.npy\n")).index
    assert [clip.name for clip in index.clips] == ["f0.npy", "f1.npy", "f2.npy"]
    assert all(clip.modalities == ("video",) and clip.audio_origin == "none" for clip in index.clips)


def test_missing_file_leaves_the_rest_of_the_row(folder):
    loaded = load(write(folder, "subject,group,video,audio\np1,ALS,nowhere.mp4,a1.wav\n"))
    assert (loaded.problems[0].row, loaded.problems[0].column) == (2, "video")
    assert loaded.index.clips[0].video is None and loaded.index.clips[0].audio == folder / "a1.wav"


@pytest.mark.parametrize(
    ("column", "value"),
    [("rating_speed_R1", "7"), ("rating_speed_R1", "0.5"), ("rating_speed_R1", "nan1"), ("rating_speed_R1", "inf"),
     ("age", "200"), ("age", "old"), ("split", "both"), ("features_video_X", "a2.wav")],
)  # fmt: skip
def test_bad_cell(folder, column, value):
    loaded = load(write(folder, f"subject,group,audio,{column}\np1,ALS,a1.wav,{value}\nc1,HC,a3.wav,\n"))
    errors = [one for one in loaded.problems if one.severity == "error"]
    assert [(one.row, one.column) for one in errors] == [(2, column)] and len(loaded.index.clips) == 2
    first = loaded.index.clips[0]
    assert first.ratings == () and first.age is None and first.split is None and first.features == {}


def test_semicolons_and_quotes(folder):
    loaded = load(write(folder, 'subject;group;audio;note\np1;ALS;a1.wav;"one, two; three\nfour"\n'))
    assert loaded.index.clips[0].metadata == {"note": "one, two; three\nfour"}


def test_ids_stay_text_and_parquet_reads_as_csv_does(folder):
    frame = pd.DataFrame(
        {
            "subject": [1, 2],
            "group": ["ALS", "HC"],
            "audio": ["a1.wav", "a3.wav"],
            "age": [61.0, None],
            "rating_speed_A": [3, 1],
        }
    )
    frame.to_csv(folder / "table.csv", index=False)
    frame.to_parquet(folder / "table.parquet")
    (folder / "zeros.csv").write_text("subject,group,audio\n007,ALS,a1.wav\n7,ALS,a2.wav\n")
    assert load(folder / "table.csv") == load(folder / "table.parquet")
    assert [one.subject for one in load(folder / "zeros.csv").index.subjects] == ["007", "7"]


def test_spellings_of_a_group_are_one_class_and_of_a_subject_a_warning(folder):
    loaded = load(write(folder, "subject,group,audio\nP1,als,a1.wav\np1,ALS,a2.wav\nc1,hc,a3.wav\n"))
    assert loaded.index.groups == ("als", "hc")
    assert any("P1 and p1" in one.what and one.severity == "warning" for one in loaded.problems)


@pytest.mark.parametrize(
    ("first", "second", "classes"),
    [("post-stroke", "Post_Stroke", 1), ("post  stroke", "post-stroke", 1), ("MCI_", "mci", 1), ("a-_b", "A B", 1),
     ("MCI-", "MCI", 2), ("MCI+", "MCI", 2), ("MCI-", "MCI+", 2), ("-MCI", "MCI", 2), ("HC-", "HC", 2)],
)  # fmt: skip
def test_a_sign_at_the_end_of_a_group_makes_another_class_and_one_between_words_does_not(folder, first, second, classes):
    loaded = load(write(folder, f"subject,group,audio\np1,{first},a1.wav\np2,{second},a2.wav\n"))
    assert len(loaded.index.groups) == classes and len(loaded.index.healthy) == (second == "HC")


def test_subject_on_two_sides_is_named(folder):
    loaded = load(write(folder, "subject,group,audio,split\np1,ALS,a1.wav,train\np1,ALS,a2.wav,test\nc1,HC,a3.wav,test\n"))
    assert any(one.column == "split" and "p1 stands in test and train" in one.what for one in loaded.problems)


def test_repeated_heading(folder):
    loaded = load(write(folder, "subject,group,audio,audio\np1,ALS,a1.wav,a2.wav\n"))
    assert loaded.index.clips[0].audio == folder / "a1.wav"
    assert any(one.column == "audio" and "twice" in one.what for one in loaded.problems)


def test_folder_with_a_manifest(folder):
    write(folder, "subject,group,audio\np1,ALS,a1.wav\n").rename(folder / "manifest.csv")
    (folder / "ALS").mkdir()  # as somebody may well sort recordings: the manifest counts
    assert load(folder).index.kind == "manifest"


def test_missing_column(folder):
    with pytest.raises(DataError, match="no column group"):
        load(write(folder, "subject,diagnosis,audio\np1,ALS,a1.wav\n"))


def test_marked_folder_is_synthetic(folder):
    (folder / "SYNTHETIC.txt").write_text("")
    assert load(write(folder, "subject,group,audio\np1,ALS,a1.wav\n")).index.synthetic
