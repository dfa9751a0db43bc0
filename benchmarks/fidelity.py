"""Do landmarks follow a drooping corner and a wide jaw? ``python -m benchmarks.fidelity [--pictures DIR] [--backends ...]``.

Gain is the slope of seen against true displacement: 1 is right, 0 is blind. Every clip is a real face moved by a known
amount (``benchmarks.warped_faces``); displacements are vertical, in outer-eye distances, in the head's own frame.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.warped_faces import LEFT, RIGHT, Frame, Motion, Photograph, film, photographs, truth

CORNER, JAW, STATIC = 0.10, 0.35, (-0.10, -0.05, 0.0, 0.05, 0.10)
"""Largest displacement of a corner and of the jaw; the droops of the static clips."""
Follow = Callable[[Sequence[Frame]], np.ndarray]
"""Takes the frames of a clip, gives the 68 points in each [t 68 2]."""
LIP, CHIN, UPPER = (56, 57, 58), (7, 8, 9), (61, 62, 63)


class Score(NamedTuple):
    """How well one displacement was followed in one clip."""

    face: str
    case: str
    gain: float
    correlation: float
    scatter: float
    """Root mean square of what remains around the fitted line, in OED."""
    crosstalk: float
    """Slope of what is seen on the side, or the lip, that did not move."""


def _wave(frames: int, cycles: int = 1) -> np.ndarray:
    return (1 - np.cos(2 * np.pi * cycles * np.arange(frames) / frames)) / 2


def corner_motions(side: int) -> list[Motion]:
    """Rest, one sinking, one rise."""
    amounts = CORNER * np.concatenate([np.zeros(15), _wave(45), -_wave(45)])
    return [Motion(corners=(a, 0.0) if side == RIGHT else (0.0, a)) for a in amounts]


def jaw_motions(teeth: bool) -> list[Motion]:
    """Rest, two openings."""
    return [Motion(jaw=a, teeth=teeth) for a in JAW * np.concatenate([np.zeros(15), _wave(80, 2)])]


def moving_droop_motions(side: int) -> list[Motion]:
    """A droop that never leaves, in a mouth whose other corner rises and falls."""
    other = -0.06 * np.concatenate([np.zeros(15), _wave(45)])
    return [Motion(corners=(0.08, a) if side == RIGHT else (a, 0.08)) for a in other]


def heights(face: Photograph, points: np.ndarray, frames: Sequence[Frame], which: Sequence[int]) -> np.ndarray:
    """Return the mean height of some points in the head's frame, in OED, downwards, per frame."""
    linear = np.stack([frame.head[:, :2] for frame in frames])
    shift = np.stack([frame.head[:, 2] for frame in frames])
    local = np.linalg.solve(linear[:, None], (points[:, list(which)] - shift[:, None])[..., None])[..., 0]
    return local[..., 1].mean(axis=1) / face.oed


def fit(face: str, case: str, seen: np.ndarray, true: np.ndarray, still: np.ndarray) -> Score:
    """Fit seen = gain × true + constant."""
    valid = np.isfinite(seen) & np.isfinite(still)
    if valid.sum() < 3:
        return Score(face, case, *[float("nan")] * 4)
    seen, true, still = seen[valid], true[valid], still[valid]
    gain, constant = np.polyfit(true, seen, 1)
    rest = seen - gain * true - constant
    correlation = np.corrcoef(seen, true)[0, 1]
    return Score(
        face, case, float(gain), float(correlation), float(np.sqrt((rest**2).mean())), float(np.polyfit(true, still, 1)[0])
    )


def score_moving(face: Photograph, follow: Follow, frames: Sequence[Frame], motions: list[Motion], case: str) -> list[Score]:
    """Score one clip of ``corner_motions`` or ``jaw_motions``."""
    points = follow(frames)
    true = np.stack([truth(face, motion) for motion in motions])

    def along(p: np.ndarray, which: Sequence[int]) -> np.ndarray:
        return p[:, list(which), 1].mean(axis=1) / face.oed

    if "corner" in case:
        side, other = (RIGHT, LEFT) if any(motion.corners[0] for motion in motions) else (LEFT, RIGHT)
        seen, still = (heights(face, points, frames, [which]) for which in (side, other))
        return [fit(face.name, case, seen, along(true, [side]), still)]
    upper = heights(face, points, frames, UPPER)
    parts = (("lower lip", LIP), ("chin", CHIN), ("inner lip", (65, 66, 67)))
    return [
        fit(face.name, f"{case}: {part}", heights(face, points, frames, which), along(true, which), upper)
        for part, which in parts
    ]


def score_static(face: Photograph, follow: Follow, side: int) -> Score:
    """Score clips whose every frame has the same droop: nothing ever moves, no frame shows the face at rest."""
    seen, still = [], []
    for amount in STATIC:
        frames = list(film(face, [Motion(corners=(amount, 0.0) if side == RIGHT else (0.0, amount))] * 8))
        points = follow(frames)
        right, left = (float(heights(face, points, frames, [which])[3:].mean()) for which in (RIGHT, LEFT))
        seen.append(right - left if side == RIGHT else left - right)
        still.append(left if side == RIGHT else right)
    return fit(face.name, "static droop", np.array(seen), np.array(STATIC), np.array(still))


def score_face(face: Photograph, follow: dict[str, Follow], cases: Sequence[str]) -> dict[str, list[Score]]:
    """Score every way of following on every case of one face."""
    scores: dict[str, list[Score]] = {name: [] for name in follow}
    for shaken in (False, True):
        suffix = ", shaken" if shaken else ""
        clips = []
        if "corner" in cases:
            clips += [("corner", corner_motions(side)) for side in (RIGHT, LEFT)]
        if "jaw" in cases:
            clips += [("jaw", jaw_motions(teeth)) for teeth in (False, True)]
        for case, motions in clips:
            frames = list(film(face, motions, shaken=shaken))
            for name, function in follow.items():
                scores[name] += score_moving(face, function, frames, motions, case + suffix)
    for side in (RIGHT, LEFT):
        for name, function in follow.items():
            if "static" in cases:
                scores[name].append(score_static(face, function, side))
            if "droop" in cases:
                motions = moving_droop_motions(side)
                frames = list(film(face, motions))
                points = function(frames)
                free, held = (LEFT, RIGHT) if side == RIGHT else (RIGHT, LEFT)
                true = np.array([motion.corners[0 if free == RIGHT else 1] for motion in motions])
                seen, still = (heights(face, points, frames, [which]) for which in (free, held))
                scores[name].append(fit(face.name, "corner beside a droop", seen, true, still))
    return scores


def table(scores: dict[str, list[Score]]) -> str:
    """Return medians and ranges over faces and sides as a Markdown table."""
    lines = ["| landmarks | case | gain: median (range) | correlation | scatter | cross-talk |", "|---|---|---|---|---|---|"]
    for name, rows in scores.items():
        for case in dict.fromkeys(row.case for row in rows):
            chosen = np.array([row[2:] for row in rows if row.case == case])
            low, high = np.nanmin(chosen[:, 0]), np.nanmax(chosen[:, 0])
            gain, correlation, scatter = np.nanmedian(chosen[:, :3], axis=0)
            worst = chosen[np.nanargmax(np.abs(chosen[:, 3])), 3]
            lines.append(
                f"| {name} | {case} | {gain:.2f} ({low:.2f}–{high:.2f}) | {correlation:.3f} | {scatter:.4f} | {worst:+.2f} |"
            )
    return "\n".join(lines)
