"""Looking into files: what opening tells, and what is wrong with annotations and features."""

from __future__ import annotations

import numpy as np
import pytest

from divine.data.check import check
from divine.data.errors import DataError
from divine.data.load import load
from divine.data.recording import open_entry
from divine.data.tnf_write import boxes_path, video_path, write_boxes
from tests import clips


def test_probing_says_where_the_sound_is_and_how_long_clips_last(tmp_path):
    folder = tmp_path / "HC" / "Videos"
    folder.mkdir(parents=True)
    clips.numbered_clip(folder / "N001_02_NSM_KISS_color.mp4", clips.even_times(0.4, 25))
    clips.numbered_clip(folder / "N002_02_NSM_KISS_color.mp4", clips.even_times(0.6, 25), sound=clips.tone(0.6))
    clips.numbered_clip(folder / "N003_02_NSM_KISS_color.mp4", clips.even_times(0.8, 25))
    clips.wav(folder / "N003_02_NSM_KISS.wav", clips.tone(0.8))
    before, seen = load(tmp_path), []
    after = check(before, probe=True, on_clip=lambda done, count: seen.append((done, count)))
    assert after.problems == before.problems and seen == [(1, 3), (2, 3), (3, 3)]
    assert [clip.audio_origin for clip in after.index.clips] == ["none", "embedded", "sibling"]
    assert [clip.audio is not None for clip in after.index.clips] == [False, False, True]
    assert [clip.duration_s for clip in after.index.clips] == pytest.approx([0.4, 0.6, 0.8], abs=0.05)


def test_annotated_frames_beyond_the_end_hint_at_the_frame_base(tmp_path):
    video = video_path(tmp_path, "HC", "N001", "02", "NSM_KISS", ".mp4")
    video.parent.mkdir(parents=True)
    clips.numbered_clip(video, clips.even_times(0.4, 25))
    write_boxes(boxes_path(tmp_path, "HC", video), np.array([0, 9]), np.ones((2, 4)))
    assert not [one for one in check(load(tmp_path), probe=True).problems if one.column == "Frame"]
    (problem,) = [one for one in check(load(tmp_path, frame_base=0), probe=True).problems if one.column == "Frame"]
    assert "frame 10, and the video ends with frame 9" in problem.what and problem.severity == "warning"


def test_voice_and_features_without_a_video(tmp_path):
    clips.wav(tmp_path / "a.wav", clips.tone(0.5))
    np.save(tmp_path / "f.npy", np.ones(3))
    (tmp_path / "g.npy").write_bytes(b"")
    text = "subject,group,audio,features_video_X\np1,ALS,a.wav,\np2,ALS,,f.npy\np3,HC,,g.npy\n"
    (tmp_path / "cohort.csv").write_text(text)
    before = load(tmp_path / "cohort.csv")
    after = check(before, probe=True)
    assert [(one.file, one.column) for one in after.problems if one not in before.problems] == [("g.npy", "features_video_X")]
    voice, features, _ = after.index.clips
    assert voice.duration_s == pytest.approx(0.5) and open_entry(voice).modalities == ("audio",)
    with pytest.raises(DataError, match="features"):
        open_entry(features)
