"""A stand-in for ``divine.services``: invented numbers after a wait, so that pages can be tested without a model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from divine.measures.catalogue import CATALOGUE
from divine.records import (
    Assessment,
    AudioStream,
    Check,
    CheckpointCard,
    Clip,
    Curve,
    DivineError,
    Event,
    Landmarks,
    Measure,
    Measured,
    Observation,
    Prediction,
    Progress,
    Quality,
    Sound,
    VideoStream,
)
from divine.report.document import assessment_document

WIDTH, HEIGHT, FPS, FRAMES = 320, 240, 25, 75
BARS = 8
LOUD = "The room is loud: record in a quieter place, the microphone a hand's breadth from the mouth."
STAGES = ("open", "sound", "landmarks", "measures", "model")


def write_clip(path: Path, times: np.ndarray | None = None) -> Path:
    """Write a video whose frame number stands in it as eight bars, black or white."""
    times = np.arange(FRAMES) / FPS if times is None else times
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "bf": "0", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 90_000)
        for number, moment in enumerate(times):
            picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
            for bar in range(BARS):
                picture[:40, bar * WIDTH // BARS : (bar + 1) * WIDTH // BARS] = 255 if number >> bar & 1 else 0
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = round(float(moment) * 90_000)
            frame.time_base = stream.codec_context.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def write_sound(path: Path, seconds: float = 3.0, rate: int = 16_000) -> Path:
    """Write a sung vowel, more or less."""
    from ui.wire import wav_bytes

    moments = np.arange(int(seconds * rate)) / rate
    path.write_bytes(wav_bytes(Sound((0.3 * np.sin(2 * np.pi * 140 * moments)).astype(np.float32), rate)))
    return path


def a_face() -> np.ndarray:
    """Draw 68 points that look like a face, in units of its width."""
    turn = np.linspace(0, np.pi, 17)
    jaw = np.stack([-np.cos(turn) * 0.5, np.sin(turn) * 0.62 - 0.1], 1)
    brows = [np.stack([np.linspace(a, b, 5), np.full(5, -0.28)], 1) for a, b in ((-0.4, -0.1), (0.1, 0.4))]
    bridge = np.stack([np.zeros(4), np.linspace(-0.18, 0.06, 4)], 1)
    nose = np.concatenate([bridge, np.stack([np.linspace(-0.1, 0.1, 5), np.full(5, 0.1)], 1)])
    eyes = [_ring(6, side * 0.22, -0.16, 0.08, 0.03) for side in (-1, 1)]
    lips = [_ring(12, 0, 0.26, 0.18, 0.07), _ring(8, 0, 0.26, 0.13, 0.03)]
    return np.concatenate([jaw, *brows, nose, *eyes, *lips])


def _ring(count: int, x: float, y: float, width: float, height: float) -> np.ndarray:
    turn = 2 * np.pi * np.arange(count) / count
    return np.stack([x - width * np.cos(turn), y - height * np.sin(turn)], 1)


def landmarks_of(frames: int, times: np.ndarray, lost: slice | None = None) -> Landmarks:
    """Make a face that opens its mouth; none in the frames ``lost``."""
    points = np.repeat(a_face()[None], frames, 0)
    points[:, 48:, 1] += 0.05 * np.sin(2 * np.pi * times)[:, None] * np.sign(a_face()[48:, 1] - 0.26)
    points = points * 130 + [WIDTH / 2, HEIGHT / 2 + 10]
    confidence = np.broadcast_to(np.linspace(0.05, 1, 68), (frames, 68)).copy()
    if lost is not None:
        points[lost], confidence[lost] = np.nan, 0
    pose = np.where(np.isfinite(points[:, :1, 0]), 0.0, np.nan) * np.ones((frames, 3))
    return Landmarks(times, points, confidence, pose, np.ones(frames, int), WIDTH, HEIGHT, "fake")


@dataclass
class FakeServices:
    """Judges by the file's contents: a sound that begins with RIFF has no picture, everything else has."""

    seconds: float = 0.2
    error: str = ""
    lost: slice | None = None
    synthetic: bool = True
    quality_passed: bool = True
    with_sound: bool = True
    hold: threading.Event = field(default_factory=threading.Event)
    held: bool = False
    """Whether an assessment stays in the stage of landmarks until ``hold`` is set."""
    seen: list[Path] = field(default_factory=list)
    tasks: list[str | None] = field(default_factory=list)
    checkpoints: list[Path | None] = field(default_factory=list)
    times: np.ndarray = field(default_factory=lambda: np.arange(FRAMES) / FPS)

    def warm_up(self) -> None:
        """Nothing to load."""

    def viewing_copy(self, clip: Clip, out: Path, *, on_progress: Callable[[float], None] | None = None) -> np.ndarray:
        write_clip(out, self.times)
        return self.times

    def assessment_document(self, assessment: Assessment) -> dict[str, Any]:
        return assessment_document(assessment)

    def assessment_pdf(self, assessment: Assessment, measured: Measured) -> bytes:
        return f"%PDF of {assessment.clip.name}".encode()

    def assess(
        self,
        recording: Path,
        *,
        audio: Path | None = None,
        task: str | None = None,
        checkpoint: Path | None = None,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> Assessment:
        self.seen.append(recording)
        self.tasks.append(task)
        self.checkpoints.append(checkpoint)
        on_event(Progress("open", 0.0))
        if self.error:
            raise DivineError(self.error.replace("{name}", recording.name))
        clip = self._clip(recording, audio)
        on_event(clip)
        for stage in STAGES[1:3]:
            for step in range(5):
                time.sleep(self.seconds / 20)
                on_event(Progress(stage, step / 4))
        while self.held and not self.hold.wait(0.02):
            on_event(Progress("landmarks", 0.5))
        face = landmarks_of(len(self.times), self.times, self.lost) if clip.video else None
        sound = Sound((0.3 * np.sin(np.arange(48_000) / 18)).astype(np.float32), 16_000) if clip.audio else None
        on_event(Observation(clip, face, sound))
        measured = self._measured(clip)
        on_event(measured)
        time.sleep(self.seconds / 2)
        result = Assessment(
            clip,
            measured.quality,
            clip.modalities,
            self._prediction(clip),
            measured.measures,
            CheckpointCard("demonstration", "28 rendered subjects" if self.synthetic else "a cohort", self.synthetic),
            {"total": 1.234},
            ("The sound ends 0.2 s before the picture.",),
            (8.0, 12.0),
        )
        on_event(result)
        return result

    def _clip(self, recording: Path, audio: Path | None) -> Clip:
        only_sound = recording.read_bytes()[:4] == b"RIFF"
        video = None if only_sound else VideoStream(recording, "h264", WIDTH, HEIGHT, len(self.times), float(FPS), 0.0, 0)
        sound = AudioStream(audio or recording, "aac", 48_000, 1, 0.0, "given" if audio else "embedded")
        return Clip(recording.name, "0" * 64, 3.0, video, sound if self.with_sound or only_sound else None)

    def _measured(self, clip: Clip) -> Measured:
        times = np.arange(150) / 50
        wave = np.sin(2 * np.pi * 1.2 * times)
        shapes = {
            "lip_aperture": ("Lip aperture", "ICD", "video"),
            "mouth_width": ("Mouth width", "ICD", "video"),
            "jaw_opening": ("Jaw opening", "ICD", "video"),
            "intensity": ("Intensity", "dB", "audio"),
            "f0": ("Fundamental frequency", "Hz", "audio"),
        }
        curves = []
        for number, (name, (title, unit, modality)) in enumerate(shapes.items()):
            if modality in clip.modalities:
                values = (0.3 + 0.1 * wave * (number + 1)) * (100 if modality == "audio" else 1)
                if name == "f0":
                    values[40:60] = np.nan
                curves.append(Curve(name, title, unit, modality, times, values))
        rng = np.random.default_rng(0)
        measures = tuple(
            Measure(name, None, "the mouth was hidden too long") if number % 9 == 4 else Measure(name, float(rng.gamma(2, 0.4)))
            for number, (name, about) in enumerate(CATALOGUE.items())
            if about.modality in clip.modalities
        )
        checks = (
            Check("face_found", 98.7, "%", True, ""),
            Check("head_turn", 4.1, "°", True, ""),
            Check("signal_to_noise", 31.0 if self.quality_passed else 6.0, "dB", self.quality_passed, LOUD),
            Check("clipped_samples", 0.0, "%", True, ""),
        )
        return Measured(measures, tuple(curves), Quality(checks))

    def _prediction(self, clip: Clip) -> Prediction:
        items = ("symmetry", "range_of_motion", "speed", "variability", "fatigue")
        return Prediction(
            ("ALS", "stroke", "healthy"),
            np.array([0.22, 0.67, 0.11]),
            items,
            (1, 5),
            np.array([3.4, 2.2, 1.8, 1.4, 1.2]),
            ("mild", "moderate", "severe"),
            np.array([0.3, 0.6, 0.1]),
            items,
            np.array([0.41, 0.2, 0.16, 0.13, 0.1]),
            {"video": 0.62 * (clip.video is not None), "audio": 0.44 * (clip.audio is not None)},
        )
