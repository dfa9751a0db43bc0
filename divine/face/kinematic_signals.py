"""What moves in a face: openings, corners, halves of the mouth, brows, lids, as signals over time.

The lower face is measured from the base of the nose, because it lies as far forward as the lips do: a nod or a turn shifts
both alike. The facial midline is the line through the base of the nose, square to the line of the eyes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from divine.face.kinematic_clock import Motion
from divine.measures import TASKS

NOSE_BASE = (32, 33, 34)
RIGHT_CORNER, LEFT_CORNER = 48, 54
OUTER_LIPS = tuple(range(48, 60))
UPPER_EDGE, LOWER_EDGE = (48, 49, 50, 51, 52, 53, 54), (48, 59, 58, 57, 56, 55, 54)
"""The lips' outer edges, both from the right corner to the left."""


class Signals(NamedTuple):
    """Signals of one clip, in intercanthal distances (ICD); points are relative to the base of the nose."""

    lip_aperture: Float[np.ndarray, " t"]
    mouth_width: Float[np.ndarray, " t"]
    jaw_opening: Float[np.ndarray, " t"]
    right_corner: Float[np.ndarray, "t 2"]
    left_corner: Float[np.ndarray, "t 2"]
    lower_lip: Float[np.ndarray, "t 2"]
    jaw: Float[np.ndarray, "t 2"]
    right_area: Float[np.ndarray, " t"]
    """Right half of the mouth's outer outline, in ICD²."""
    left_area: Float[np.ndarray, " t"]
    right_brow: Float[np.ndarray, " t"]
    left_brow: Float[np.ndarray, " t"]
    right_eye: Float[np.ndarray, " t"]
    left_eye: Float[np.ndarray, " t"]


class Driver(NamedTuple):
    """The signal whose rises are a task's repetitions."""

    title: str
    values: Float[np.ndarray, " t"]
    closes: bool = False
    """Whether only a return to rest ends a repetition: in /pataka/ the jaw rises for /t/ and /k/ too, but only /p/ closes
    the lips."""


def signals(motion: Motion) -> Signals:
    """Return the signals of a motion; NaN where a point that they need was not seen."""
    points = motion.points
    lower = points - points[:, NOSE_BASE].mean(axis=1, keepdims=True)
    right_area, left_area = half_areas(lower[:, OUTER_LIPS])
    return Signals(
        # Signed, so that noise around closed lips averages out instead of looking like an opening.
        lip_aperture=lower[:, 66, 1] - lower[:, 62, 1],
        mouth_width=np.linalg.norm(lower[:, LEFT_CORNER] - lower[:, RIGHT_CORNER], axis=1),
        jaw_opening=np.linalg.norm(lower[:, 8], axis=1),
        right_corner=lower[:, RIGHT_CORNER],
        left_corner=lower[:, LEFT_CORNER],
        lower_lip=lower[:, 57],
        jaw=lower[:, 8],
        right_area=right_area,
        left_area=left_area,
        right_brow=-points[:, 17:22, 1].mean(axis=1),
        left_brow=-points[:, 22:27, 1].mean(axis=1),
        right_eye=(points[:, (41, 40), 1] - points[:, (37, 38), 1]).mean(axis=1),
        left_eye=(points[:, (46, 47), 1] - points[:, (44, 43), 1]).mean(axis=1),
    )


def half_areas(outline: Float[np.ndarray, "t p 2"]) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"]]:
    """Return the areas of a closed outline right (x < 0) and left (x > 0) of the midline x = 0.

    By Green's theorem the right part is ``|∮ min(x, 0) dy|``: the cut along x = 0 adds nothing to the integral.
    """
    x0, y0 = outline[..., 0], outline[..., 1]
    x1, dy = np.roll(x0, -1, axis=1), np.roll(y0, -1, axis=1) - y0
    # An edge that crosses the midline has min(x, 0) over a fraction n / (n + p) of its length, of mean -n / 2.
    n, p = -np.minimum(x0, x1), np.maximum(x0, x1)
    crossing = (n > 0) & (p > 0)
    total = np.where(crossing, n + p, 1.0)
    below = np.where(crossing, -n * n / (2 * total), np.where(n > 0, (x0 + x1) / 2, 0 * x0))
    right = np.abs((below * dy).sum(axis=1))
    left = np.abs((((x0 + x1) / 2 - below) * dy).sum(axis=1))
    return right, left


def lips_in_order(points: Float[np.ndarray, "t 68 2"]) -> Bool[np.ndarray, " t"]:
    """Say when the lips' outer points lie as on a mouth: none has passed its neighbour, none of the lower lip the upper.

    A point that is followed along an edge without detail may slide along it, and looks right wherever it comes to lie: its
    confidence does not tell. Skin cannot do that. Along means along the line from corner to corner; False where a point was not
    seen.
    """
    across = points[:, LEFT_CORNER] - points[:, RIGHT_CORNER]
    along = np.einsum("tpi,ti->tp", points, across)
    down = points[..., 1] * across[:, :1] - points[..., 0] * across[:, 1:]
    with np.errstate(invalid="ignore"):
        advancing = [(np.diff(along[:, edge], axis=1) > 0).all(axis=1) for edge in (UPPER_EDGE, LOWER_EDGE)]
        below = (down[:, LOWER_EDGE[1:-1]] > down[:, UPPER_EDGE[1:-1]]).all(axis=1)
    return advancing[0] & advancing[1] & below


def spread(values: Float[np.ndarray, " t"]) -> float:
    """Return P99 - P1 of what is seen, 0 where nothing is."""
    seen = values[np.isfinite(values)]
    return float(np.subtract(*np.percentile(seen, (99, 1)))) if len(seen) else 0.0


def driver(found: Signals, task: str | None) -> Driver:
    """Return the signal that a task moves, turned so that it rises with the gesture.

    A kiss and a blow narrow the mouth. Without a known task it is the one of lip aperture, mouth width and jaw opening that
    moves furthest, and the mouth's width counts as narrowing where it goes further below its median than above.
    """
    width = found.mouth_width
    aperture, jaw = Driver("lip aperture", found.lip_aperture), Driver("jaw opening", found.jaw_opening)
    wide, narrow = Driver("mouth width", width), Driver("mouth narrowing", -width)
    if task is not None and task in TASKS:
        brows = Driver("brow height", (found.right_brow + found.left_brow) / 2)
        if task in ("NSM_KISS", "NSM_BLOW"):
            return narrow
        return {
            "DDK_PATAKA": aperture._replace(closes=True),
            "NSM_OPEN": jaw,
            "NSM_SPREAD": wide,
            "NSM_BIGSMILE": wide,
            "NSM_BROW": brows,
        }.get(task, aperture)
    seen = width[np.isfinite(width)]
    if len(seen) and np.percentile(seen, 99) + np.percentile(seen, 1) < 2 * np.median(seen):
        wide = narrow
    return max((aperture, wide, jaw), key=lambda one: spread(one.values))


def at_rest(rise: Driver) -> Bool[np.ndarray, " t"]:
    """Return the frames of rest: those in the lowest fifth of the driving signal."""
    seen = np.isfinite(rise.values)
    if not seen.any():
        return seen
    with np.errstate(invalid="ignore"):
        return rise.values <= np.percentile(rise.values[seen], 20)
