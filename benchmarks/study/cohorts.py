"""Synthetic cohorts as feature manifests, without rendering a picture: true landmarks and the synthesised voice → KI and AC.

``python -m benchmarks.study.cohorts --seeds 100-104 --subjects 36`` fills the cache (about 70 s of one core per 36 subjects).
What a tracker would add is stood in for by 0.4 px of noise on every point and 0.5 degrees on the pose.
"""

from __future__ import annotations

import argparse
import csv
import functools
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from divine import encoders
from divine.config import home
from divine.data.tnf_names import ITEMS
from divine.data.tnf_write import mark_synthetic
from divine.records import Clip, Landmarks, Observation
from divine.synthetic.cohort import CohortClip, Plan, plan_clips
from divine.synthetic.face import FaceCamera
from divine.synthetic.field import weights_at
from divine.synthetic.gesture import make_gesture
from divine.synthetic.layout import RATERS
from divine.synthetic.subject import Subject
from divine.synthetic.tracks import RATE_HZ, Gesture
from divine.synthetic.voice import synthesise

NOISE_PX, NOISE_DEG = 0.4, 0.5
SIZE = (640, 480)
GROUPS = {"ALS": "ALS", "Stroke": "Stroke", "HC": "Healthy controls"}
CODES = {"video": "KI", "audio": "AC"}


def cache() -> Path:
    """Return where cohorts and runs of the study lie."""
    return home() / "study"


def cohort(seed: int, subjects: int = 36, *, workers: int = 1) -> Path:
    """Return the manifest of a cohort, made now if the cache has none.

    Args:
        seed: of the cohort: the people, their batteries, their raters.
        subjects: how many.
        workers: processes.
    """
    folder = cache() / f"cohort_{seed}_{subjects}"
    manifest = folder / "manifest.csv"
    if manifest.is_file():
        return manifest
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(subjects=subjects, seed=seed)
    clips = plan_clips(folder, plan).clips
    by_person: dict[str, list[CohortClip]] = {}
    for clip in clips:
        by_person.setdefault(clip.subject.key, []).append(clip)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(functools.partial(_person, folder, plan), by_person.values()))
    mark_synthetic(
        folder, f"benchmarks.study.cohorts, seed {seed}: features of simulated movement and voice; simulated raters."
    )
    _write(manifest, clips)
    return manifest


def parse_seeds(text: str) -> tuple[int, ...]:
    """``100-104`` or ``100,102``."""
    first, dash, last = text.partition("-")
    return tuple(range(int(first), int(last) + 1)) if dash else tuple(int(one) for one in text.split(","))


def _person(folder: Path, plan: Plan, clips: Sequence[CohortClip]) -> None:
    camera = FaceCamera(clips[0].subject.face, SIZE)  # a face is costly, and the same in all of a person's clips
    for clip in clips:
        gesture = make_gesture(clip.subject, clip.task, plan.seed, plan.seconds)
        landmarks = _landmarks(camera, gesture, clip.subject, plan)
        sound = synthesise(clip.subject, gesture, plan.seed, 16_000)
        about = Clip(_stem(clip), "", plan.seconds, None, None)
        observation = Observation(about, landmarks, sound)
        for code in CODES.values():
            (features,) = encoders.load(code)([observation])
            np.save(folder / f"{_stem(clip)}_{code}.npy", features.values.astype(np.float32))


def _landmarks(camera: FaceCamera, gesture: Gesture, subject: Subject, plan: Plan) -> Landmarks:
    times = np.arange(int(plan.seconds * plan.fps)) / plan.fps
    at = np.minimum((times * RATE_HZ).round().astype(int), len(gesture.times_s) - 1)
    rng = np.random.default_rng([subject.seed, plan.seed, 17])
    points = np.stack([camera.points(weights_at(gesture, int(index))) for index in at])
    head = gesture.head
    pose = np.stack([head.pitch_deg[at], head.yaw_deg[at], head.roll_deg[at]], axis=1)
    return Landmarks(
        times_s=times,
        points_px=points + rng.normal(0, NOISE_PX, points.shape),
        confidence=np.ones((len(times), 68)),
        pose_deg=pose + rng.normal(0, NOISE_DEG, pose.shape),
        faces=np.ones(len(times), int),
        width=SIZE[0],
        height=SIZE[1],
        backend="true points",
    )


def _stem(clip: CohortClip) -> str:
    return f"{clip.subject.group}_{clip.subject.key}_{clip.task}"


def _write(manifest: Path, clips: Iterable[CohortClip]) -> None:
    rows = []
    for clip in clips:
        row: dict[str, object] = {"subject": clip.subject.key, "group": GROUPS[clip.subject.group], "task": clip.task}
        row |= {"age": clip.subject.age, "sex": clip.subject.sex}
        row |= {f"features_{modality}_{code}": f"{_stem(clip)}_{code}.npy" for modality, code in CODES.items()}
        for rater, scores in zip(RATERS, clip.ratings, strict=True):
            row |= {f"rating_{item}_{rater}": score for item, score in zip(ITEMS, scores, strict=True)}
        rows.append(row)
    partial = manifest.with_suffix(".part")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(manifest)


def main() -> None:
    """Fill the cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=parse_seeds, default=(100,))
    parser.add_argument("--subjects", type=int, default=36)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    for seed in asked.seeds:
        print(cohort(seed, asked.subjects, workers=asked.workers), flush=True)


if __name__ == "__main__":
    main()
