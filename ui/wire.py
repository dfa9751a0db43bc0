"""Records → what the browser reads: JSON for text and numbers, compact binary for tracks. Pure functions."""

from __future__ import annotations

import io
import math
import struct
import wave
from typing import Any

import numpy as np
from jaxtyping import Float

from divine.measures.catalogue import CATALOGUE
from divine.records import Clip, Curve, Landmarks, Measure, Measured, Sound

TRACK_MAGIC = b"DVT1"
HIDDEN = -32768
"""Coordinate of a point that was not found."""
_REACH = 32_000.0


def track_bytes(landmarks: Landmarks) -> bytes:
    """Pack landmarks: a header of 24 bytes, then times, points and confidence, all little-endian.

    Header: ``DVT1``, frames, width, height (u32), steps per pixel (f32), points per frame (u32). Then times in seconds
    (f64), x and y in steps (i16, -32768 where no face was found), confidence (u8, 0 to 255). A step is 1/16 px, or more in
    a picture so large that 16 bits would overflow. 10 s at 50 frames/s take 174 kB.
    """
    frames, points, _ = landmarks.points_px.shape
    # As the header's 32 bits hold it, so that reading divides by what writing multiplied with.
    steps = float(np.float32(min(16.0, _REACH / max(landmarks.width, landmarks.height, 1))))
    header = struct.pack("<4sIIIfI", TRACK_MAGIC, frames, landmarks.width, landmarks.height, steps, points)
    found = np.isfinite(landmarks.points_px).all(axis=2, keepdims=True)
    # Points may lie a little outside the picture; what lies far outside is held at the edge of the range.
    scaled = np.clip(np.round(np.nan_to_num(landmarks.points_px) * steps), -32767, 32767)
    packed = np.where(found, scaled, HIDDEN).astype("<i2")
    confidence = np.round(np.clip(np.nan_to_num(landmarks.confidence), 0, 1) * 255).astype(np.uint8)
    return header + landmarks.times_s.astype("<f8").tobytes() + packed.tobytes() + confidence.tobytes()


def frame_times_bytes(times_s: Float[np.ndarray, " t"]) -> bytes:
    """Pack the presentation times of the viewing copy, seconds, as little-endian f64."""
    return np.asarray(times_s).astype("<f8").tobytes()


def wav_bytes(sound: Sound) -> bytes:
    """Write a sound as 16-bit WAV, for a recording that has no picture to play it with."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate_hz)
        file.writeframes((np.clip(np.nan_to_num(sound.samples), -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def clip_facts(clip: Clip) -> dict[str, Any]:
    """Say what was recorded, for the line above the player."""
    facts: dict[str, Any] = {"duration_s": clip.duration_s, "modalities": list(clip.modalities), "notes": list(clip.notes)}
    if clip.video is not None:
        video = clip.video
        facts["video"] = {"width": video.width, "height": video.height, "fps": video.fps, "frames": video.frames}
    if clip.audio is not None:
        facts["audio"] = {"rate_hz": clip.audio.sample_rate_hz, "channels": clip.audio.channels, "origin": clip.audio.origin}
    return facts


def face_facts(landmarks: Landmarks) -> dict[str, Any]:
    """Say how much of the face was seen."""
    return {
        "frames": len(landmarks.times_s),
        "found": int(landmarks.found.sum()),
        "faces": int(landmarks.faces.max(initial=0)),
        "backend": landmarks.backend,
        "notes": list(landmarks.notes),
    }


def measured_facts(measured: Measured) -> dict[str, Any]:
    """Put measures, with what the catalogue knows of each, curves and quality into one document."""
    return {
        "quality": {
            "passed": measured.quality.passed,
            "checks": [check._asdict() | {"value": _number(check.value)} for check in measured.quality.checks],
        },
        "measures": [_measure(measure) for measure in measured.measures],
        "curves": [_curve(curve) for curve in measured.curves],
    }


def _measure(measure: Measure) -> dict[str, Any]:
    about = CATALOGUE[measure.name]
    return about._asdict() | {"value": _number(measure.value), "why": measure.why, "tasks": list(about.tasks)}


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "name": curve.name,
        "title": curve.title,
        "unit": curve.unit,
        "modality": curve.modality,
        "times_s": [round(float(time), 4) for time in curve.times_s],
        "values": [_number(value) for value in curve.values],
    }


def _number(value: float | None) -> float | None:
    # JSON knows no NaN. Six digits are more than any of these numbers is worth.
    return None if value is None or not math.isfinite(value) else float(f"{float(value):.6g}")
