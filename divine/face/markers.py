"""Which pixels measure which of the 68 points.

A *marker* is a place on the skin that can be followed. Brows, nose, eye corners and the lips' outer edge are their own
markers; the lips' lie a little outside, away from teeth and cavity, which come and go, and the brows' a little below, on the
hair: the mesh draws a brow along its upper edge, where bare skin gives nothing to hold on to. The chin's lie inside its
outline, where there is skin on every side. The lips' inner edge has none: it keeps its distance from the outer edge.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from divine.face.canonical import OED

DIRECT = np.array([*range(17, 36), 36, 39, 42, 45, *range(48, 60)])
"""Points that are their own markers."""
CHIN = np.array([7, 8, 9])
POINTS = np.concatenate([DIRECT, CHIN])
"""The point that each marker moves with."""
_UPPER_LIP, _LOWER_LIP, _BROWS = (np.isin(POINTS, some) for some in (range(49, 54), range(55, 60), range(17, 27)))
DOWN = OED * np.select([_UPPER_LIP, _LOWER_LIP, POINTS < 17, _BROWS], [-0.03, 0.04, -0.10, 0.03], 0.0)
"""How far below its point a marker lies, in pixels of the crop."""
MOUTH = np.isin(POINTS, range(48, 60))
JAW = np.isin(POINTS, range(55, 60)) | (POINTS < 17)
"""Markers that the jaw carries together."""
FINE, COARSE = np.flatnonzero(POINTS >= 17), np.flatnonzero(POINTS < 17)
"""Markers with detail around them, and those on bare skin, which need a wider look."""
WINDOWS = ((FINE, 11, 13), (COARSE, 25, 25))
"""Markers, the window in which they are followed from an anchor, the patch by which they are known again, in pixels.
Small where it can be, because a window averages: 21 pixels see 0.88 of a sinking corner, 11 see 0.94."""
EYES = np.isin(POINTS, [36, 39, 42, 45])
REACH = OED * np.select([EYES, POINTS < 17, POINTS < 27, POINTS < 36, POINTS < 55], [0.03, 0.50, 0.15, 0.08, 0.20], 0.50)
"""How far from where the mesh expects it a marker is believed, in pixels. The mesh sees less than half of a jaw's way; at the
eyes it is right, and a marker that a blink has carried off must not stay away."""
INNER = np.array([[60, 48], [61, 50], [62, 51], [63, 52], [64, 54], [65, 56], [66, 57], [67, 58]])
"""Points of the inner edge and the outer ones that carry them."""
CLOSING = ((67, 61), (66, 62), (65, 63))
"""Points of the lower lip's inner edge, and those of the upper lip's above them."""
OUTLINE = {3: 0.05, 4: 0.2, 5: 0.5, 6: 0.8, 10: 0.8, 11: 0.5, 12: 0.2, 13: 0.05}
"""How much of the chin's motion the jaw line beside it shares."""
UNSEEN = 0.5
"""Belief in a point that only the mesh has seen."""
LIDS = ((36, 39, (37, 38, 40, 41)), (42, 45, (43, 44, 46, 47)))


def place(shape: Float[np.ndarray, "68 2"]) -> Float[np.ndarray, "n 2"]:
    """Return the markers of a face."""
    return shape[POINTS] + np.stack([np.zeros(len(POINTS)), DOWN], axis=1)


def assemble(
    markers: Float[np.ndarray, "n 2"], rest: Float[np.ndarray, "68 2"], mesh: Float[np.ndarray, "68 2"]
) -> Float[np.ndarray, "68 2"]:
    """Return the 68 points of a frame.

    Args:
        markers: where the markers are.
        rest: the face from which the markers were placed.
        mesh: the frame's points as the mesh has them, which serve where no marker is.
    """
    points = mesh.copy()
    points[POINTS] = rest[POINTS] + markers - place(rest)
    for inner, outer in INNER:
        points[inner] = points[outer] + rest[inner] - rest[outer]
    for lower, upper in CLOSING:
        if points[lower, 1] < points[upper, 1]:  # pressed lips touch, they do not pass each other
            points[[lower, upper], 1] = points[[lower, upper], 1].mean()
    drop = points[CHIN].mean(axis=0) - mesh[CHIN].mean(axis=0)
    for point, share in OUTLINE.items():
        points[point] += share * drop
    for inner, outer, lids in LIDS:
        points[list(lids)] += (points[[inner, outer]] - mesh[[inner, outer]]).mean(axis=0)
    return points


def believed(belief: Float[np.ndarray, " n"]) -> Float[np.ndarray, " 68"]:
    """Return how far each of the 68 points is to be believed: like its marker, or as little as the mesh alone."""
    confidence = np.full(68, UNSEEN)
    confidence[POINTS] = belief
    confidence[INNER[:, 0]] = confidence[INNER[:, 1]]
    for point, share in OUTLINE.items():
        confidence[point] += share * (confidence[CHIN].mean() - UNSEEN)
    return confidence
