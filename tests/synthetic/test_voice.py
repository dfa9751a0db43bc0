"""The voice against Praat, which knows nothing of how it was made."""

from dataclasses import replace

import numpy as np
import parselmouth
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from divine.records import Sound
from divine.synthetic.gesture import make_gesture
from divine.synthetic.subject import Subject, make_subject
from divine.synthetic.tracks import Gesture
from divine.synthetic.voice import synthesise


def vowel(subject: Subject, formants: tuple[float, float, float] = (730.0, 1090.0, 2440.0)) -> Sound:
    """Three seconds of one vowel at one pitch, mouth open."""
    gesture = make_gesture(subject, "DDK_PA", 0, 3.0)
    ones = np.ones_like(gesture.times_s)
    tract = gesture.tract._replace(voicing=ones, f0=ones, closed=0 * ones, bursts=(), formants_hz=np.outer(ones, formants))
    return synthesise(subject, replace(gesture, mouth=gesture.mouth._replace(aperture_mm=11 * ones), tract=tract), 0)


def praat(sound: Sound) -> parselmouth.Sound:
    return parselmouth.Sound(sound.samples.astype(float), sound.rate_hz)


def peaks(sound: Sound) -> np.ndarray:
    """Syllable nuclei: maxima of the smoothed intensity."""
    envelope = gaussian_filter1d(np.abs(sound.samples), 0.02 * sound.rate_hz)
    found, _ = find_peaks(envelope, height=0.3 * envelope.max(), prominence=0.25 * envelope.max())
    return found / sound.rate_hz


@pytest.mark.parametrize(("group", "seed"), [("HC", 0), ("HC", 2), ("ALS", 3), ("Stroke", 11)])
def test_pitch_is_the_speakers(group: str, seed: int):
    subject = make_subject("X", group, seed)  # pyright: ignore[reportArgumentType]
    pitch = praat(vowel(subject)).to_pitch().selected_array["frequency"]
    assert np.median(pitch[pitch > 0]) == pytest.approx(subject.voice.f0_hz, rel=0.01)


def test_formants_are_the_vowels_scaled_by_the_tract():
    subject = make_subject("X", "HC", 4)
    for target in ((730.0, 1090.0, 2440.0), (320.0, 2200.0, 2900.0)):
        found = praat(vowel(subject, target)).to_formant_burg(maximum_formant=5000 * subject.voice.tract)
        times = np.arange(0.5, 2.5, 0.05)
        medians = [np.nanmedian([found.get_value_at_time(number, time) for time in times]) for number in (1, 2, 3)]
        assert np.array(medians) / subject.voice.tract == pytest.approx(np.array(target), rel=0.09)


def test_dysphonia_roughens_the_voice():
    subject = make_subject("X", "HC", 0)

    def harmonicity(amount: float) -> float:
        hoarse = replace(subject, pathology=replace(subject.pathology, dysphonia=amount))
        values = praat(vowel(hoarse)).to_harmonicity().values
        return float(values[values > -100].mean())

    assert harmonicity(0.9) < harmonicity(0.0) - 2.0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_syllable_rate_can_be_counted_in_the_sound(seed: int):
    subject = make_subject("N", "HC", seed)
    gesture = make_gesture(subject, "DDK_PA", 0)
    found = peaks(synthesise(subject, gesture, 0))
    assert (len(found) - 1) / (found[-1] - found[0]) == pytest.approx(gesture.truth.syllable_rate_hz, rel=0.05)


def test_sealed_lips_are_silent_and_parted_ones_sound():
    """Two views of one process: intensity follows the same aperture that the face shows."""
    subject = make_subject("N", "HC", 1)
    gesture = make_gesture(subject, "DDK_PA", 0)
    sound = synthesise(subject, gesture, 0)
    times = np.arange(len(sound.samples)) / sound.rate_hz
    aperture = np.interp(times, gesture.times_s, gesture.mouth.aperture_mm)
    middle = (times > 0.5) & (times < 5.0)
    loud = np.sqrt(np.mean(sound.samples[middle & (aperture > 6)] ** 2))
    quiet = np.sqrt(np.mean(sound.samples[middle & (aperture < 0.1)] ** 2))
    assert 20 * np.log10(loud / quiet) > 15


def test_silent_tasks_are_nearly_silent_and_blowing_is_not():
    subject = make_subject("N", "HC", 1)
    level = {task: 20 * np.log10(sound_of(subject, task).samples.std()) for task in ("NSM_OPEN", "NSM_BLOW", "BBP_NORMAL")}
    assert level["NSM_OPEN"] < -50 < level["NSM_BLOW"]
    assert -35 < level["BBP_NORMAL"] < -15


def sound_of(subject: Subject, task: str) -> Sound:
    gesture: Gesture = make_gesture(subject, task, 0)
    return synthesise(subject, gesture, 0)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_sound_has_the_asked_rate_and_repeats_itself(rate: int):
    subject = make_subject("S", "Stroke", 8)
    gesture = make_gesture(subject, "DDK_PATAKA", 3, 2.5)
    first, again = (synthesise(subject, gesture, 3, rate) for _ in range(2))
    assert first.rate_hz == rate
    assert len(first.samples) == round(2.5 * rate)
    assert np.array_equal(first.samples, again.samples)
    assert np.abs(first.samples).max() < 1
