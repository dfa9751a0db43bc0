"""Everything that can be measured of an observation before any model has spoken."""

from __future__ import annotations

from divine.face.curves import curves_of as face_curves
from divine.face.kinematic_clock import follow
from divine.face.kinematic_quality import face_quality
from divine.face.kinematics import measure_motion
from divine.quality import gate, hearing_notes
from divine.records import Curve, Measure, Measured, Observation
from divine.voice.analysis import analyse
from divine.voice.curves import curves_of as voice_curves
from divine.voice.measures import measure_voice
from divine.voice.quality import quality_of


def measure(observation: Observation, task: str | None) -> Measured:
    """Return measures, curves and the quality gate; a measure that cannot be computed says why."""
    measures: list[Measure] = []
    curves: list[Curve] = []
    face = voice = None
    if observation.landmarks is not None:
        motion = follow(observation.landmarks)
        measures += measure_motion(motion, task)
        curves += face_curves(motion, task)
        face = face_quality(observation.landmarks, motion)
    if observation.sound is not None:
        analysed = analyse(observation.sound)
        measures += measure_voice(analysed, task)
        curves += voice_curves(analysed)
        voice = quality_of(analysed, observation.sound.rate_hz)
    return Measured(tuple(measures), tuple(curves), gate(observation.clip, face, voice, task), hearing_notes(voice))
