"""The loader against trees laid out by hand after the description of the release."""

from __future__ import annotations

import numpy as np
import pytest

from divine.data.errors import DataError
from divine.data.load import load
from divine.data.ratings import affected, clip_totals, scores, subject_totals
from divine.data.schema import Subject
from divine.data.tracks import read_boxes, read_landmarks
from tests.data import trees


def test_release_layout_loads_without_a_problem(tmp_path):
    loaded = load(trees.release(tmp_path / "NeuroFace Open Access Data"))
    index = loaded.index
    assert loaded.problems == ()
    assert index.groups == ("ALS", "Stroke", "HC") and index.healthy == ("HC",)
    assert index.items == ("symmetry", "range_of_motion", "speed", "variability", "fatigue") and index.raters == (
        "SLP1",
        "SLP2",
    )
    assert len(index.clips) == 9 and not index.synthetic
    # the folder gives the group, never the letter
    clip = index.of(Subject("TNF", "Stroke", "OP01"))[0]
    assert (clip.session, clip.task, clip.name) == ("02", "DDK_PA", "OP01_02_DDK_PA_color.avi")
    assert clip.ratings[0].scores == (1, 2, 3, 4, 5) and clip.ratings[1].scores == (2, 2, 2, 2, 2)
    assert scores(index).shape == (9, 5, 2)
    assert clip_totals(index) == pytest.approx(np.full(9, 12.5))  # the mean of 15 and 10
    assert subject_totals(index)[clip.person] == 12.5
    assert affected(index).sum() == 6


@pytest.mark.parametrize(
    ("folder", "group"),
    [("als", "ALS"), ("SLA", "ALS"), ("PS", "Stroke"), ("STROKE", "Stroke"), ("stroke", "Stroke"), ("HC", "HC"), ("n", "HC"),
     ("Healthy control", "HC"), ("HEALTHY_CONTROLS", "HC")],
)  # fmt: skip
def test_aliases_of_groups(tmp_path, folder, group):
    trees.video(tmp_path / folder, "X001_02_NSM_KISS_color.avi")
    assert load(tmp_path).index.groups == (group,)


def test_folder_around_the_cohort_and_lower_case_folders(tmp_path):
    root = tmp_path / "drive" / "NeuroFace_Open_Access_Data"
    trees.release(root)
    (root / "ALS" / "Videos").rename(root / "ALS" / "videos")
    loaded = load(tmp_path / "drive")
    assert loaded.index.root == root and len(loaded.index.clips) == 9


def test_two_aliases_of_one_group_are_one_group(tmp_path):
    trees.video(tmp_path / "ALS", "A002_02_NSM_KISS_color.avi")
    trees.video(tmp_path / "SLA", "A003_02_NSM_KISS_color.avi")
    index = load(tmp_path).index
    assert [str(one) for one in index.subjects] == ["TNF/ALS/A002", "TNF/ALS/A003"]


def test_sound_belongs_to_the_video_whose_name_contains_it_as_whole_words(tmp_path):
    names = ["A002_02_DDK_PATAKA_color.avi", "A002_02_DDK_PA_color.avi", "A002_02_NSM_OPEN_color.avi"]
    for name in names:
        trees.video(tmp_path / "ALS", name)
    for name in ("a002_02_ddk_pa_AL.WAV", "stray.wav"):
        (tmp_path / "ALS" / "Videos" / name).write_bytes(name.encode())
    loaded = load(tmp_path)
    found = {clip.task: (clip.audio and clip.audio.name, clip.audio_origin) for clip in loaded.index.clips}
    assert found == {
        "DDK_PA": ("a002_02_ddk_pa_AL.WAV", "sibling"),
        "DDK_PATAKA": (None, "unknown"),
        "NSM_OPEN": (None, "unknown"),
    }
    assert [(one.file, one.severity) for one in loaded.problems if one.file.endswith("wav")] == [("stray.wav", "warning")]


def test_a_sound_that_several_names_contain_is_given_to_none(tmp_path):
    for name in ("A002_02_DDK_PA_color.avi", "A003_02_DDK_PA_color.avi"):
        trees.video(tmp_path / "ALS", name)
    (tmp_path / "ALS" / "Videos" / "DDK_PA.wav").write_bytes(b"sound")
    loaded = load(tmp_path)
    assert all(clip.audio is None for clip in loaded.index.clips)
    assert any(one.file == "DDK_PA.wav" and one.severity == "error" for one in loaded.problems)


def test_annotations_are_joined_by_name(tmp_path):
    folder = tmp_path / "Healthy controls"
    trees.video(folder, "N001_02_BBP_NORMAL_color.avi")
    trees.video(folder, "N002_02_BBP_NORMAL_color.avi")
    points = {7: np.random.default_rng(0).uniform(0, 640, (68, 2)), 2: np.full((68, 2), 3.25)}
    (folder / "Landmarks_gt").mkdir()
    text = "\ufeff" + trees.landmark_text(points, separator=", ")
    (folder / "Landmarks_gt" / "N001_02_BBP_NORMAL_color.txt").write_text(text, encoding="utf-8")
    (folder / "Bbox_gt").mkdir()
    for name in ("N001_02_BBP_NORMAL_color_gt.txt", "N002_02_BBP_NORMAL_color.txt"):
        (folder / "Bbox_gt" / name).write_text("Frame, x1, y1, x2, y2\n2, 10, 20, 30, 40\n")
    (folder / "Frames").mkdir()
    (folder / "Frames" / "N001_02_BBP_NORMAL_color.avi_159.jpg").write_bytes(b"jpg")
    first, second = load(tmp_path).index.clips
    assert first.landmarks is not None and first.boxes is not None and second.boxes is not None and second.landmarks is None
    assert list(first.pictures) == [159]

    one_based = read_landmarks(first.landmarks)
    assert one_based.frames.tolist() == [1, 6] and one_based.problems == ()
    np.testing.assert_array_equal(one_based.points_px[1], points[7])
    np.testing.assert_array_equal(one_based.points_px[0], points[2])
    assert read_landmarks(first.landmarks, frame_base=0).frames.tolist() == [2, 7]
    boxes = read_boxes(first.boxes)
    assert boxes.frames.tolist() == [1] and boxes.boxes_px.tolist() == [[10, 20, 30, 40]]


def test_metadata_of_videos_and_people(tmp_path):
    folder = tmp_path / "Stroke"
    trees.video(folder, "S001_02_BBP_NORMAL_color.avi")
    trees.video(folder, "OP02_02_BBP_NORMAL_color.avi")
    trees.sheet(folder / "VideoInfoFile_PS.xlsx", [["S001_02_BBP_NORMAL_color.avi", 49.8, 3.0]], ["Clip", "Rate", "Take"])
    table = (
        "\ufeffSubjectID, AgeSession, Gender, DaysfromStroke, Facial asymmetry\n"
        "S001,67,Female,120,left\nOP02,,M,,\nS099,50,F,1,none\n"
    )
    (folder / "VID_DATASET_Clinical information_Stroke.csv").write_text(table, encoding="utf-8")
    loaded = load(tmp_path)
    unaged, aged = loaded.index.clips
    assert (aged.age, aged.sex) == (67, "F") and (unaged.age, unaged.sex) == (None, "M")
    assert aged.metadata == {"Rate": "49.8", "Take": "3", "DaysfromStroke": "120", "Facial asymmetry": "left"}
    assert [(one.file[:3], one.row) for one in loaded.problems if one.row] == [("VID", 4)]  # S099 has no video


def test_unreleased_sheets_may_be_absent_or_lie_beside_the_groups(tmp_path):
    trees.release(tmp_path)
    (tmp_path / "ALS" / "SLP_Assessment_ALS.xlsx").rename(tmp_path / "SLP_Assessment_ALS.xlsx")
    loaded = load(tmp_path)
    assert loaded.problems == () and all(len(clip.ratings) == 2 for clip in loaded.index.clips)


def test_a_task_that_nobody_knows_loads_with_a_warning_and_depth_is_left_out(tmp_path):
    trees.video(tmp_path / "ALS", "A002_02_DDK_BUTTERCUP_color.avi")
    trees.video(tmp_path / "ALS", "A002_02_DDK_PA_depth.avi")
    loaded = load(tmp_path)
    assert [clip.task for clip in loaded.index.clips] == ["DDK_BUTTERCUP"]
    assert {one.file for one in loaded.problems if one.row is None and "A002" in one.file} == {
        "A002_02_DDK_BUTTERCUP_color.avi",
        "A002_02_DDK_PA_depth.avi",
    }


@pytest.mark.parametrize("base", [-1, 2])
def test_frames_count_from_zero_or_one(tmp_path, base):
    with pytest.raises(DataError, match="frame base"):
        load(trees.release(tmp_path), frame_base=base)


def test_addresses(tmp_path):
    trees.release(tmp_path)
    trees.video(tmp_path / "Stroke", "A002_02_NSM_KISS_color.avi")
    index = load(tmp_path).index
    assert [str(one) for one in index.find("N001")] == ["TNF/HC/N001"]
    assert [str(one) for one in index.find("A002")] == ["TNF/ALS/A002", "TNF/Stroke/A002"]
    assert [str(one) for one in index.find("TNF/Stroke/A002")] == ["TNF/Stroke/A002"]
    assert index.find("nobody") == ()
