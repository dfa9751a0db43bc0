"""Do landmarks follow a drooping corner, a wide jaw and a rising brow? ``python -m benchmarks.fidelity`` (``--help`` for more).

Gain is the slope of seen against true displacement: 1 is right, 0 is blind. Every clip is a real face moved by a known
amount (``benchmarks.warped_faces``); displacements are vertical, in outer-eye distances, in the head's own frame.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import cv2
import numpy as np

from benchmarks.warped_faces import BROWS, HEIGHT, LEFT, RIGHT, WIDTH, Frame, Motion, Photograph, film, photographs, truth
from divine.face import pixels
from divine.face.canonical import canonical
from divine.face.finder import Finder
from divine.face.mesh import TO_68
from divine.face.mirror import placed
from divine.face.track import follower
from divine.face.tracks import Tracks, landmarks_of

CORNER, JAW, STATIC = 0.10, 0.35, (-0.10, -0.05, 0.0, 0.05, 0.10)
"""Largest displacement of a corner and of the jaw; the droops of the static clips."""
BROW = 0.10
"""Largest displacement of a brow."""
LID = (0.0, 0.02, 0.04)
"""How far one upper lid hangs in static clips."""
LOW, HIGH = 0.85, 1.15
"""Gains that are good enough."""
Follow = Callable[[Sequence[Frame]], np.ndarray]
"""Takes the frames of a clip, gives the 68 points in each [t 68 2]."""
CORNERS, UPPER = (RIGHT, LEFT), (61, 62, 63)
JAW_PARTS = (("lower lip", (56, 57, 58), UPPER), ("inner lip", (65, 66, 67), UPPER), ("chin", (7, 8, 9), CORNERS))
"""What the jaw carries, and what it must leave where it is."""


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


def brow_motions(side: int) -> list[Motion]:
    """Rest, two rises of one brow."""
    amounts = -BROW * np.concatenate([np.zeros(15), _wave(80, 2)])
    return [Motion(brows=(a, 0.0) if side == RIGHT else (0.0, a)) for a in amounts]


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
    """Score one clip of ``corner_motions``, ``jaw_motions`` or ``brow_motions``."""
    points = follow(frames)
    true = np.stack([truth(face, motion) for motion in motions])

    def along(p: np.ndarray, which: Sequence[int]) -> np.ndarray:
        return p[:, list(which), 1].mean(axis=1) / face.oed

    if "brow" in case:
        moved, held = BROWS if any(motion.brows[0] for motion in motions) else BROWS[::-1]
        seen, still = (heights(face, points, frames, which) for which in (moved, held))
        return [fit(face.name, case, seen, along(true, moved), still)]
    if "corner" in case:
        side, other = (RIGHT, LEFT) if any(motion.corners[0] for motion in motions) else (LEFT, RIGHT)
        seen, still = (heights(face, points, frames, [which]) for which in (side, other))
        return [fit(face.name, case, seen, along(true, [side]), still)]
    return [
        fit(
            face.name,
            f"{case}: {part}",
            heights(face, points, frames, which),
            along(true, which),
            heights(face, points, frames, still),
        )
        for part, which, still in JAW_PARTS
    ]


def droop(points: np.ndarray) -> np.ndarray:
    """Return how far the right corner lies below the left in the face's own frame, its eyes, in pixels, per frame."""
    across = points[:, [42, 45]].mean(axis=1) - points[:, [36, 39]].mean(axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    down = np.stack([-across[:, 1], across[:, 0]], axis=1)
    return ((points[:, RIGHT] - points[:, LEFT]) * down).sum(axis=1)


def score_static(face: Photograph, follow: Follow, side: int) -> list[Score]:
    """Score clips whose every frame has the same droop: nothing ever moves, no frame shows the face at rest."""
    own, lower, other = [], [], []
    for amount in STATIC:
        frames = list(film(face, [Motion(corners=(amount, 0.0) if side == RIGHT else (0.0, amount))] * 8))
        points = follow(frames)
        right, left = (float(heights(face, points, frames, [which]).mean()) for which in (RIGHT, LEFT))
        sign = 1 if side == RIGHT else -1
        own.append(sign * float(droop(points).mean()) / face.oed)
        lower.append(right if side == RIGHT else left)
        other.append(left if side == RIGHT else right)
    true = np.array(STATIC)
    return [
        fit(face.name, "static droop: asymmetry", np.array(own), true, np.array(other)),
        fit(face.name, "static droop: corner", np.array(lower), true, np.array(other)),
    ]


def opening(points: np.ndarray, side: int) -> np.ndarray:
    """Return how far the eye of one side is open, in pixels, per frame."""
    upper, lower = ((37, 38), (41, 40)) if side == RIGHT else ((43, 44), (47, 46))
    return points[:, list(lower), 1].mean(axis=1) - points[:, list(upper), 1].mean(axis=1)


def score_lid(face: Photograph, follow: Follow, side: int) -> Score:
    """Score clips in each of which one upper lid hangs by the same amount throughout: how unequal are the eyes seen?"""
    seen, still, true = [], [], []
    other = LEFT if side == RIGHT else RIGHT
    for amount in LID:
        motion = Motion(lids=(amount, 0.0) if side == RIGHT else (0.0, amount))
        points, drawn = follow(list(film(face, [motion] * 8))), truth(face, motion)[None]
        seen.append(float((opening(points, other) - opening(points, side)).mean()) / face.oed)
        still.append(float(opening(points, other).mean()) / face.oed)
        true.append(float((opening(drawn, other) - opening(drawn, side)).mean()) / face.oed)
    return fit(face.name, "static lid: asymmetry", np.array(seen), np.array(true), np.array(still))


def score_face(face: Photograph, follow: dict[str, Follow], cases: Sequence[str]) -> dict[str, list[Score]]:
    """Score every way of following on every case of one face."""
    scores: dict[str, list[Score]] = {name: [] for name in follow}
    for shaken in (False, True):
        suffix = ", shaken" if shaken else ""
        clips = []
        if "corner" in cases:
            clips += [("corner", corner_motions(side)) for side in (RIGHT, LEFT)]
        if "brow" in cases:
            clips += [("brow", brow_motions(side)) for side in (RIGHT, LEFT)]
        if "jaw" in cases:
            clips += [("jaw", jaw_motions(teeth)) for teeth in (False, True)]
        for case, motions in clips:
            frames = list(film(face, motions, shaken=shaken))
            for name, function in follow.items():
                scores[name] += score_moving(face, function, frames, motions, case + suffix)
    for side in (RIGHT, LEFT):
        for name, function in follow.items():
            if "lid" in cases:
                scores[name].append(score_lid(face, function, side))
            if "static" in cases:
                scores[name] += score_static(face, function, side)
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


def backend(name: str) -> Follow:
    """Return a backend of the product, with what it learns late."""

    def follow(frames: Sequence[Frame]) -> np.ndarray:
        blocks: list[bytes] = []
        see, tracks = follower(name), Tracks(blocks.append)
        for frame in frames:
            tracks.append(frame.time_s, see(frame.image, frame.time_s))
        end = tracks.finish(name, WIDTH, HEIGHT, corrections=see.corrections())
        return landmarks_of(blocks, end, name).points_px.astype(np.float64)

    return follow


def flow_alone(frames: Sequence[Frame]) -> np.ndarray:
    """Follow markers from where the mesh puts them, without placing the mouth."""
    with mock.patch.object(pixels, "placed", lambda image, shape, view, mesh: view.crop_of(shape.vertices_px[TO_68, :2])):
        return backend("mediapipe")(frames)


def placement_alone(frames: Sequence[Frame]) -> np.ndarray:
    """Place the mouth by its mirrored halves in every frame, without following anything."""
    finder, points = Finder(), []
    for frame in frames:
        shape = finder(frame.image, frame.time_s).shape
        assert shape is not None
        view = canonical(frame.image, shape.vertices_px)
        points.append(view.picture_of(placed(frame.image, shape, view, finder.mesh)))
    return np.stack(points)


def dlib_68(weights: Path) -> Follow:
    """Return dlib's predictor, on the box in which its training saw a face."""
    import dlib

    predictor = dlib.shape_predictor(str(weights))  # pyright: ignore[reportAttributeAccessIssue]

    def follow(frames: Sequence[Frame]) -> np.ndarray:
        finder, points = Finder(), []
        for frame in frames:
            shape = finder(frame.image, frame.time_s).shape
            assert shape is not None
            eyes = shape.vertices_px[[33, 263], :2]
            (x, y), oed = eyes.mean(axis=0), np.linalg.norm(eyes[1] - eyes[0])
            box = [int(v) for v in (x - 0.9 * oed, y - 0.45 * oed, x + 0.9 * oed, y + 1.35 * oed)]
            found = predictor(frame.image, dlib.rectangle(*box))  # pyright: ignore[reportAttributeAccessIssue]
            points.append([[point.x, point.y] for point in found.parts()])
        return np.array(points, dtype=np.float64)

    return follow


def main() -> None:
    """Score the ways of following and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="a folder of more frontal photographs")
    parser.add_argument("--backends", default="mediapipe,mesh", help="comma-separated; flow, placement are its halves")
    parser.add_argument("--dlib", type=Path, help="shape_predictor_68_face_landmarks.dat, to compare")
    parser.add_argument("--cases", default="corner,jaw,brow,static,droop,lid")
    parser.add_argument("--each", action="store_true", help="print every face, too")
    given = parser.parse_args()
    halves: dict[str, Follow] = {"flow": flow_alone, "placement": placement_alone}
    follow = {name: halves.get(name) or backend(name) for name in given.backends.split(",")}
    if given.dlib:
        follow["dlib 68"] = dlib_68(given.dlib)
    cv2.setNumThreads(1)
    scores: dict[str, list[Score]] = {name: [] for name in follow}
    for face in photographs(given.pictures):
        print(f"{face.name} ...", file=sys.stderr, flush=True)
        for name, rows in score_face(face, follow, given.cases.split(",")).items():
            scores[name] += rows
            if given.each:
                print("\n".join(f"{name} | {row}" for row in rows), flush=True)
    print(table(scores))


if __name__ == "__main__":
    main()
