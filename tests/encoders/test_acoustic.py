import librosa
import numpy as np
import pytest

from divine.encoders import spectrum as ours
from divine.encoders.acoustic import CHANNELS, acoustic_channels
from divine.encoders.modulation import BANDS_HZ, modulation
from divine.encoders.waveform import LEVEL_RMS, Heard
from divine.records import Sound

RATE = 16_000


def noise(seconds: float = 1.0) -> np.ndarray:
    return np.random.default_rng(0).normal(size=int(seconds * RATE)) * 0.1


def test_spectrum_agrees_with_librosa():
    samples = noise()
    theirs = librosa.stft(samples, n_fft=512, hop_length=160, win_length=400, window=np.hanning(400), center=False)
    # librosa centres the 400-point window in the 512-point frame, so its frame i starts 56 samples later.
    found = ours.spectrum(samples[56:]).power[: theirs.shape[1]]
    np.testing.assert_allclose(found, np.abs(theirs.T) ** 2, rtol=1e-6, atol=1e-12)


def test_mel_filters_and_cepstra_agree_with_librosa():
    filters = librosa.filters.mel(sr=RATE, n_fft=512, n_mels=40, fmin=60, fmax=7600, htk=True, norm="slaney", dtype=np.float64)
    np.testing.assert_allclose(ours.mel_filters(), filters, atol=1e-12)
    power = ours.spectrum(noise()).power
    decibels = librosa.power_to_db(filters @ power.T, amin=1e-30, top_db=80, ref=1.0)
    np.testing.assert_allclose(
        ours.mfcc(ours.decibel(ours.mel_power(power))), librosa.feature.mfcc(S=decibels, n_mfcc=13).T, atol=1e-6
    )


def test_centroid_of_a_tone_is_its_frequency():
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    np.testing.assert_allclose(ours.centroid_hz(ours.spectrum(tone)), 1000, atol=5)


def test_loudness_of_the_recording_leaves_no_trace():
    quiet, loud = (acoustic_channels(Sound((noise() * gain).astype(np.float32), RATE))[0] for gain in (0.05, 1.0))
    np.testing.assert_allclose(quiet, loud, atol=1e-3)
    heard = Heard(Sound(noise().astype(np.float32), 8000))
    assert np.sqrt(np.mean(heard.stretch(0, len(heard)) ** 2)) == pytest.approx(LEVEL_RMS)


def test_pitch_of_a_glide_is_read_in_semitones():
    times = np.arange(2 * RATE) / RATE
    hertz = 100 * 2 ** (times / 2)  # an octave in two seconds
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 8))
    channels, at = acoustic_channels(Sound(np.asarray(voice * 0.1, dtype=np.float32), RATE))
    pitch = channels[:, CHANNELS.index("pitch")]
    inside = np.isfinite(pitch) & (at > 0.2) & (at < 1.8)
    assert inside.mean() > 0.7
    slope = np.polyfit(at[inside], pitch[inside], 1)[0]
    assert slope == pytest.approx(6.0, rel=0.02)


@pytest.mark.parametrize(("rate", "band"), [(0.8, 0), (2.5, 1), (4.5, 2), (7.0, 3)])
def test_a_beat_is_found_in_its_band(rate: float, band: int):
    times = np.arange(0, 8, 0.01)
    strengths = modulation(np.sin(2 * np.pi * rate * times), 100.0)[100:-100].mean(axis=0)
    assert strengths.argmax() == band
    assert strengths[band] == pytest.approx(2 / np.pi, rel=0.2)  # the mean of a rectified sine
    assert len(strengths) == len(BANDS_HZ)


@pytest.mark.parametrize(
    "samples", [np.zeros(RATE), np.zeros(3), np.ones(200), np.r_[np.zeros(800), 1, np.zeros(800)]], ids=repr
)
def test_silence_and_scraps_give_finite_numbers(samples: np.ndarray):
    channels, times = acoustic_channels(Sound(samples.astype(np.float32), RATE))
    defined = [i for i, name in enumerate(CHANNELS) if name not in {"pitch", "harmonicity"}]
    assert len(times) >= 1 and np.isfinite(channels[:, defined]).all()
