"""What a synthetic gesture did, by plain code that shares nothing with the measures: no tracker, no filter, no head to undo."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from divine.synthetic.face import FaceCamera
from divine.synthetic.field import weights_at
from divine.synthetic.gesture import make_gesture
from divine.synthetic.rhythm import LEAD_S
from divine.synthetic.subject import Overlap, make_subject
from divine.synthetic.tasks import TASKS
from divine.synthetic.tracks import RATE_HZ, Gesture

HEALTHY_DRAWN = 200
"""Healthy people whose programmed asymmetries say what healthy noise is."""
_STILL = (0.0, 0.0, 0.0, 0.0, 0.0)


class Programmed(NamedTuple):
    """What was performed in one recording."""

    measures: dict[str, float]
    """By the catalogue's names, in intercanthal distances, hertz and percent."""
    intercanthal_px: float
    asymmetry: float
    """Strong against weak side, 0 to 1."""
    weak_side: str


def programmed(camera: FaceCamera, gesture: Gesture, times_s: Float[np.ndarray, " t"], weak_side: str) -> Programmed:
    """Return the measures of the landmarks that were drawn, at the film's moments, the head held still."""
    moments = np.minimum(np.round(times_s * RATE_HZ).astype(int), len(gesture.times_s) - 1)
    drawn = np.stack([camera.points(weights_at(gesture, int(i))._replace(head=_STILL)) for i in moments])
    unit = float(np.linalg.norm(drawn[0, 42] - drawn[0, 39]))
    points = drawn / unit
    nose = points[:, [32, 33, 34]].mean(axis=1, keepdims=True)
    rest = times_s < LEAD_S
    right, left = (_along_its_path(points[:, corner]) for corner in (48, 54))
    right_brow, left_brow = (_range(points[:, part, 1].mean(axis=1)) for part in (slice(17, 22), slice(22, 27)))
    areas = np.array([[_area(ring, side) for side in (-1, 1)] for ring in (points - nose)[:, 48:60]])
    measures = {
        "lip_aperture_range": _range(points[:, 66, 1] - points[:, 62, 1]),
        "mouth_width_range": _range(np.linalg.norm(points[:, 54] - points[:, 48], axis=1)),
        "jaw_opening_range": _range(np.linalg.norm(points[:, 8] - nose[:, 0], axis=1)),
        "right_corner_range": right,
        "left_corner_range": left,
        "corner_range_asymmetry": _percent(right, left),
        "corner_rest_height_difference": float(np.median((points[:, 48] - points[:, 54])[rest, 1])),
        "mouth_area_asymmetry": float(np.median(_percent(areas[:, 0], areas[:, 1]))),
        "right_brow_range": right_brow,
        "left_brow_range": left_brow,
        "brow_range": (right_brow + left_brow) / 2,
        "brow_range_asymmetry": _percent(right_brow, left_brow),
        "repetition_rate": _rate(gesture),
    }
    return Programmed(measures, unit, gesture.truth.asymmetry, weak_side)


def healthy_noise(overlap: Overlap, seconds: float) -> dict[str, float]:
    """Return, per task, the root mean square of the asymmetries programmed into healthy people."""
    people = [make_subject(f"N{k}", "HC", 10_000 + k, overlap) for k in range(HEALTHY_DRAWN)]
    noise = {}
    for task in TASKS:
        drawn = [make_gesture(one, task, 0, seconds, overlap).truth.asymmetry for one in people]
        noise[task] = float(np.sqrt(np.mean(np.square(drawn))))
    return noise


def _range(values: Float[np.ndarray, " t"]) -> float:
    return float(np.percentile(values, 99) - np.percentile(values, 1))


def _along_its_path(path: Float[np.ndarray, "t 2"]) -> float:
    centred = path - path.mean(axis=0)
    return _range(centred @ np.linalg.svd(centred, full_matrices=False)[2][0])


def _percent(right, left):
    return 100 * (right - left) / np.maximum(right + left, 1e-9)


def _area(ring: Float[np.ndarray, "p 2"], side: int) -> float:
    """Return the area of a polygon on one side of x = 0: clipped there (Sutherland-Hodgman), then the shoelace formula."""
    kept = []
    for here, there in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if here[0] * side >= 0:
            kept.append(here)
        if here[0] * there[0] < 0:
            kept.append(here + (there - here) * here[0] / (here[0] - there[0]))
    x, y = np.array(kept).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _rate(gesture: Gesture) -> float:
    """Return repetitions per second; in speech each opening of the lips is one, and p or b releases it."""
    onsets = np.array(gesture.truth.onsets_s)
    if TASKS[gesture.truth.task].speech:
        onsets = np.array([burst.time_s for burst in gesture.tract.bursts if burst.place in ("p", "b")])
    return float(1 / np.diff(onsets).mean()) if len(onsets) > 1 else float("nan")
