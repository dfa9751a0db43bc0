"""Everything that can be measured of an observation before any model has spoken."""

from __future__ import annotations

from divine.face.curves import curves as face_curves
from divine.face.kinematics import measure as measure_face
from divine.quality import gate
from divine.records import Measured, Observation
from divine.voice.curves import curves as voice_curves
from divine.voice.measures import measure as measure_voice


def measure(observation: Observation, task: str | None) -> Measured:
    """Return measures, curves and the quality gate; a measure that cannot be computed says why."""
    landmarks, sound = observation.landmarks, observation.sound
    face = () if landmarks is None else measure_face(landmarks, task)
    voice = () if sound is None else measure_voice(sound, task)
    plots = (*(() if landmarks is None else face_curves(landmarks)), *(() if sound is None else voice_curves(sound)))
    return Measured((*face, *voice), plots, gate(observation, task))
