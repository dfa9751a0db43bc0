from __future__ import annotations

import av
import numpy as np
import pytest

from divine.media import MediaError, write_video
from divine.records import Sound
from tests import clips


def read(path):
    with av.open(str(path)) as container:
        return [(frame.time, clips.read_barcode(frame.to_ndarray(format="rgb24"))) for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "codec", "tolerance_s"), [("a.mp4", "h264", 6e-6), ("a.mkv", "h264", 6e-4), ("a.mp4", "mjpeg", 6e-6)]
)
def test_uneven_times_are_kept(name, codec, tolerance_s, tmp_path):
    times_s = clips.uneven_times(40, start_s=0.123)
    write_video(tmp_path / name, clips.barcodes(times_s), codec=codec)
    seen = read(tmp_path / name)
    assert [number for _, number in seen] == list(range(40))
    np.testing.assert_allclose([time_s for time_s, _ in seen], times_s, atol=tolerance_s)


@pytest.mark.parametrize("fps", [50, 29.97, 59.94, 12.5])
def test_an_avi_has_its_rate(fps, tmp_path):
    write_video(tmp_path / "a.avi", clips.barcodes(np.arange(20) / fps), codec="mjpeg", fps=fps)
    np.testing.assert_allclose([time_s for time_s, _ in read(tmp_path / "a.avi")], np.arange(20) / fps, atol=1e-6)


def test_the_comment_is_written(tmp_path):
    for name in ("a.mp4", "a.avi"):
        write_video(tmp_path / name, clips.barcodes([0.0, 0.04]), fps=25, comment="SYNTHETIC")
        with av.open(str(tmp_path / name)) as container:
            assert container.metadata["comment"] == "SYNTHETIC"


def test_sound_before_time_zero_is_left_out(tmp_path):
    sound = Sound(samples=np.r_[np.full(4800, 0.9), np.full(4800, 0.1)].astype(np.float32), rate_hz=48_000, start_s=-0.1)
    write_video(tmp_path / "a.avi", clips.barcodes([0.0, 0.04]), codec="mjpeg", fps=25, sound=sound)
    with av.open(str(tmp_path / "a.avi")) as container:
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
    np.testing.assert_allclose(samples / 32768, 0.1, atol=1e-3)
    assert len(samples) == 4800


def test_odd_sizes_gain_a_row_or_column(tmp_path):
    write_video(tmp_path / "a.mp4", clips.barcodes([0.0, 0.04], width=161, height=121))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (162, 122)


@pytest.mark.parametrize(
    ("times_s", "message"), [([], "not one picture"), ([0.0, 0.04, 0.04], "times must rise"), ([0.04, 0.0], "times must rise")]
)
def test_what_cannot_be_a_video_is_refused_and_leaves_nothing(times_s, message, tmp_path):
    with pytest.raises(MediaError, match=message):
        write_video(tmp_path / "a.mp4", clips.barcodes(times_s))
    assert list(tmp_path.iterdir()) == []


def test_a_size_that_changes_is_refused(tmp_path):
    pictures = [(0.0, clips.barcode(0)), (0.04, clips.barcode(1, width=160, height=120))]
    with pytest.raises(MediaError, match="every picture must be 320 x 240"):
        write_video(tmp_path / "a.mp4", pictures)
    assert list(tmp_path.iterdir()) == []


def test_an_avi_needs_a_rate(tmp_path):
    with pytest.raises(MediaError, match="needs a frame rate"):
        write_video(tmp_path / "a.avi", clips.barcodes([0.0]))


def test_a_failing_source_leaves_the_old_file(tmp_path):
    write_video(tmp_path / "a.mp4", clips.barcodes([0.0, 0.04]))
    before = (tmp_path / "a.mp4").read_bytes()

    def failing():
        yield 0.0, clips.barcode(7)
        raise RuntimeError("the renderer failed")

    with pytest.raises(RuntimeError, match="the renderer failed"):
        write_video(tmp_path / "a.mp4", failing())
    assert (tmp_path / "a.mp4").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["a.xyz", "a"])
def test_an_unknown_ending_is_refused(name, tmp_path):
    with pytest.raises(MediaError, match="cannot be written"):
        write_video(tmp_path / name, clips.barcodes([0.0]))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MediaError, match="cannot be written"):
        write_video(tmp_path / "file" / "a.mp4", clips.barcodes([0.0]))


def test_the_same_frames_give_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, clips.barcodes(clips.even_times(1, 25)), sound=clips.tone(1))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
