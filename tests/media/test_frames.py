from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from divine.media import MediaError, open_clip
from divine.media.frames import frames
from tests import clips


@pytest.mark.parametrize(("fixture", "fps"), [("numbered", 25), ("numbered_avi", 50)])
def test_every_frame_comes_once_in_order_and_on_time(fixture, fps, request):
    seen = [(frame.time_s, clips.read_barcode(frame.image)) for frame in frames(open_clip(request.getfixturevalue(fixture)))]
    assert [number for _, number in seen] == list(range(2 * fps))
    np.testing.assert_allclose([time_s for time_s, _ in seen], np.arange(2 * fps) / fps, atol=1e-6)


def test_uneven_times_and_a_late_start_are_kept(uneven):
    seen = list(frames(open_clip(uneven)))
    assert [clips.read_barcode(frame.image) for frame in seen] == list(range(60))
    np.testing.assert_allclose([frame.time_s for frame in seen], clips.uneven_times(60, start_s=0.2), atol=1e-5)


def test_colours_come_as_red_green_blue(tmp_path):
    image = np.zeros((96, 128, 3), np.uint8)
    image[:] = (200, 60, 30)
    from divine.media import write_video

    write_video(tmp_path / "red.mp4", [(0.0, image), (0.04, image)])
    first = next(frames(open_clip(tmp_path / "red.mp4")))
    assert first.image.shape == (96, 128, 3)
    assert first.image.dtype == np.uint8
    np.testing.assert_allclose(first.image.mean(axis=(0, 1)), (200, 60, 30), atol=4)


@pytest.mark.parametrize(
    ("degrees", "shape", "bright"),
    [(0, (96, 160), "left"), (90, (160, 96), "bottom"), (180, (96, 160), "right"), (-90, (160, 96), "top")],
)
def test_a_picture_is_turned_upright(degrees, shape, bright, tmp_path):
    """Turned anticlockwise by 90 degrees, what was on the left lies at the bottom."""
    from divine.media import write_video

    image = np.zeros((96, 160, 3), np.uint8)
    image[:, :40] = 255
    write_video(tmp_path / "lying.mp4", [(time_s, image) for time_s in (0.0, 0.04, 0.08)])
    clip = open_clip(clips.turned(tmp_path / "lying.mp4", tmp_path / "turned.mp4", degrees))
    assert (clip.video.height, clip.video.width) == shape
    for frame in frames(clip):
        assert frame.image.shape == (*shape, 3)
        edges = {
            "left": frame.image[:, :20],
            "right": frame.image[:, -20:],
            "top": frame.image[:20],
            "bottom": frame.image[-20:],
        }
        assert [name for name, edge in edges.items() if edge.mean() > 200] == [bright]


@pytest.mark.parametrize("b_frames", [0, 3])
def test_an_avi_with_h264_has_the_times_of_its_rate(b_frames, tmp_path):
    """An AVI stores no presentation times, and what FFmpeg guesses for H.264 is late, with B-frames even out of order."""
    path = tmp_path / "old.avi"
    with av.open(str(path), "w") as new:
        stream = new.add_stream("libx264", rate=25, options={"bf": str(b_frames), "g": "10"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(40):
            new.mux(stream.encode(av.VideoFrame.from_ndarray(clips.barcode(number), format="rgb24")))
        new.mux(stream.encode(None))
    seen = [(frame.time_s, clips.read_barcode(frame.image)) for frame in frames(open_clip(path))]
    assert [number for _, number in seen] == list(range(40))
    np.testing.assert_allclose([time_s for time_s, _ in seen], np.arange(40) / 25, atol=1e-9)


def test_decord_gives_the_same_frames_at_the_same_times(uneven):
    pytest.importorskip("decord")
    clip = open_clip(uneven)
    ours, theirs = list(frames(clip)), list(frames(clip, reader="decord"))
    assert [clips.read_barcode(frame.image) for frame in theirs] == list(range(60))
    np.testing.assert_allclose([frame.time_s for frame in theirs], [frame.time_s for frame in ours], atol=1e-4)


def test_decord_turns_pictures_as_we_do(tmp_path):
    pytest.importorskip("decord")
    source = clips.numbered_clip(tmp_path / "lying.mp4", clips.even_times(0.2, 25))
    clip = open_clip(clips.turned(source, tmp_path / "turned.mp4", -90))
    for ours, theirs in zip(frames(clip), frames(clip, reader="decord"), strict=True):
        assert ours.image.shape == theirs.image.shape
        assert np.abs(ours.image.astype(int) - theirs.image).mean() < 3


def test_without_decord_the_message_says_what_to_do(uneven, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "decord", None)
    with pytest.raises(MediaError, match="decord is not installed"):
        list(frames(open_clip(uneven), reader="decord"))


def test_a_damaged_file_is_too_much_for_decord_and_it_says_so(numbered, tmp_path):
    pytest.importorskip("decord")
    clip = open_clip(clips.cut_in_half(numbered, tmp_path / "half.mp4"))
    with pytest.raises(MediaError, match="reader pyav, which salvages more"):
        list(frames(clip, reader="decord"))


def test_a_sound_has_no_frames(tmp_path):
    clip = open_clip(clips.wav(tmp_path / "voice.wav", clips.tone(0.5)))
    with pytest.raises(MediaError, match=r"^voice\.wav: holds no picture"):
        frames(clip)


def test_a_stream_that_changes_its_size_keeps_the_clip_s(tmp_path):
    """A browser's camera may do so midway."""
    path = tmp_path / "changing.mkv"
    with av.open(str(path), "w") as new:
        stream = new.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for number in range(6):
            width, height = ((320, 240), (160, 120))[number >= 3]
            encoder = av.CodecContext.create("mjpeg", "w")
            encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, "yuvj420p", Fraction(1, 25)
            picture = av.VideoFrame.from_ndarray(clips.barcode(number, width=width, height=height), format="rgb24")
            for packet in (*encoder.encode(picture.reformat(format="yuvj420p")), *encoder.encode(None)):
                packet.pts = packet.dts = number
                packet.stream, packet.time_base = stream, Fraction(1, 25)
                new.mux(packet)
    seen = list(frames(open_clip(path)))
    assert {frame.image.shape for frame in seen} == {(240, 320, 3)}
    assert [clips.read_barcode(frame.image) for frame in seen] == list(range(6))
