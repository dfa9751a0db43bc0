"""Landmarks that look at the pixels: the mesh finds the face, mirrored halves place each side, optical flow follows it.

Every stretch of video in which the face is never lost for long is one *episode*. It starts with a face placed by ``mirror``;
from there markers are followed from a few anchor frames. A marker is *locked* to an anchor, or it *coasts* from frame to
frame for as long as it keeps looking the same, or it is *lost* and stays where the mesh expects it until an anchor finds it
again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

from divine.face.canonical import OED, Canonical, canonical
from divine.face.finder import Finder
from divine.face.flow import LEVELS, Grey, Points, likeness, locked, patches, step
from divine.face.markers import JAW, MOUTH, POINTS, REACH, WINDOWS, assemble, believed, place
from divine.face.mesh import TO_68
from divine.face.mirror import placed
from divine.face.pose import pose_deg
from divine.face.sight import NOTHING, Correction, Sight

ANCHORS = 6
AGREE = 0.04 * OED
"""An anchor's answer counts if it lies this close to that from the frame before."""
MESH_ERRS = 0.06 * OED
"""Twice as far as the mesh was seen to lie beside the corners of the eyes while real faces talked and opened their mouths."""
ALIKE, SAME = 0.6, 0.8
"""Correlation from which a marker looks like its anchor's, and like itself in the frame before."""
ENOUGH = 0.7
"""Share of the mouth's markers that a good anchor locks."""
REST_S = 0.2
"""Least time between new anchors."""
GIVE_UP_S = 1.0
"""After so long without most of its markers, or without a face, an episode ends."""
PLACE_EVERY_S = 0.5
"""How often the face is placed again, without what is known of it."""
AT_FIRST = 0.8
"""Belief in markers that were placed, not followed."""


Shape68 = Float[np.ndarray, "68 2"]
Looks = tuple[np.ndarray, ...]
"""Patches by group of markers."""


class Anchor(NamedTuple):
    """A frame in which it is known where the markers are."""

    grey: Grey
    markers: Points
    looks: Looks
    trusted: Bool[np.ndarray, " n"]


class Lock(NamedTuple):
    """What one anchor says of a frame."""

    markers: Points
    holds: Bool[np.ndarray, " n"]
    alike: Float[np.ndarray, " n"]


class Episode:
    """The markers of one face, from frame to frame."""

    def __init__(self, view: Canonical, rest: Shape68, mesh: Shape68, time_s: float, first: int):
        self.rest, self.first = rest, first
        self.offset = place(rest) - place(mesh)
        """From where the mesh has a marker to where it is."""
        self.grey = view.grey
        self.markers = place(rest)
        self.looks = looks_of(self.grey, self.markers)
        self.trusted = np.ones(len(POINTS), dtype=bool)
        self.anchors = [Anchor(self.grey, self.markers, self.looks, self.trusted)]
        self.current = 0
        self.anchored_s = self.alive_s = self.placed_s = time_s
        self.steady = True
        self.placements = [np.zeros((68, 2), dtype=np.float32)]

    def follow(self, view: Canonical, mesh: Shape68, time_s: float) -> Float[np.ndarray, " n"]:
        """Move the markers to the next frame; return how far each is to be believed, 0 to 1."""
        before, self.grey = self.grey, view.grey
        expected = place(mesh) + self.offset
        coasted = step(before, self.grey, self.markers)
        same = alike(looks_of(self.grey, coasted), self.looks) >= SAME
        coasting = self.trusted & same & (np.linalg.norm(coasted - expected, axis=1) < REACH)
        if (coasting & JAW).sum() >= 2:  # the jaw's markers move together, farther than the mesh expects
            expected[JAW] += np.median((coasted - expected)[coasting & JAW], axis=0)
        guess = np.where(coasting[:, None], coasted, expected)
        lock = self._lock(self.anchors[self.current], guess, coasting)
        if lock.holds[MOUTH].mean() < ENOUGH:
            for index, anchor in enumerate(self.anchors):
                other = self._lock(anchor, guess, coasting)
                if other.holds[MOUTH].sum() > lock.holds[MOUTH].sum():
                    lock, self.current = other, index
        if (~lock.holds & ~self.anchors[self.current].trusted).any():
            # Made while a blink hid the eyes, say: what this anchor never knew, the first one does.
            first = self._lock(self.anchors[0], guess, coasting)
            found = first.holds & ~lock.holds
            lock = Lock(
                np.where(found[:, None], first.markers, lock.markers),
                lock.holds | found,
                np.where(found, first.alike, lock.alike),
            )
        self.markers = np.where(lock.holds[:, None], lock.markers, guess)
        self.trusted = lock.holds | coasting
        self.looks = looks_of(self.grey, self.markers)
        if self.trusted[MOUTH].mean() > 0.5:
            self.alive_s = time_s
        self.steady = bool(lock.holds[MOUTH].mean() >= ENOUGH)
        known = self.trusted[MOUTH].mean() >= ENOUGH
        if not self.steady and known and time_s - self.anchored_s >= REST_S:
            self._anchor(time_s)
        return np.where(lock.holds, 0.5 + 0.5 * lock.alike, np.where(coasting, 0.4, 0.1))

    def _lock(self, anchor: Anchor, guess: Points, coasting: Bool[np.ndarray, " n"]) -> Lock:
        """Follow the markers from an anchor: from nearby where they are known to be near, else by a wider search."""
        markers, holds = guess.copy(), np.zeros(len(guess), dtype=bool)
        for group, window, _ in WINDOWS:
            for some, levels in ((group[coasting[group]], 0), (group[~coasting[group]], LEVELS)):
                if len(some):
                    markers[some], holds[some] = locked(
                        anchor.grey, self.grey, anchor.markers[some], guess[some], window, levels
                    )
        same = alike(looks_of(self.grey, markers), anchor.looks)
        # What looks exactly as it did is where it is, though the mesh, which gives way to a wide jaw, has it elsewhere.
        reach = np.where(same >= SAME, np.maximum(REACH, MESH_ERRS), REACH)
        near = np.linalg.norm(markers - guess, axis=1) < np.where(coasting, AGREE, reach)
        return Lock(markers, holds & near & anchor.trusted & (same >= ALIKE), np.clip(same, 0, 1))

    def due(self, time_s: float) -> bool:
        """Say whether it is time to place the face again, and the frame is fit for it."""
        return self.steady and time_s - self.placed_s >= PLACE_EVERY_S

    def compare(self, followed: Shape68, anew: Shape68, time_s: float) -> None:
        """Remember how far the face lies from where it was followed to, when it is placed anew."""
        self.placements.append((anew - followed).astype(np.float32))
        self.placed_s = time_s

    def offset_of_placements(self) -> Shape68:
        """Return the median over all placements, in outer-eye distances: one placement errs, many less."""
        return np.median(self.placements, axis=0) / OED

    def _anchor(self, time_s: float) -> None:
        """Make this frame an anchor too; the first stays, the oldest other goes."""
        if len(self.anchors) == ANCHORS:
            del self.anchors[1]
        self.anchors.append(Anchor(self.grey, self.markers, self.looks, self.trusted))
        self.current = len(self.anchors) - 1
        self.anchored_s = time_s


def looks_of(grey: Grey, markers: Points) -> Looks:
    """Return the patches around all markers, group by group."""
    return tuple(patches(grey, markers[group], size) for group, _, size in WINDOWS)


def alike(one: Looks, other: Looks) -> Float[np.ndarray, " n"]:
    """Return the likeness of each marker's patches."""
    values = np.empty(len(POINTS))
    for (group, _, _), a, b in zip(WINDOWS, one, other, strict=True):
        values[group] = likeness(a, b)
    return values


class Pixels:
    """The follower behind ``mediapipe``."""

    name = "mediapipe"

    def __init__(self):
        self.finder = Finder()
        self.episode: Episode | None = None
        self.frame = -1
        self.done: list[Correction] = []

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], time_s: float) -> Sight:
        """Return what is seen in the next frame (RGB)."""
        self.frame += 1
        found = self.finder(image, time_s)
        if self.episode is not None and time_s - self.episode.alive_s > GIVE_UP_S:
            self._end()
        if found.shape is None:
            return NOTHING._replace(faces=found.faces)
        vertices = found.shape.vertices_px
        view = canonical(image, vertices)
        mesh = view.crop_of(vertices[TO_68, :2])
        if self.episode is None:
            self.episode = Episode(view, placed(image, found.shape, view, self.finder.mesh), mesh, time_s, self.frame)
            belief = np.full(len(POINTS), AT_FIRST)
            points = assemble(self.episode.markers, self.episode.rest, mesh)
        else:
            belief = self.episode.follow(view, mesh, time_s)
            points = assemble(self.episode.markers, self.episode.rest, mesh)
            if self.episode.due(time_s):
                self.episode.compare(points, placed(image, found.shape, view, self.finder.mesh), time_s)
        return Sight(view.picture_of(points), believed(belief), pose_deg(vertices), found.faces)

    def corrections(self) -> list[Correction]:
        """Return, for each episode, how far all its placements lie from what was followed."""
        self._end(after=1)
        return self.done

    def _end(self, after: int = 0) -> None:
        if self.episode is not None:
            self.done.append(Correction(self.episode.first, self.frame + after, self.episode.offset_of_placements()))
            self.episode = None
