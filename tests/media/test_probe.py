from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from divine.config import Limits
from divine.media import LimitError, MediaError, open_clip, read_sound
from divine.media.probe import sibling_sound
from tests import clips


def test_a_clip_says_what_was_written(numbered):
    clip = open_clip(numbered)
    assert clip.name == "numbered.mp4"
    assert clip.digest == hashlib.sha256(numbered.read_bytes()).hexdigest()
    assert clip.duration_s == pytest.approx(2.0, abs=0.05)
    assert clip.modalities == ("audio", "video")
    assert (clip.video.codec, clip.video.width, clip.video.height, clip.video.frames) == ("h264", 320, 240, 50)
    assert clip.video.fps == pytest.approx(25)
    assert (clip.video.start_s, clip.video.rotation_deg) == (0.0, 0)
    assert (clip.audio.codec, clip.audio.sample_rate_hz, clip.audio.channels) == ("aac", 48_000, 1)
    assert clip.audio.origin == "embedded"
    assert clip.notes == ("Sound: the recording's own.",)


def test_the_same_file_gives_the_same_clip_twice(numbered):
    assert open_clip(numbered) == open_clip(numbered)


def test_a_real_recording_opens(smile):
    clip = open_clip(smile)
    assert (clip.video.width, clip.video.height, clip.video.frames) == (640, 480, 208)
    assert clip.video.start_s == 0.064  # ffprobe: 1024 / 16000
    assert clip.audio.sample_rate_hz == 48_000


def test_late_starts_of_both_streams_are_kept(uneven):
    clip = open_clip(uneven)
    times_s = clips.uneven_times(60, start_s=0.2)
    assert clip.video.start_s == pytest.approx(times_s[0], abs=2e-5)
    assert clip.video.fps == pytest.approx(59 / (times_s[-1] - times_s[0]), rel=1e-4)
    assert clip.audio.start_s == pytest.approx(0.1, abs=0.025)  # minus the codec's priming, which is silent


def test_a_sibling_sound_comes_before_the_video_s_own_and_a_given_one_before_both(numbered, tmp_path):
    video = shutil.copy(numbered, tmp_path / "A002_02_NSM_BLOW_color.mp4")
    beside = clips.wav(tmp_path / "a002_02_nsm_blow_AL.WAV", clips.tone(2, rate_hz=16_000))
    given = clips.wav(tmp_path / "elsewhere.wav", clips.tone(2, rate_hz=22_050))

    clip = open_clip(video)
    assert (clip.audio.origin, clip.audio.path, clip.audio.sample_rate_hz) == ("sibling", beside, 16_000)
    assert f"Sound: {beside.name}, which lies beside the video." in clip.notes
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (video, beside)]
    assert clip.digest == hashlib.sha256("".join(digests).encode()).hexdigest()

    clip = open_clip(video, audio=given)
    assert (clip.audio.origin, clip.audio.path, clip.audio.sample_rate_hz) == ("given", given, 22_050)

    beside.unlink()
    assert open_clip(video).audio.origin == "embedded"


@pytest.mark.parametrize(
    ("video", "sounds", "chosen"),
    [
        ("A002_02_NSM_BLOW_color.avi", ["A002_02_NSM_BLOW.wav"], "A002_02_NSM_BLOW.wav"),
        ("A002_02_NSM_BLOW_color.avi", ["A002_02_NSM_BLOW_al.wav", "A002_02.wav"], "A002_02_NSM_BLOW_al.wav"),
        ("A002_02_NSM_BLOW_color.avi", ["A002_02_NSM_BLOW_color.Wav"], "A002_02_NSM_BLOW_color.Wav"),
        ("clip10.mp4", ["clip1.wav"], None),
        ("clip (1).mp4", ["clip (1).wav", "clip.wav"], "clip (1).wav"),
        ("A002_02_NSM_BLOW_color.avi", ["A003_02_NSM_BLOW.wav", "A002_02_NSM_BLOW.mp3"], None),
    ],
)
def test_which_sound_belongs_to_a_video(video, sounds, chosen, tmp_path):
    for name in (video, *sounds):
        (tmp_path / name).touch()
    found = sibling_sound(tmp_path / video)
    assert (found.name if found else None) == chosen


def test_a_damaged_sibling_is_told_and_the_video_s_own_sound_used(numbered, tmp_path):
    video = shutil.copy(numbered, tmp_path / "a.mp4")
    (tmp_path / "a.wav").write_text("no sound")
    clip = open_clip(video)
    assert clip.audio.origin == "embedded"
    assert clip.notes[0].startswith("The sound beside the video was not used: a.wav: is a text")


def test_a_damaged_given_sound_is_an_error(numbered, tmp_path):
    (tmp_path / "given.wav").write_text("no sound")
    with pytest.raises(MediaError, match=r"^given\.wav: is a text"):
        open_clip(numbered, audio=tmp_path / "given.wav")


def test_a_picture_given_as_sound_is_an_error(numbered, tmp_path):
    silent = clips.numbered_clip(tmp_path / "silent.mp4", clips.even_times(0.2, 25))
    with pytest.raises(MediaError, match=r"^silent\.mp4: holds no sound"):
        open_clip(numbered, audio=silent)


def test_a_video_without_sound(tmp_path):
    clip = open_clip(clips.numbered_clip(tmp_path / "silent.mp4", clips.even_times(0.4, 25)))
    assert clip.modalities == ("video",)
    assert "Sound: none; only what the picture tells is assessed." in clip.notes
    with pytest.raises(MediaError, match=r"^silent\.mp4: holds no sound"):
        read_sound(clip)


def test_a_sound_alone_is_a_clip(tmp_path):
    clip = open_clip(clips.wav(tmp_path / "voice.wav", clips.tone(1.5, rate_hz=44_100)))
    assert clip.modalities == ("audio",)
    assert clip.duration_s == pytest.approx(1.5)
    assert "Picture: none; only what the sound tells is assessed." in clip.notes


def test_the_cover_of_a_song_is_no_video(tmp_path):
    clip = open_clip(clips.song_with_cover(tmp_path / "song.mp3", clips.tone(1)))
    assert clip.modalities == ("audio",)
    assert clip.audio.start_s == 0.0


def test_telephone_sound_is_told(tmp_path):
    clip = open_clip(clips.wav(tmp_path / "phone.wav", clips.tone(1, rate_hz=8000)))
    assert clip.audio.sample_rate_hz == 8000
    assert "Sound was recorded at 8000 Hz: nothing above 4000 Hz can be measured." in clip.notes


def test_five_frames_a_second(tmp_path):
    clip = open_clip(clips.numbered_clip(tmp_path / "slow.mp4", clips.even_times(4, 5)))
    assert clip.video.fps == pytest.approx(5)
    assert clip.video.frames == 20


def test_sound_of_another_length_is_told(numbered, tmp_path):
    clip = open_clip(numbered, audio=clips.wav(tmp_path / "long.wav", clips.tone(5)))
    assert "Picture lasts 2.0 s and sound 5.0 s: check that they belong together." in clip.notes


def test_a_browser_s_recording_without_length_or_count(webcam):
    clip = open_clip(webcam)
    times_s = clips.uneven_times(40)
    assert clip.video.frames == 40
    assert clip.video.fps == pytest.approx(39 / times_s[-1], rel=0.01)
    assert clip.duration_s == pytest.approx(times_s[-1], abs=0.1)


HOSTILE = [
    "-rf.mp4",
    "two words.mp4",
    'it\'s "quoted".mp4',
    "new\nline.mp4",
    "Grüße 日本.mp4",
    "concat:a|b.mp4",
    "100%20#?.mp4",
    os.fsdecode(b"\xff\xfe.mp4"),
    "$(touch x);.mp4",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_only_a_name(name, numbered, tmp_path, monkeypatch):
    shutil.copy(numbered, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    clip = open_clip(Path(name))
    assert clip.name == name
    assert clip.video.frames == 50
    assert len(read_sound(clip).samples) > 90_000
    assert os.listdir() == [name]  # noqa: PTH208  nothing else appeared


def test_a_symbolic_link_is_followed(numbered, tmp_path):
    (tmp_path / "link.mp4").symlink_to(numbered)
    assert open_clip(tmp_path / "link.mp4").digest == open_clip(numbered).digest


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(bytes=1000), r"numbered\.mp4: has 0.* MiB, the limit is 0.0"),
        (Limits(seconds=1.5), r"numbered\.mp4: 2.* s long, the limit is 1\.5"),
        (Limits(pixels=320 * 240 - 1), r"numbered\.mp4: 76800 pixels a frame, the limit is 76799"),
        (Limits(frames=49), r"numbered\.mp4: 50 frames, the limit is 49"),
        (Limits(sample_rate_hz=44_100), r"numbered\.mp4: 48000 samples of sound a second, the limit is 44100"),
        (Limits(channels=0), r"numbered\.mp4: 1 channels of sound, the limit is 0"),
    ],
)
def test_beyond_a_limit_nothing_is_decoded(limits, message, numbered):
    with pytest.raises(LimitError, match=message):
        open_clip(numbered, limits=limits)
    assert open_clip(numbered, limits=Limits(seconds=3.0, pixels=320 * 240, frames=50, channels=1)).video is not None


def test_limits_hold_where_the_header_says_nothing(webcam):
    with pytest.raises(LimitError, match="longer than 1 s"):
        open_clip(webcam, limits=Limits(seconds=1.0))
    with pytest.raises(LimitError, match="more than 39 frames"):
        open_clip(webcam, limits=Limits(frames=39))


def test_4k_is_read_or_refused_by_its_limit(tmp_path):
    path = clips.numbered_clip(tmp_path / "4k.mp4", clips.even_times(0.08, 25), width=3840, height=2160)
    assert open_clip(path).video.width == 3840
    with pytest.raises(LimitError, match="8294400 pixels a frame"):
        open_clip(path, limits=Limits(pixels=1920 * 1080))


def test_a_sound_that_is_not_a_number_becomes_silence(tmp_path):
    import soundfile

    samples = np.full(16_000, np.nan, np.float32)
    samples[8000:] = 0.25
    soundfile.write(str(tmp_path / "nan.wav"), samples, 16_000, subtype="FLOAT")
    sound = read_sound(open_clip(tmp_path / "nan.wav"))
    np.testing.assert_array_equal(sound.samples, np.repeat(np.float32([0, 0.25]), 8000))
