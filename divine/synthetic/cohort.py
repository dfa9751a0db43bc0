"""A whole synthetic cohort in Toronto NeuroFace's layout: videos, ratings, sparse landmarks, boxes, ages and sexes."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from divine.data.tnf_write import mark_synthetic, video_path
from divine.records import DivineError
from divine.store import write_atomically
from divine.synthetic.clip import render_clip
from divine.synthetic.gesture import make_gesture
from divine.synthetic.layout import annotate, write_tables
from divine.synthetic.raters import Scores, rate
from divine.synthetic.roster import SESSION, Sitting, make_sittings, make_subjects
from divine.synthetic.subject import GROUPS, OVERLAP, Overlap, Subject
from divine.synthetic.tasks import TASKS
from divine.synthetic.tracks import Truth

VERSION = 3
"""Raise when the same seed makes other clips: a folder of another version is not continued."""

_PLAN = "synthetic_plan.json"
_TRUTH = "synthetic_truth"


class SyntheticError(DivineError):
    """A synthetic cohort cannot be made as asked."""


@dataclass(frozen=True)
class Plan:
    """What a cohort is made from: the same plan makes the same recordings."""

    subjects: int = 36
    tasks: tuple[str, ...] = tuple(TASKS)
    complete: bool = False
    """Everybody does every task; else batteries are as incomplete as in the release."""
    seconds: float = 7.0
    fps: float = 50.0
    width: int = 640
    height: int = 480
    seed: int = 0
    damaged: int = 0
    """So many videos lose the last fifth of their bytes."""
    version: int = VERSION


@dataclass(frozen=True)
class CohortClip:
    """One recording of a cohort with its ratings and its truth."""

    video: Path
    subject: Subject
    task: str
    ratings: tuple[Scores, Scores]
    truth: Truth


@dataclass(frozen=True)
class Cohort:
    """A cohort on disk."""

    root: Path
    plan: Plan
    people: tuple[Subject, ...]
    clips: tuple[CohortClip, ...]


def plan_clips(root: Path, plan: Plan, overlap: Overlap = OVERLAP) -> Cohort:
    """Return the cohort that a plan makes, ratings and truths included, without rendering anything."""
    people = make_subjects(plan.subjects, plan.seed, overlap)
    clips = []
    for subject, task, seed in make_sittings(people, plan.tasks, plan.seed, complete=plan.complete):
        gesture = make_gesture(subject, task, seed, plan.seconds, overlap)
        rng = np.random.default_rng([subject.seed, seed, list(TASKS).index(task), 3])
        video = video_path(root, subject.group, subject.key, SESSION, task)
        clips.append(CohortClip(video, subject, task, rate(gesture.performed, rng), gesture.truth))
    return Cohort(root, plan, people, tuple(clips))


def make_cohort(
    out: Path,
    plan: Plan | None = None,
    *,
    workers: int = 1,
    on_progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    overlap: Overlap = OVERLAP,
) -> Cohort:
    """Render a cohort, or continue one that was interrupted: finished recordings stay as they are.

    Args:
        out: a new folder, or one that the same plan began.
        plan: what to make.
        workers: processes; each renders one recording at a time, on one core.
        on_progress: is told how many recordings of how many are done, and the name of the latest.
        overlap: how alike groups and takes are.

    Raises:
        SyntheticError: the plan is impossible, or ``out`` holds something else.
        MediaError: a video cannot be written.
        StoreError: another file cannot be written.
    """
    plan = plan or Plan()
    _check(plan)
    _claim(out, plan, overlap)
    cohort = plan_clips(out, plan, overlap)
    origin = {"Origin": "SYNTHETIC", "Frame rate": f"{plan.fps:g}"}
    write_tables(out, cohort.people, [(clip.video, clip.subject, clip.ratings) for clip in cohort.clips], origin)
    mark_synthetic(out, f"divine.synthetic, seed {plan.seed}: rendered faces, synthesised voices, simulated raters.")
    sittings = make_sittings(cohort.people, plan.tasks, plan.seed, complete=plan.complete)
    damaged = set(np.random.default_rng([plan.seed, 8]).permutation(len(sittings))[: plan.damaged].tolist())
    todo = [
        (out, plan, sitting, number in damaged, overlap)
        for number, sitting in enumerate(sittings)
        if not _truth_path(out, sitting).exists()
    ]
    done = len(sittings) - len(todo)
    on_progress(done, len(sittings), "")
    for name in _run(todo, workers):
        done += 1
        on_progress(done, len(sittings), name)
    return cohort


Job = tuple[Path, Plan, Sitting, bool, Overlap]


def _run(todo: Sequence[Job], workers: int) -> Iterator[str]:
    if workers <= 1:
        yield from map(_record, todo)
        return
    # Spawned, not forked: the caller may hold threads of a server or of torch.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        futures = [pool.submit(_record, job) for job in todo]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _record(job: Job) -> str:
    """Render one recording and the files beside it; the truth comes last and says that all is there."""
    out, plan, sitting, damaged, overlap = job
    subject, task = sitting.subject, sitting.task
    video = video_path(out, subject.group, subject.key, SESSION, task)
    size = (plan.width, plan.height)
    clip = render_clip(subject, task, sitting.seed, video, fps=plan.fps, seconds=plan.seconds, size=size, overlap=overlap)
    if damaged:
        with video.open("r+b") as file:
            file.truncate(int(video.stat().st_size * 0.8))
    annotate(out, subject, clip, sitting.seed)
    about = {"subject": subject.key, "group": subject.group, "severity": subject.severity, "truth": asdict(clip.truth)}
    write_atomically(_truth_path(out, sitting), json.dumps(about, indent=1).encode())
    return video.name


def _truth_path(root: Path, sitting: Sitting) -> Path:
    return root / _TRUTH / sitting.subject.group / f"{sitting.stem}.json"


def _check(plan: Plan) -> None:
    unknown = [task for task in plan.tasks if task not in TASKS]
    if unknown or not plan.tasks:
        raise SyntheticError(f"tasks {', '.join(unknown) or 'none'}: choose among {', '.join(TASKS)}.")
    if plan.subjects < len(GROUPS):
        raise SyntheticError(f"{plan.subjects} subjects: a cohort needs at least {len(GROUPS)}, one in each group.")
    if plan.width % 2 or plan.height % 2 or min(plan.width, plan.height) < 240:
        raise SyntheticError(f"{plan.width} x {plan.height}: choose an even width and height of 240 or more.")
    if not 2.0 <= plan.seconds <= 120.0 or not 10.0 <= plan.fps <= 120.0:
        raise SyntheticError(f"{plan.seconds:g} s at {plan.fps:g} frames/s: choose 2 to 120 s, 10 to 120 frames/s.")


def _claim(out: Path, plan: Plan, overlap: Overlap) -> None:
    """Take a new or empty folder, or one that the same plan began."""
    wanted = json.loads(json.dumps({"plan": asdict(plan), "overlap": asdict(overlap)}))
    path = out / _PLAN
    if path.is_file():
        if json.loads(path.read_text()) != wanted:
            raise SyntheticError(f"{out}: holds a cohort made from another plan. Choose a new folder, or the same options.")
        return
    if out.is_dir() and any(out.iterdir()):
        raise SyntheticError(f"{out}: is not empty and holds no synthetic cohort. Choose a new folder.")
    write_atomically(path, json.dumps(wanted, indent=1).encode())
