"""Signals of the face over time, for plots: what the measures are taken from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float

from divine.face.kinematic_clock import Motion
from divine.face.kinematic_signals import at_rest, driver, lips_in_order, signals
from divine.records import Curve


def curves_of(motion: Motion, task: str | None = None) -> tuple[Curve, ...]:
    """Return the signals of the face at 100 Hz, NaN where the face is not seen.

    Corner excursions are distances from the place of rest; the mouth's symmetry is ``100 (R - L) / (R + L)`` of its halves, NaN
    while a point has slid along the lips.
    """
    found = signals(motion)
    rest = at_rest(driver(found, task))
    total = found.right_area + found.left_area
    with np.errstate(invalid="ignore", divide="ignore"):
        useful = (total > 0) & lips_in_order(motion.points)
        asymmetry = np.where(useful, 100 * (found.right_area - found.left_area) / total, np.nan)

    def all_curves() -> Iterator[tuple[str, str, str, Float[np.ndarray, " t"]]]:
        yield "lip_aperture", "Lip aperture", "ICD", found.lip_aperture
        yield "mouth_width", "Mouth width", "ICD", found.mouth_width
        yield "jaw_opening", "Jaw opening", "ICD", found.jaw_opening
        yield "right_corner_excursion", "Right mouth corner", "ICD", _from_rest(found.right_corner, rest)
        yield "left_corner_excursion", "Left mouth corner", "ICD", _from_rest(found.left_corner, rest)
        yield "mouth_area_asymmetry", "Asymmetry of mouth area (right positive)", "%", asymmetry
        yield "right_brow_height", "Right brow height", "ICD", found.right_brow
        yield "left_brow_height", "Left brow height", "ICD", found.left_brow
        yield "right_eye_aperture", "Right eye aperture", "ICD", found.right_eye
        yield "left_eye_aperture", "Left eye aperture", "ICD", found.left_eye

    return tuple(Curve(name, title, unit, "video", motion.times_s, values) for name, title, unit, values in all_curves())


def _from_rest(path: Float[np.ndarray, "t 2"], rest: Bool[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    still = path[rest & np.isfinite(path).all(axis=1)]
    if not len(still):
        return np.full(len(path), np.nan)
    return np.linalg.norm(path - np.median(still, axis=0), axis=1)
