from __future__ import annotations

import av
import numpy as np
import pytest

from divine.media import MediaError, open_clip, read_sound, viewing_copy
from divine.media.frames import frames
from tests import clips
from tests.media.test_sound import onsets


def independent_times(path) -> list[float]:
    """Presentation times by plain PyAV."""
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


@pytest.mark.parametrize("fixture", ["numbered", "numbered_avi", "uneven"])
def test_every_frame_keeps_its_time_exactly(fixture, request, tmp_path):
    clip = open_clip(request.getfixturevalue(fixture))
    times_s = viewing_copy(clip, tmp_path / "copy.mp4")
    assert times_s.tolist() == [frame.time_s for frame in frames(clip)] == independent_times(tmp_path / "copy.mp4")
    copied = [clips.read_barcode(frame.image) for frame in frames(open_clip(tmp_path / "copy.mp4"))]
    assert copied == list(range(clip.video.frames))


def test_a_browser_s_own_recording_keeps_its_times(webcam, tmp_path):
    times_s = viewing_copy(open_clip(webcam), tmp_path / "copy.mp4")
    assert times_s.tolist() == independent_times(tmp_path / "copy.mp4") == independent_times(webcam)


def test_a_real_recording_keeps_its_times(smile, tmp_path):
    times_s = viewing_copy(open_clip(smile), tmp_path / "copy.mp4")
    assert times_s.tolist() == independent_times(smile) == independent_times(tmp_path / "copy.mp4")


def test_a_browser_can_play_it(uneven, tmp_path):
    viewing_copy(open_clip(uneven), tmp_path / "copy.mp4")
    content = (tmp_path / "copy.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(tmp_path / "copy.mp4")) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert audio.codec_context.name == "aac"
        packets = [packet for packet in container.demux(video) if packet.size]
    assert all(packet.pts == packet.dts for packet in packets)  # no B-frames
    keys = [index for index, packet in enumerate(packets) if packet.is_keyframe]
    assert max(np.diff([*keys, len(packets)])) <= 12


def test_what_the_camera_wrote_about_itself_is_gone(tmp_path):
    source = tmp_path / "private.mp4"
    with av.open(str(source), "w") as new:
        new.metadata["comment"] = "Jane Doe"
        new.metadata["title"] = "Jane Doe's consultation"
        stream = new.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(3):
            new.mux(stream.encode(av.VideoFrame.from_ndarray(clips.barcode(number), format="rgb24")))
        new.mux(stream.encode(None))
    assert b"Jane" in source.read_bytes()
    viewing_copy(open_clip(source), tmp_path / "copy.mp4")
    assert b"Jane" not in (tmp_path / "copy.mp4").read_bytes()


@pytest.mark.parametrize("rate_hz", [48_000, 192_000, 8000])
def test_a_sibling_s_sound_is_in_the_copy_and_in_time(rate_hz, tmp_path):
    clips.numbered_clip(tmp_path / "a.avi", clips.even_times(2, 50), fps=50)
    clips.wav(tmp_path / "a.wav", clips.clicks(2, [0.5, 1.5], rate_hz=rate_hz))
    viewing_copy(open_clip(tmp_path / "a.avi"), tmp_path / "copy" / "a.mp4")
    heard = onsets(read_sound(open_clip(tmp_path / "copy" / "a.mp4")))
    np.testing.assert_allclose(heard, [0.5, 1.5], atol=0.003)


def test_it_is_upright_and_of_even_size(numbered, tmp_path):
    clip = open_clip(clips.turned(numbered, tmp_path / "turned.mp4", -90))
    times_s = viewing_copy(clip, tmp_path / "copy.mp4")
    copy = open_clip(tmp_path / "copy.mp4")
    assert (copy.video.width, copy.video.height, copy.video.rotation_deg) == (240, 320, 0)
    for ours, theirs in zip(frames(clip), frames(copy), strict=True):
        assert ours.time_s == theirs.time_s
        assert np.abs(ours.image.astype(int) - theirs.image).mean() < 5
    assert len(times_s) == 50


def test_an_odd_size_gains_a_row_and_a_column(tmp_path):
    path = tmp_path / "odd.mkv"
    with av.open(str(path), "w") as new:
        stream = new.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 161, 121, "yuvj444p"
        for number in range(3):
            new.mux(stream.encode(av.VideoFrame.from_ndarray(clips.barcode(number, width=161, height=121), format="rgb24")))
        new.mux(stream.encode(None))
    viewing_copy(open_clip(path), tmp_path / "copy.mp4")
    copy = open_clip(tmp_path / "copy.mp4")
    assert (copy.video.width, copy.video.height) == (162, 122)


def test_a_damaged_source_gives_the_frames_it_has(numbered, tmp_path):
    clip = open_clip(clips.cut_in_half(numbered, tmp_path / "half.mp4"))
    times_s = viewing_copy(clip, tmp_path / "copy.mp4")
    assert times_s.tolist() == [frame.time_s for frame in frames(clip)]


def test_colours_of_the_copy_are_those_of_the_source(numbered_avi, tmp_path):
    """Motion JPEG has full-range colours, an MP4 those of television: they must be converted, not relabelled."""
    clip = open_clip(numbered_avi)
    viewing_copy(clip, tmp_path / "copy.mp4")
    for ours, theirs in zip(frames(clip), frames(open_clip(tmp_path / "copy.mp4")), strict=True):
        assert abs(int(ours.image[200:].mean()) - int(theirs.image[200:].mean())) <= 2


def test_a_stopped_copy_leaves_nothing_behind(fox, tmp_path):
    class StopError(Exception):
        pass

    def stop(fraction: float) -> None:
        if fraction > 0.1:
            raise StopError

    with pytest.raises(StopError):
        viewing_copy(open_clip(fox), tmp_path / "copy.mp4", on_progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_sound_alone_has_no_viewing_copy(tmp_path):
    clip = open_clip(clips.wav(tmp_path / "voice.wav", clips.tone(0.5)))
    with pytest.raises(MediaError, match="nothing to view"):
        viewing_copy(clip, tmp_path / "copy.mp4")
    assert not (tmp_path / "copy.mp4").exists()
