"""Observations made in memory: a schematic face that opens and closes its mouth, and a buzzing voice."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from divine.media import open_clip, write_video
from divine.records import AudioStream, Clip, Landmarks, Observation, Sound, VideoStream

RATE_HZ = 16_000


def schematic_face() -> np.ndarray:
    """68 points of a symmetric face at rest, in pixels; the intercanthal distance is 40."""
    points = np.zeros((68, 2))
    angle = np.linspace(np.pi, 0, 17)
    points[:17] = np.stack([100 * np.cos(angle), 10 + 110 * np.sin(angle)], axis=1)
    points[17:22] = [(-70, -45), (-58, -50), (-45, -52), (-32, -50), (-20, -46)]
    points[22:27] = points[21:16:-1] * (-1, 1)
    points[27:31] = [(0, -25), (0, -10), (0, 5), (0, 20)]
    points[31:36] = [(-16, 30), (-8, 32), (0, 34), (8, 32), (16, 30)]
    points[36:42] = [(-60, -25), (-48, -32), (-32, -32), (-20, -25), (-32, -20), (-48, -20)]
    points[42:48] = (points[36:42] * (-1, 1))[[3, 2, 1, 0, 5, 4]]
    outer = np.linspace(np.pi, -np.pi, 13)[:12]
    points[48:60] = np.stack([36 * np.cos(outer), 62 - 14 * np.sin(outer)], axis=1)
    inner = np.linspace(np.pi, -np.pi, 9)[:8]
    points[60:68] = np.stack([28 * np.cos(inner), 62 - 3 * np.sin(inner)], axis=1)
    return points


def face(seconds: float, *, rate_hz: float = 2.0, droop: float = 0.0, fps: float = 50.0, seed: int = 0) -> Landmarks:
    """Return a face whose jaw drops ``rate_hz`` times per second; ``droop`` px lowers the subject's left mouth corner."""
    rng = np.random.default_rng(seed)
    times = np.arange(max(1, int(seconds * fps))) / fps
    points = np.tile(schematic_face(), (len(times), 1, 1)) + 320
    drop = 12 * (1 - np.cos(2 * np.pi * rate_hz * times)) / 2
    for index in (*range(5, 12), *range(55, 60), 65, 66, 67):
        points[:, index, 1] += drop
    points[:, (53, 54, 55, 64), 1] += droop
    points += rng.normal(scale=0.1, size=points.shape)
    t = len(times)
    return Landmarks(times, points, np.ones((t, 68)), np.zeros((t, 3)), np.ones(t, dtype=int), 640, 640, "made")


def voice(seconds: float, *, rate_hz: float = 2.0, seed: int = 0) -> Sound:
    """Return a buzz of 120 Hz that swells ``rate_hz`` times per second."""
    times = np.arange(max(1, int(seconds * RATE_HZ))) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 120 * k * times) / k for k in range(1, 12))
    swell = (1 - np.cos(2 * np.pi * rate_hz * times)) / 2
    noise = np.random.default_rng(seed).normal(scale=0.003, size=len(times))
    return Sound((0.1 * buzz * swell + noise).astype(np.float32), RATE_HZ)


def filmed(path: Path, seconds: float, *, rate_hz: float = 2.0, fps: float = 25.0) -> Clip:
    """Write a film of the schematic face, 640 by 640 px, that opens its mouth ``rate_hz`` times per second."""
    track = face(seconds, rate_hz=rate_hz, fps=fps)
    write_video(path, ((time, _drawn(points)) for time, points in zip(track.times_s, track.points_px, strict=True)), fps=fps)
    return open_clip(path)


def _drawn(points: np.ndarray) -> np.ndarray:
    image = np.full((640, 640, 3), (40, 60, 50), np.uint8)
    for indices, colour in (
        ([*range(17), *range(26, 16, -1)], (190, 140, 120)),
        (range(36, 42), (250, 250, 250)),
        (range(42, 48), (250, 250, 250)),
        (range(48, 60), (170, 60, 60)),
        (range(60, 68), (30, 5, 5)),
    ):
        cv2.fillPoly(image, [np.round(points[list(indices)]).astype(np.int32)], colour)
    return image


def observation(landmarks: Landmarks | None, sound: Sound | None) -> Observation:
    """Return an observation of a clip that never existed."""
    nowhere = Path("made")
    seconds = max(0.0 if landmarks is None else float(landmarks.times_s[-1]), 0.0 if sound is None else sound.duration_s)
    video = VideoStream(nowhere, "made", 640, 640, 1, 50.0, 0.0, 0) if landmarks is not None else None
    audio = AudioStream(nowhere, "made", RATE_HZ, 1, 0.0, "embedded") if sound is not None else None
    return Observation(Clip("made", "0" * 64, seconds, video, audio), landmarks, sound)
