"""A drawn face with known gestures and known head motion: the physical truth that the kinematics are held against.

All SYNTHETIC. It shares no code with what it checks. Lengths are in intercanthal distances (ICD), x to the subject's left,
y downward; the subject's right is at negative x.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from divine.records import Landmarks

Gesture = Callable[[np.ndarray, np.ndarray], None]
"""Moves points ``[t 68 2]`` in place, given times ``[t]``."""

MIRROR = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1), 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
     54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
)  # fmt: skip
LOWER_LIP = (55, 56, 57, 58, 59, 65, 66, 67)
CHIN = (5, 6, 7, 8, 9, 10, 11)


def neutral() -> np.ndarray:
    """A symmetric face at rest, closed lips 0.06 ICD apart, chin 2.05 ICD under the base of the nose."""
    face = np.zeros((68, 2))
    angle = np.linspace(np.pi, 0, 17)
    face[:17] = np.column_stack([2.2 * np.cos(angle), 0.3 + 3.0 * np.sin(angle)])
    face[17:22] = [(-2.0, -0.75), (-1.7, -0.95), (-1.3, -1.0), (-0.9, -0.95), (-0.6, -0.85)]
    face[27:31] = [(0, -0.1), (0, 0.25), (0, 0.6), (0, 0.95)]
    face[31:36] = [(-0.45, 1.2), (-0.22, 1.25), (0, 1.25), (0.22, 1.25), (0.45, 1.2)]
    face[36:42] = [(-1.4, 0.02), (-1.15, -0.13), (-0.8, -0.13), (-0.5, 0), (-0.8, 0.13), (-1.15, 0.13)]
    face[48:52] = [(-0.85, 2.0), (-0.5, 1.8), (-0.2, 1.72), (0, 1.76)]
    face[57:60] = [(0, 2.32), (-0.2, 2.3), (-0.5, 2.2)]
    face[60:63] = [(-0.7, 2.0), (-0.3, 1.97), (0, 1.97)]
    face[66:68] = [(0, 2.03), (-0.3, 2.03)]
    for point, other in enumerate(MIRROR):
        if not face[point].any():
            face[point] = face[other] * (-1, 1)
    return face


def opening(amount: Callable[[np.ndarray], np.ndarray]) -> Gesture:
    """Lower lip and chin sink together by ``amount(t)``."""

    def move(points: np.ndarray, times: np.ndarray) -> None:
        points[:, LOWER_LIP, 1] += amount(times)[:, None]
        points[:, CHIN, 1] += amount(times)[:, None]

    return move


def shift(indices: tuple[int, ...], x: Callable[[np.ndarray], np.ndarray], y: Callable[[np.ndarray], np.ndarray]) -> Gesture:
    """Points move by ``(x(t), y(t))``."""

    def move(points: np.ndarray, times: np.ndarray) -> None:
        points[:, list(indices), 0] += x(times)[:, None]
        points[:, list(indices), 1] += y(times)[:, None]

    return move


def film(
    *gestures: Gesture,
    seconds: float = 6.0,
    fps: float = 50.0,
    seed: int = 0,
    noise_px: float = 0.0,
    icd_px: float = 60.0,
    still: bool = False,
    uneven: float = 0.3,
    dropped: float = 0.02,
) -> Landmarks:
    """Film a face whose head sways, rolls and comes nearer, with uneven and dropped frames; ``still`` holds the head."""
    rng = np.random.default_rng(seed)
    count = int(seconds * fps)
    times = (np.arange(count) + uneven * rng.uniform(-0.5, 0.5, count)) / fps + 0.5
    times = times[rng.uniform(size=count) >= dropped]
    points = np.repeat(neutral()[None], len(times), axis=0)
    for gesture in gestures:
        gesture(points, times)
    if not still:
        roll = np.radians(6) * np.sin(2 * np.pi * 0.23 * times + 1) + np.radians(4)
        size = 1 + 0.12 * (times - times[0]) / seconds + 0.02 * np.sin(2 * np.pi * 0.7 * times)
        turn = np.stack([np.cos(roll), -np.sin(roll), np.sin(roll), np.cos(roll)], axis=1).reshape(-1, 2, 2)
        points = np.einsum("tij,tpj->tpi", turn, points) * size[:, None, None]
        points += np.stack([0.5 * np.sin(2 * np.pi * 0.4 * times), 0.3 * np.cos(2 * np.pi * 0.9 * times)], axis=1)[:, None]
    points = points * icd_px + (320, 180) + noise_px * rng.standard_normal(points.shape)
    return landmarks(times, points)


def landmarks(times: np.ndarray, points: np.ndarray) -> Landmarks:
    """Landmarks without a pose, every point certain."""
    count = len(times)
    return Landmarks(
        times_s=times,
        points_px=points,
        confidence=np.ones((count, 68)),
        pose_deg=np.full((count, 3), np.nan),
        faces=np.ones(count, dtype=np.int64),
        width=640,
        height=480,
        backend="drawn",
    )
