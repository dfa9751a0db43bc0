"""The gate before a prediction: is this recording fit to be judged, and if not, what should be done?

Thresholds are those of measurement, not of any cohort: below 20 frames/s a syllable passes between two frames, below 16 kHz
consonants are lost, and so on; each check says its own. A recording that fails is still judged, and flagged.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from divine.face.kinematic_quality import FaceQuality
from divine.measures import SPEECH_TASKS
from divine.records import Check, Clip, Modality, Observation, Quality
from divine.voice.quality import VoiceQuality

LEAST_FACE_S = 0.5
LEAST_VOICE_S = 0.5
SILENCE_DBFS = -60.0
"""A recording whose loudest sample stays below it holds no sound that could be judged."""

_LIPS = "Keep hands and microphone off the mouth, in even light. Before use, see in the session where points are lost or slide."


def usable(observation: Observation) -> tuple[Modality, ...]:
    """Name the modalities that a model may be given: half a second of face in all, a sound above -60 dBFS."""
    modalities: list[Modality] = []
    sound, landmarks = observation.sound, observation.landmarks
    if sound is not None and len(sound.samples) and np.abs(sound.samples).max() > 10 ** (SILENCE_DBFS / 20):
        modalities.append("audio")
    if landmarks is not None and len(landmarks.times_s) > 1:
        frame_s = float(np.median(np.diff(landmarks.times_s)))
        if landmarks.found.sum() * frame_s >= LEAST_FACE_S:
            modalities.append("video")
    return tuple(modalities)


def gate(clip: Clip, face: FaceQuality | None, voice: VoiceQuality | None, task: str | None) -> Quality:
    """Check a recording by the numbers of its face and voice; a modality that is absent has no checks."""
    checks = [at_least("duration", clip.duration_s, 1.0, "s", "Record at least a few repetitions of the task.")]
    if face is not None:
        checks += _face(face)
    if voice is not None:
        checks += _voice(voice, task)
    return Quality(tuple(checks))


def hearing_notes(voice: VoiceQuality | None) -> tuple[str, ...]:
    """Say so where a sound is judged that holds hardly any voice, as of movements without speech."""
    if voice is None or voice.peak_dbfs < SILENCE_DBFS or voice.voiced_s >= LEAST_VOICE_S:
        return ()
    return (f"Hardly any voice is heard ({voice.voiced_s:.1f} s): what is said of the voice rests on background sound.",)


def at_least(name: str, value: float, bound: float, unit: str, advice: str) -> Check:
    """Check that a value reaches a bound."""
    return Check(name, float(value), unit, bool(value >= bound), f"{advice} (at least {bound:g} {unit})".replace(" )", ")"))


def at_most(name: str, value: float, bound: float, unit: str, advice: str) -> Check:
    """Check that a value does not pass a bound."""
    return Check(name, float(value), unit, bool(value <= bound), f"{advice} (at most {bound:g} {unit})".replace(" )", ")"))


def _face(face: FaceQuality) -> Iterator[Check]:
    yield at_least("face in sight", 100 * face.found_fraction, 90.0, "%", "Keep the whole face in the picture, from the front.")
    yield at_least("frame rate", face.frame_rate_hz, 20.0, "frames/s", "Record at 30 frames per second or more, in good light.")
    if face.intercanthal_px is None:
        return
    yield at_least("mouth followed", 100 * face.mouth_followed_fraction, 80.0, "%", _LIPS)
    yield at_most("several faces", 100 * face.several_faces_fraction, 5.0, "%", "Have only the subject in the picture.")
    yield at_least("face size", face.intercanthal_px, 25.0, "px", "Come nearer: inner corners of the eyes this far apart.")
    if face.cut_fraction is not None:
        yield at_most("face cut off", 100 * face.cut_fraction, 5.0, "%", "Leave some room around the face.")
    if face.turn_deg is not None:
        yield at_most("head turn", face.turn_deg, 25.0, "°", "Look at the camera.")


def _voice(voice: VoiceQuality, task: str | None) -> Iterator[Check]:
    yield at_least("sound", voice.peak_dbfs, SILENCE_DBFS, "dBFS", "Nothing is heard: turn the microphone on.")
    if voice.peak_dbfs < SILENCE_DBFS:
        return
    yield at_most("clipped sound", 100 * voice.clipped_fraction, 0.1, "%", "Turn the recording level down.")
    yield at_least("sample rate", voice.rate_hz / 1000, 16.0, "kHz", "Record at 16 kHz or more; consonants are lost below.")
    if voice.snr_db is not None:
        yield at_least("speech above noise", voice.snr_db, 15.0, "dB", "Record in a quiet room, near the microphone.")
    if task in SPEECH_TASKS:
        yield at_least("voice", voice.voiced_s, LEAST_VOICE_S, "s", "Hardly any voice is heard: check the microphone.")
