from __future__ import annotations

import numpy as np
import pytest
import soundfile
import soxr

from divine.config import Limits
from divine.media import LimitError, open_clip, pack, read_sound
from divine.media.errors import IsolationError
from divine.records import Sound
from tests import clips


def onsets(sound: Sound, *, threshold: float = 0.2) -> np.ndarray:
    """Times on the clip's clock at which the sound rises out of 50 ms of silence."""
    loud = np.flatnonzero(np.abs(sound.samples) > threshold)
    first = loud[np.diff(loud, prepend=-sound.rate_hz) > 0.05 * sound.rate_hz]
    return sound.start_s + first / sound.rate_hz


def test_pcm_comes_back_exactly(tmp_path):
    written = clips.tone(1.0, rate_hz=44_100)
    sound = read_sound(open_clip(clips.wav(tmp_path / "voice.wav", written)))
    truth, _ = soundfile.read(str(tmp_path / "voice.wav"), dtype="float32")
    assert (sound.rate_hz, sound.start_s, sound.notes) == (44_100, 0.0, ())
    assert sound.samples.dtype == np.float32
    np.testing.assert_array_equal(sound.samples, truth)


@pytest.mark.parametrize(
    ("subtype", "tolerance"),
    [("PCM_U8", 0.01), ("PCM_16", 1e-4), ("PCM_24", 1e-6), ("PCM_32", 1e-6), ("FLOAT", 0), ("DOUBLE", 1e-7)],
)
def test_every_width_of_sample_has_the_same_scale(subtype, tolerance, tmp_path):
    written = clips.tone(0.1)
    soundfile.write(str(tmp_path / "a.wav"), written.samples, 48_000, subtype=subtype)
    np.testing.assert_allclose(read_sound(open_clip(tmp_path / "a.wav")).samples, written.samples, atol=tolerance)


def test_channels_are_averaged(tmp_path):
    left, right = np.full(4800, 0.5, np.float32), np.full(4800, -0.1, np.float32)
    soundfile.write(str(tmp_path / "stereo.wav"), np.stack([left, right], 1), 48_000, subtype="FLOAT")
    np.testing.assert_allclose(read_sound(open_clip(tmp_path / "stereo.wav")).samples, 0.2, atol=1e-7)


@pytest.mark.parametrize("rate_hz", [16_000, 48_000, 8000])
def test_resampling_in_pieces_equals_resampling_at_once(rate_hz, tmp_path):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 100_001).astype(np.float32)
    soundfile.write(str(tmp_path / "noise.wav"), samples, 44_100, subtype="FLOAT")
    sound = read_sound(open_clip(tmp_path / "noise.wav"), rate_hz=rate_hz)
    truth = soxr.resample(samples, 44_100, rate_hz, quality="HQ")
    assert sound.rate_hz == rate_hz
    assert len(sound.samples) == pytest.approx(len(truth), abs=1)
    count = min(len(truth), len(sound.samples))
    np.testing.assert_allclose(sound.samples[:count], truth[:count], atol=1e-3)


def test_telephone_sound_stays_at_its_rate_unless_asked(tmp_path):
    clip = open_clip(clips.wav(tmp_path / "phone.wav", clips.tone(1.0, rate_hz=8000)))
    assert read_sound(clip).rate_hz == 8000
    assert len(read_sound(clip, rate_hz=16_000).samples) == pytest.approx(16_000, abs=2)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
@pytest.mark.parametrize("start_s", [0.0, 0.3])
def test_sound_and_picture_share_one_clock(suffix, start_s, tmp_path):
    """Clicks begin with frames 10, 20 and 30, whatever the codec's priming and the streams' starts."""
    times_s = clips.even_times(2, 25)
    at_s = times_s[[10, 20, 30]]
    sound = clips.clicks(2, at_s, start_s=start_s)
    path = clips.numbered_clip(tmp_path / f"clicks.{suffix}", times_s, sound=sound, fps=25)
    heard = onsets(read_sound(open_clip(path)))
    np.testing.assert_allclose(heard, at_s, atol=0.002)


def test_a_sibling_starts_with_the_clip_s_clock(tmp_path):
    clips.numbered_clip(tmp_path / "a.mp4", clips.even_times(1, 25, start_s=0.2))
    clips.wav(tmp_path / "a.wav", clips.clicks(1.2, [0.5]))
    np.testing.assert_allclose(onsets(read_sound(open_clip(tmp_path / "a.mp4"))), [0.5], atol=1e-4)


def test_an_mp3_keeps_its_times_in_spite_of_the_coder_s_delay(numbered, tmp_path):
    song = clips.song_with_cover(tmp_path / "song.mp3", clips.clicks(1.5, [0.25, 1.0]))
    np.testing.assert_allclose(onsets(read_sound(open_clip(numbered, audio=song))), [0.25, 1.0], atol=0.003)


def test_missing_sound_in_between_becomes_silence_and_a_note(tmp_path):
    path = clips.with_a_hole(tmp_path / "hole.mkv", clips.clicks(3, [0.5, 2.5]), hole_s=(1.0, 2.0))
    sound = read_sound(open_clip(path))
    np.testing.assert_allclose(onsets(sound), [0.5, 2.5], atol=0.005)
    assert sound.duration_s == pytest.approx(3, abs=0.05)
    assert any("of sound are missing in between" in note for note in sound.notes)


def test_a_broken_tail_is_told(numbered, tmp_path):
    clip = open_clip(numbered)
    sound = read_sound(clip)
    damaged = open_clip(clips.with_scratches(numbered, tmp_path / "scratched.mp4", first=0.5, count=200))
    heard = read_sound(damaged)
    assert heard.notes
    assert len(heard.samples) <= len(sound.samples)


def test_too_long_a_sound_is_refused_while_decoding_too(numbered):
    """The file may have been replaced by a longer one since it was opened."""
    with pytest.raises(LimitError, match="its sound is longer than 1 s"):
        read_sound(open_clip(numbered), limits=Limits(seconds=1.0))


@pytest.mark.parametrize("about", [{"notes": []}, {"rate_hz": "much", "notes": []}, {"rate_hz": 16000, "notes": 5}])
def test_an_answer_that_no_honest_child_gives_is_refused(about, numbered, monkeypatch):
    answer = pack({"samples": np.zeros(3, np.float32)}, about)
    monkeypatch.setattr("divine.media.sound.run_isolated", lambda *_, **__: answer)
    with pytest.raises(IsolationError, match="answered nonsense"):
        read_sound(open_clip(numbered))


def test_progress_reaches_the_end(fox):
    heard: list[float] = []
    sound = read_sound(open_clip(fox), on_progress=heard.append)
    assert sound.duration_s == pytest.approx(10.2, abs=0.1)
    assert heard == sorted(heard)
