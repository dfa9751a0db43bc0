"""A recording on disk, as any reader finds it."""

from pathlib import Path

import av
import numpy as np
import pytest

from divine.synthetic.clip import SyntheticClip, render_clip
from divine.synthetic.subject import make_subject

SMALL = {"fps": 25.0, "seconds": 2.4, "size": (320, 240)}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> SyntheticClip:
    out = tmp_path_factory.mktemp("synthetic") / "one.mp4"
    return render_clip(make_subject("N001", "HC", 3), "DDK_PA", 1, out, **SMALL)


def test_a_reader_finds_picture_sound_and_the_mark(clip: SyntheticClip):
    with av.open(str(clip.path)) as file:
        assert "SYNTHETIC" in file.metadata["comment"]
        sound = sum(frame.samples for frame in file.decode(audio=0)) / file.streams.audio[0].rate
    with av.open(str(clip.path)) as file:
        times = [frame.time for frame in file.decode(video=0)]
    assert sound == pytest.approx(2.4, abs=0.15)
    assert times == pytest.approx(clip.times_s.tolist(), abs=1e-3)
    assert clip.points_px.shape == (60, 68, 2)


def test_the_same_arguments_give_the_same_bytes(clip: SyntheticClip, tmp_path: Path):
    again = render_clip(make_subject("N001", "HC", 3), "DDK_PA", 1, tmp_path / "again.mp4", **SMALL)
    other = render_clip(make_subject("N001", "HC", 3), "DDK_PA", 2, tmp_path / "other.mp4", **SMALL)
    assert again.path.read_bytes() == clip.path.read_bytes()
    assert other.path.read_bytes() != clip.path.read_bytes()


def test_uneven_frame_times_are_kept(tmp_path: Path):
    clip = render_clip(make_subject("N001", "HC", 3), "NSM_KISS", 1, tmp_path / "uneven.mp4", jitter=0.4, **SMALL)
    steps = np.diff(clip.times_s)
    assert steps.std() > 0.1 / 25 and steps.min() > 0
    with av.open(str(clip.path)) as file:
        assert [frame.time for frame in file.decode(video=0)] == pytest.approx(clip.times_s.tolist(), abs=1e-3)
