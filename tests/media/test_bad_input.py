"""Each file that is no good recording: a clear message that names it, or what can be salvaged, and a note."""

from __future__ import annotations

import numpy as np
import pytest

from divine.media import MediaError, open_clip, read_sound, viewing_copy
from divine.media.frames import frames
from tests import clips


def refused(path, message):
    with pytest.raises(MediaError) as caught:
        open_clip(path)
    assert str(caught.value).startswith(f"{path.name}: {message}")


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.mp4").touch()
    refused(tmp_path / "empty.mp4", "is empty")


def test_a_missing_file(tmp_path):
    refused(tmp_path / "absent.mp4", "there is no such file")


def test_a_folder(tmp_path):
    refused(tmp_path, "is a folder")


def test_a_name_that_is_too_long(tmp_path):
    refused(tmp_path / f"{'x' * 300}.mp4", "cannot be read")


def test_a_device(tmp_path):
    (tmp_path / "endless.mp4").symlink_to("/dev/zero")
    refused(tmp_path / "endless.mp4", "is not a regular file")


def test_a_text_renamed(tmp_path):
    (tmp_path / "text.mp4").write_text("Dear Sir or Madam,\n" * 100)
    refused(tmp_path / "text.mp4", "is a text, not a recording")


def test_a_picture_renamed(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "picture.png"), clips.barcode(1))
    (tmp_path / "picture.png").rename(tmp_path / "picture.mp4")
    refused(tmp_path / "picture.mp4", "is not a recording that can be read")


@pytest.mark.parametrize("beginning", ["ffconcat version 1.0\n", "", "#EXTM3U\n#EXTINF:2,\n"])
def test_a_list_of_other_files_reads_none_of_them(beginning, numbered, tmp_path):
    line = str(numbered) if beginning.startswith("#") else f"file '{numbered}'"
    (tmp_path / "list.mp4").write_text(f"{beginning}{line}\n")
    refused(tmp_path / "list.mp4", "is a text, not a recording")


def test_noise(tmp_path):
    (tmp_path / "noise.avi").write_bytes(np.random.default_rng(0).bytes(100_000))
    refused(tmp_path / "noise.avi", "")


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_header(seed, numbered, numbered_avi, tmp_path):
    for source in (numbered, numbered_avi):
        refused(clips.with_damaged_header(source, tmp_path / f"damaged{source.suffix}", seed=seed), "")


def test_an_mp4_without_its_index(numbered, tmp_path):
    """As a camera leaves it when its battery dies: the index was to be written last."""
    content = numbered.read_bytes()
    at = content.index(b"moov")
    (tmp_path / "died.mp4").write_bytes(content[: at - 4] + content[content.index(b"mdat") - 4 :])
    refused(tmp_path / "died.mp4", "its header is damaged, or the recording was cut off")


def test_a_header_without_streams(numbered, tmp_path):
    content = numbered.read_bytes()
    (tmp_path / "hollow.mp4").write_bytes(content[: content.index(b"trak") - 4].replace(b"mvhd", b"free"))
    refused(tmp_path / "hollow.mp4", "")


def test_a_wav_without_samples(tmp_path):
    path = clips.wav(tmp_path / "nothing.wav", clips.tone(0))
    refused(path, "")


@pytest.mark.parametrize("fixture", ["numbered", "numbered_avi"])
def test_cut_in_half_the_first_half_is_salvaged(fixture, request, tmp_path):
    source = request.getfixturevalue(fixture)
    whole = open_clip(source)
    clip = open_clip(clips.cut_in_half(source, tmp_path / f"half{source.suffix}"))
    assert f"of {whole.video.frames} frames can be read" in clip.notes[0]
    assert 0.3 * whole.video.frames < clip.video.frames < 0.7 * whole.video.frames

    reader = frames(clip)
    seen = [clips.read_barcode(frame.image) for frame in reader]
    assert seen == list(range(len(seen)))
    assert len(seen) >= clip.video.frames - 1
    assert len(seen) == clip.video.frames or reader.notes
    assert read_sound(clip).duration_s == pytest.approx(clip.duration_s, abs=0.2)


def test_a_matroska_cut_in_half_is_told(tmp_path):
    source = clips.numbered_clip(tmp_path / "whole.mkv", clips.even_times(2, 25))
    clip = open_clip(clips.cut_in_half(source, tmp_path / "half.mkv"))
    assert "is damaged or cut off" in clip.notes[0]


def test_scratches_cost_the_frames_they_touch(numbered_avi, tmp_path):
    """Motion JPEG: each frame stands alone, so the others must all be there, with their own times."""
    source = clips.numbered_clip(tmp_path / "whole.avi", clips.even_times(2, 50), fps=50)
    clip = open_clip(clips.with_scratches(source, tmp_path / "scratched.avi", count=12))
    reader = frames(clip)
    seen = [(frame.time_s, clips.read_barcode(frame.image)) for frame in reader]
    assert [number for _, number in seen[:55]] == list(range(55))
    right = [(time_s, number) for time_s, number in seen if abs(time_s - number / 50) < 1e-9]
    assert len(right) >= 85
    assert len(seen) == 100 or reader.notes


def test_a_title_in_an_old_encoding_is_no_obstacle(numbered_avi, tmp_path):
    content = numbered_avi.read_bytes()
    assert content.count(b"SYNTHETIC") == 1
    (tmp_path / "old.avi").write_bytes(content.replace(b"SYNTHETIC", "Jürgen Mü".encode("latin-1")))
    assert open_clip(tmp_path / "old.avi").video.frames == 100


def test_a_codec_that_nobody_knows(numbered_avi, tmp_path):
    """The sound is still worth having; and where that is unknown too, the message says so."""
    content = numbered_avi.read_bytes().replace(b"MJPG", b"????")
    (tmp_path / "unknown.avi").write_bytes(content)
    clip = open_clip(tmp_path / "unknown.avi")
    assert clip.modalities == ("audio",)
    assert clip.notes[0] == "unknown.avi: holds video of an unknown codec, which was left out."
    at = content.index(b"strf", content.index(b"auds")) + 8
    (tmp_path / "both.avi").write_bytes(content[:at] + b"\xfe\xca" + content[at + 2 :])
    refused(tmp_path / "both.avi", "holds no picture or sound of a known codec")


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_wrong_a_clip_or_a_message_comes_back(seed, numbered, numbered_avi, tmp_path):
    """Bytes changed, bytes lost, an end lost: the codec may crash, but no defect of ours may show."""
    rng = np.random.default_rng(seed)
    for source in (numbered, numbered_avi):
        content = bytearray(source.read_bytes())
        if seed % 4 == 0:
            content = content[: rng.integers(1, len(content))]
        elif seed % 4 == 1:
            first, last = np.sort(rng.integers(0, len(content), 2))
            del content[first:last]
        else:
            for at in rng.integers(0, len(content) if seed % 4 == 2 else 2000, 20):
                content[at] = rng.integers(256)
        path = tmp_path / f"wrong{source.suffix}"
        path.write_bytes(content)
        try:
            clip = open_clip(path)
            if clip.video is not None:
                viewing_copy(clip, tmp_path / "copy.mp4")
            if clip.audio is not None:
                read_sound(clip)
        except MediaError as error:
            assert "nobody foresaw" not in str(error)


def test_scratched_h264_ends_in_frames_and_notes_not_in_an_error(tmp_path):
    source = clips.numbered_clip(tmp_path / "whole.mp4", clips.even_times(4, 25))
    clip = open_clip(clips.with_scratches(source, tmp_path / "scratched.mp4", first=0.5, count=60))
    reader = frames(clip)
    times_s = [frame.time_s for frame in reader]
    assert len(times_s) >= 40
    assert times_s == sorted(set(times_s))
    assert len(times_s) == 100 or reader.notes
