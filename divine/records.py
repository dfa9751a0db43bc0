"""What crosses boundaries: plain, frozen records, one vocabulary for every room.

Axes: ``b`` batch, ``t`` frames or steps, ``d`` feature, ``p`` landmark, ``n`` audio samples, ``k`` symptom.
Units are in the name (``_s`` seconds, ``_px`` pixels, ``_deg`` degrees, ``_hz``) or in the field ``unit``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

Modality = Literal["video", "audio"]
LEVELS = ("mild", "moderate", "severe")
"""Of severity, mildest first. Not a clinical grade."""

NOTICE = "Research use only. Not a diagnosis."
SYNTHETIC_NOTICE = "SYNTHETIC: the model behind this was trained on rendered faces and voices, never on patients."


class DivineError(Exception):
    """Root of every error the project raises on purpose: says what, where and what to do."""


@dataclass(frozen=True)
class VideoStream:
    """The picture of a clip, as probed."""

    path: Path
    codec: str
    width: int
    height: int
    """Both of the upright picture."""
    frames: int
    fps: float
    """Mean frame rate; frame times may be uneven, so never compute a time from it."""
    start_s: float
    rotation_deg: int
    """What the file asks players to turn its picture by, anticlockwise; ``media.frames`` has done it."""


@dataclass(frozen=True)
class AudioStream:
    """The sound of a clip, as probed."""

    path: Path
    codec: str
    sample_rate_hz: int
    channels: int
    start_s: float
    origin: Literal["embedded", "sibling", "given"]


@dataclass(frozen=True)
class Clip:
    """One recording on disk: probed and within limits, not decoded."""

    name: str
    digest: str
    """SHA-256 over the bytes of the media files: the identity that caches use."""
    duration_s: float
    video: VideoStream | None
    audio: AudioStream | None
    notes: tuple[str, ...] = ()
    """What a user should know: where the sound came from, a damaged tail, a stream that was left out."""

    @property
    def modalities(self) -> tuple[Modality, ...]:
        present: tuple[tuple[Modality, object], ...] = (("audio", self.audio), ("video", self.video))
        return tuple(modality for modality, stream in present if stream is not None)


@dataclass(frozen=True, eq=False)
class Sound:
    """Decoded sound: mono, float32 in [-1, 1], not normalised."""

    samples: Float[np.ndarray, " n"]
    rate_hz: int
    start_s: float = 0.0
    """Time of sample 0 on the clip's clock, which it shares with the frame times."""
    notes: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True, eq=False)
class Landmarks:
    """68 points (iBUG order) of the main face, per frame, with what is known of their reliability.

    The subject's own *right* side is at smaller indices (0-8, 17-21, 36-41, 48), as in iBUG 300-W;
    it lies on the left of an unmirrored picture.
    """

    times_s: Float[np.ndarray, " t"]
    points_px: Float[np.ndarray, "t 68 2"]
    """NaN where no face was found."""
    confidence: Float[np.ndarray, "t 68"]
    """0 (guess) to 1 per point and frame; 0 where no face was found."""
    pose_deg: Float[np.ndarray, "t 3"]
    """Head rotation: pitch, yaw, roll; NaN where no face was found."""
    faces: Int[np.ndarray, " t"]
    """Faces seen at the latest detection; the main one is followed."""
    width: int
    height: int
    backend: str
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> Bool[np.ndarray, " t"]:
        return np.isfinite(self.points_px[:, 0, 0])


@dataclass(frozen=True, eq=False)
class Observation:
    """What a recording shows before any model: the input of measures, quality and encoders."""

    clip: Clip
    landmarks: Landmarks | None
    sound: Sound | None


@dataclass(frozen=True, eq=False)
class Features:
    """What an encoder makes of an observation: a sequence with its own clock."""

    values: Float[np.ndarray, "t d"]
    times_s: Float[np.ndarray, " t"]
    encoder: str


@dataclass(frozen=True, eq=False)
class Curve:
    """A measured signal over time, for plots: NaN where it is not defined."""

    name: str
    title: str
    unit: str
    modality: Modality
    times_s: Float[np.ndarray, " t"]
    values: Float[np.ndarray, " t"]


@dataclass(frozen=True)
class Measure:
    """One clinical measure of one clip. ``value`` is None when it cannot be computed, and ``why`` says why."""

    name: str
    value: float | None
    why: str = ""


class Check(NamedTuple):
    """One line of the quality gate."""

    name: str
    value: float
    unit: str
    passed: bool
    advice: str


@dataclass(frozen=True)
class Quality:
    """Whether a recording is fit to be judged."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What one model says of one clip. Severity fields are None where the model knows no ratings."""

    classes: tuple[str, ...]
    probabilities: Float[np.ndarray, " c"]
    items: tuple[str, ...]
    scale: tuple[int, int]
    """Lowest (normal) and highest score of an item."""
    item_scores: Float[np.ndarray, " k"] | None
    """Expected score per rated item on that scale."""
    levels: tuple[str, ...]
    level_probabilities: Float[np.ndarray, " l"] | None
    tokens: tuple[str, ...]
    """Empty in a system without symptom tokens."""
    attention: Float[np.ndarray, " tokens"]
    """Attention of the fused row over the symptom tokens, renormalised to sum to one; empty without tokens."""
    gates: dict[Modality, float]
    """Mean gate magnitude of each modality; 0 where it is absent, empty in a system without gates."""


@dataclass(frozen=True)
class CheckpointCard:
    """What a reader must know of the model, or the models, behind a number."""

    name: str
    trained_on: str
    synthetic: bool


@dataclass(frozen=True, eq=False)
class Assessment:
    """One clip judged by one model."""

    clip: Clip
    quality: Quality
    modalities: tuple[Modality, ...]
    """What the model was given: a face that was found, a sound that is not silence."""
    prediction: Prediction
    measures: tuple[Measure, ...]
    checkpoint: CheckpointCard
    timing_s: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cutoffs: tuple[float, ...] = ()
    """Highest total of each severity level but the last, where the model knows levels."""


Stage = Literal["open", "sound", "landmarks", "measures", "model"]


class Progress(NamedTuple):
    """How far one stage of an assessment is: ``fraction`` runs from 0 to 1 within the stage."""

    stage: Stage
    fraction: float


@dataclass(frozen=True, eq=False)
class Measured:
    """What can be shown before any model has spoken."""

    measures: tuple[Measure, ...]
    curves: tuple[Curve, ...]
    quality: Quality
    notes: tuple[str, ...] = ()
    """What a reader must know of these numbers."""


Event = Clip | Progress | Observation | Measured | Assessment
"""What an observer of an assessment receives, in this order: the clip, the observation, what was measured, the result;
progress in between."""

OnStep = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and of how much."""
