"""Free landmarks of head motion: place, size, roll, and what a modest turn foreshortens.

Per frame, with the points as complex numbers ``z`` and a reference ``w`` of the points that no expression moves,
``w ≈ a z + b`` is solved by weighted least squares (``a = Σ u w̃ z̃* / Σ u |z̃|²``, tildes centred by the weights ``u``),
reweighted by the residuals so that a blink or a lost point decides nothing. The reference is the clip's own median shape.
While a blink hides the corners of the eyes, the bridge of the nose carries them: a head does not stop having a place.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Complex, Float

from divine.records import Landmarks

RIGHT_CANTHI, LEFT_CANTHI = (36, 39), (42, 45)
BRIDGE = (27, 28, 29)
STABLE = (*RIGHT_CANTHI, *LEFT_CANTHI, *BRIDGE)
"""Canthi and the bridge of the nose: bone lies close under them. The tip of the nose turns with every yaw and is left out."""

CONFIDENCE_FLOOR = 0.2
"""A point below it was not seen but guessed, and is treated as missing."""
MAX_TURN_DEG = 35.0
"""Beyond this yaw or pitch one side of the mouth hides, and no correction of the visible part is honest."""
BLINK_S = 0.35
"""A corner of the eye that is not seen for longer is not carried on."""
LID_S = 0.08
"""For so long before and after it hides a corner of the eye, a lid draws at it."""
_EXACT = 1e-6
"""Seconds by which two moments that are the same may differ, by rounding."""
_OUTLIER_ICD = 0.05
"""Residual at which a stable point's weight has halved: about 1.5 mm on a face."""


def head_free(landmarks: Landmarks) -> Float[np.ndarray, "t 68 2"]:
    """Return the points in the head's own frame, in intercanthal distances; NaN where a point cannot be trusted.

    The origin lies between the inner canthi, x runs to the subject's left along the line of the eyes, y downward.
    Foreshortening is undone as ``x / cos(yaw)``, ``y / cos(pitch)`` where the pose is known.
    """
    seen = (landmarks.confidence >= CONFIDENCE_FLOOR) & np.isfinite(landmarks.points_px).all(axis=2)
    points = landmarks.points_px.astype(np.float64)
    z = np.where(seen, points[..., 0] + 1j * points[..., 1], np.nan + 0j)
    bridged = through_blinks(landmarks.times_s.astype(np.float64), z)
    z = _face_on(bridged, landmarks.pose_deg)
    held = np.maximum(landmarks.confidence[:, STABLE].astype(np.float64), CONFIDENCE_FLOOR)
    weights = np.where(np.isfinite(z[:, STABLE]), held, 0.0)
    complete = (weights > 0).all(axis=1)
    # Both eyes and one more point: less than that leaves roll and size to chance.
    anchored = (weights[:, :2] > 0).any(axis=1) & (weights[:, 2:4] > 0).any(axis=1) & ((weights > 0).sum(axis=1) >= 3)
    free = np.full(z.shape, np.nan + 1j * np.nan)
    if complete.any():
        stable = np.where(weights > 0, z[:, STABLE], 0)
        reference = _reference(stable[complete], weights[complete])
        a, b = _similarity(stable[anchored], weights[anchored], reference)
        free[anchored] = a[:, None] * z[anchored] + b[:, None]
    free[~seen] = np.nan
    return np.stack([np.real(free), np.imag(free)], axis=2)


def through_blinks(times_s: Float[np.ndarray, " t"], z: Complex[np.ndarray, "t 68"]) -> Complex[np.ndarray, "t 68"]:
    """Carry the canthi through blinks: their place beside the bridge of the nose, interpolated between before and after.

    A lid that hides one corner of an eye draws the other along, and both a little before and after. So while either is lost
    for a moment, neither is believed.
    """
    filled, order = z.copy(), np.argsort(times_s, kind="stable")
    times, bridge = times_s[order], z[order][:, BRIDGE].mean(axis=1)
    for eye in (RIGHT_CANTHI, LEFT_CANTHI):
        beside = z[order][:, eye] - bridge[:, None]
        lost = np.isfinite(bridge) & ~np.isfinite(beside).all(axis=1)
        doubted = _near(times, times[lost], LID_S)
        for canthus, way in zip(eye, beside.T, strict=True):
            _interpolate(times, way, np.isfinite(way) & ~doubted, BLINK_S + 2 * LID_S)
            _interpolate(times, way, np.isfinite(way), BLINK_S)  # where too much was in doubt
            filled[order, canthus] = np.where(np.isfinite(bridge), bridge + way, filled[order, canthus])
    return filled


def _interpolate(
    times: Float[np.ndarray, " t"], way: Complex[np.ndarray, " t"], known: Bool[np.ndarray, " t"], longest_s: float
) -> None:
    """Fill what is not known of a way, in place, where it is known shortly before and after."""
    at, unknown = np.flatnonzero(known), np.flatnonzero(~known)
    after = np.searchsorted(at, unknown)
    within = (after > 0) & (after < len(at))
    unknown, after = unknown[within], after[within]
    short = unknown[times[at[after]] - times[at[after - 1]] <= longest_s]
    if len(short):
        way[short] = np.interp(times[short], times[at], way[at])


def _near(times: Float[np.ndarray, " t"], events: Float[np.ndarray, " e"], within: float) -> Bool[np.ndarray, " t"]:
    """Say which of some ascending times lie within so many seconds of an event."""
    return np.searchsorted(events, times - within - _EXACT) < np.searchsorted(events, times + within + _EXACT)


def _face_on(z: Complex[np.ndarray, "t 68"], pose_deg: Float[np.ndarray, "t 3"]) -> Complex[np.ndarray, "t 68"]:
    """Turn the line of the eyes level and undo foreshortening; NaN where the head is turned too far."""
    pose = np.where(np.isfinite(pose_deg[:, :2]), pose_deg[:, :2].astype(np.float64), 0.0)
    stretch = 1 / np.cos(np.radians(pose))
    eyes = _mean(z[:, LEFT_CANTHI]) - _mean(z[:, RIGHT_CANTHI])
    level = z * np.exp(-1j * np.angle(eyes))[:, None]
    corrected = np.real(level) * stretch[:, 1:2] + 1j * np.imag(level) * stretch[:, 0:1]
    turned = np.any(np.abs(pose) > MAX_TURN_DEG, axis=1, keepdims=True)
    return np.where(turned, np.nan + 0j, corrected)


def _mean(z: Complex[np.ndarray, "t c"]) -> Complex[np.ndarray, " t"]:
    """Return the mean of the points that are seen; 0 where none is."""
    seen = np.isfinite(z)
    return np.where(seen, z, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)


def _canonical(shapes: Complex[np.ndarray, "... s"]) -> Complex[np.ndarray, "... s"]:
    """Put the origin between the inner canthi, their distance at one, the line of the eyes level."""
    right, left = shapes[..., 1:2], shapes[..., 2:3]
    eyes = shapes[..., 2:4].mean(axis=-1, keepdims=True) - shapes[..., 0:2].mean(axis=-1, keepdims=True)
    return (shapes - (right + left) / 2) / np.abs(left - right) * np.exp(-1j * np.angle(eyes))


def _reference(stable: Complex[np.ndarray, "t s"], weights: Float[np.ndarray, "t s"]) -> Complex[np.ndarray, " s"]:
    """Return the clip's median shape of the stable points, from the frames that show them all."""
    reference = _median(_canonical(stable))
    a, b = _similarity(stable, weights, reference)
    return _canonical(_median(a[:, None] * stable + b[:, None]))


def _median(shapes: Complex[np.ndarray, "t s"]) -> Complex[np.ndarray, " s"]:
    return np.median(np.real(shapes), axis=0) + 1j * np.median(np.imag(shapes), axis=0)


def _similarity(
    z: Complex[np.ndarray, "t s"], weights: Float[np.ndarray, "t s"], reference: Complex[np.ndarray, " s"]
) -> tuple[Complex[np.ndarray, " t"], Complex[np.ndarray, " t"]]:
    """Return ``a`` and ``b`` of every frame; three rounds of reweighting by ``1 / (1 + (residual / scale)²)``."""
    robust = weights
    for last in (False, False, True):
        u = robust / robust.sum(axis=1, keepdims=True)
        centre, target = (u * z).sum(axis=1), (u * reference).sum(axis=1)
        spread = z - centre[:, None]
        a = (u * (reference - target[:, None]) * spread.conj()).sum(axis=1) / (u * np.abs(spread) ** 2).sum(axis=1)
        b = target - a * centre
        if last:
            break
        residual = np.abs(a[:, None] * z + b[:, None] - reference)
        robust = weights / (1 + (residual / _OUTLIER_ICD) ** 2)
    return a, b
