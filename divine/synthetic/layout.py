"""What lies beside a synthetic cohort's videos, in Toronto NeuroFace's layout: annotations of some frames, and sheets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from divine.data.schema import Rating
from divine.data.tnf_write import (
    Person,
    Rated,
    boxes_path,
    landmarks_path,
    write_boxes,
    write_landmarks,
    write_people,
    write_ratings,
    write_video_info,
)
from divine.synthetic.clip import SyntheticClip
from divine.synthetic.raters import Scores
from divine.synthetic.subject import GROUPS, Subject
from divine.synthetic.tasks import TASKS

RATERS = ("SLP1", "SLP2")

_ANNOTATED = 13
"""Frames per video with landmarks and boxes; the release has 3,306 in 261 videos."""

Row = tuple[Path, Subject, tuple[Scores, Scores]]
"""A video, who is in it, and both raters' scores."""


def annotate(root: Path, subject: Subject, clip: SyntheticClip, seed: int) -> None:
    """Write the true landmarks and a box of some frames, in no order, as the release does."""
    rng = np.random.default_rng([subject.seed, seed, list(TASKS).index(clip.task), 11])
    # The release's smallest frame number is 1, and a damaged tail must not lose annotated frames.
    last = int(len(clip.times_s) * 0.75)
    frames = rng.permutation(np.arange(1, last))[: min(_ANNOTATED, last - 1)]
    points = clip.points_px[frames]
    write_landmarks(landmarks_path(root, subject.group, clip.path), frames, points)
    low, high = points.min(1), points.max(1)
    # Annotators draw boxes a little loosely, up to the hairline.
    margin = (high - low) * np.array([0.05, 0.0]) + np.array([0.0, 4.0])
    lift = np.stack([np.zeros(len(frames)), 0.2 * (high - low)[:, 1]], 1)
    boxes = np.concatenate([low - margin - lift, high + margin], 1)
    limit = np.array([clip.width, clip.height, clip.width, clip.height]) - 1.0
    write_boxes(boxes_path(root, subject.group, clip.path), frames, np.clip(boxes, 0.0, limit))


def write_tables(root: Path, people: Sequence[Subject], rows: Sequence[Row], about: dict[str, str]) -> None:
    """Write each group's ratings, free metadata (the same for every video), ages and sexes."""
    for group in GROUPS:
        mine = [row for row in rows if row[1].group == group]
        write_ratings(root, group, [Rated(video.name, subject.key, _ratings(scores)) for video, subject, scores in mine])
        write_video_info(root, group, [(video.name, about) for video, _, _ in mine])
        write_people(root, group, [Person(one.key, float(one.age), one.sex) for one in people if one.group == group])


def _ratings(scores: tuple[Scores, Scores]) -> tuple[Rating, ...]:
    return tuple(Rating(rater, tuple(float(score) for score in given)) for rater, given in zip(RATERS, scores, strict=True))
