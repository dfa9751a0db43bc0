"""The motion of a face a minute at a time: a long track is never held a second time in double precision.

Pieces overlap by a second on both sides, of which nothing is kept: a spline and a filter of 10 Hz see no border there. Each
piece has its own shape at rest, the median of its minute.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from divine.face.kinematic_clock import CLOCK_HZ, Motion, follow
from divine.records import Landmarks

LONGEST_S, CONTEXT_S = 60, 1


def motions(landmarks: Landmarks) -> Iterator[tuple[Motion, Landmarks]]:
    """Yield the motion over each piece of a track, on one clock of 100 Hz without gaps, and the track of that piece."""
    times = np.sort(landmarks.times_s.astype(np.float64))
    pieces = max(1, int(np.ceil((times[-1] - times[0]) / LONGEST_S)))
    if pieces == 1:
        yield follow(landmarks), landmarks
        return
    ticks = int(np.floor((times[-1] - times[0]) * CLOCK_HZ + 1e-6)) + 1
    for number in range(pieces):
        first, last = (ticks * border // pieces for border in (number, number + 1))
        yield _cut(landmarks, float(times[0]), first, last)


def _cut(landmarks: Landmarks, origin_s: float, first: int, last: int) -> tuple[Motion, Landmarks]:
    """Follow the piece of a track from one tick of the clock to before another."""
    before = max(0, first - CONTEXT_S * CLOCK_HZ)
    start_s, stop_s = (origin_s + tick / CLOCK_HZ for tick in (before, last + CONTEXT_S * CLOCK_HZ))
    inside = (landmarks.times_s >= start_s) & (landmarks.times_s <= stop_s)
    piece = _anchored(landmarks, inside, origin_s + (before - CLOCK_HZ) / CLOCK_HZ)
    found = follow(piece)
    clock = origin_s + np.arange(first, last) / CLOCK_HZ
    points = np.full((last - first, 68, 2), np.nan)
    here = found.points[first - before + CLOCK_HZ :][: last - first]
    points[: len(here)] = here
    return Motion(clock, points, found.frame_rate_hz, found.cutoff_hz), piece


def _anchored(landmarks: Landmarks, inside: np.ndarray, anchor_s: float) -> Landmarks:
    """Take some frames, behind a blind one that stands a second before them: the piece's clock begins where it stands."""

    def behind(array: np.ndarray, blind: float) -> np.ndarray:
        return np.concatenate([np.full((1, *array.shape[1:]), blind, array.dtype), array[inside]])

    return Landmarks(
        times_s=behind(landmarks.times_s.astype(np.float64), anchor_s),
        points_px=behind(landmarks.points_px, np.nan),
        confidence=behind(landmarks.confidence, 0.0),
        pose_deg=behind(landmarks.pose_deg, np.nan),
        faces=behind(landmarks.faces, 0.0),
        width=landmarks.width,
        height=landmarks.height,
        backend=landmarks.backend,
    )
