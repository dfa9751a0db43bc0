"""Do measures taken from a rendered SYNTHETIC cohort agree with the gestures that drove it? ``python -m benchmarks.agreement``.

The film goes the product's way: decoded, followed, measured. ``benchmarks.programmed`` computes the truth from the gesture.
``--cohort DIR`` takes a cohort on disk; else one is rendered (``--subjects``, ``--seed``) under ``--home``, 6 s at 30 frames/s.
What was seen is kept under ``--home`` by recording: killed and started again, it goes on; a changed tracker needs a new one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.programmed import Programmed, healthy_noise, programmed
from divine.config import Limits
from divine.face.detector import short_range
from divine.face.kinematic_clock import follow
from divine.face.kinematics import measure_motion
from divine.face.track import track
from divine.media import open_clip
from divine.media.frames import frames
from divine.records import Landmarks, Measure
from divine.synthetic.cohort import Cohort, Plan, make_cohort, plan_clips
from divine.synthetic.face import FaceCamera
from divine.synthetic.gesture import make_gesture
from divine.synthetic.roster import make_sittings
from divine.synthetic.subject import Overlap
from divine.synthetic.tasks import TASKS

EVERY = 10
"""The detector looks at every so many frames, by itself."""
WIDTHS = ("NSM_KISS", "NSM_SPREAD", "NSM_BLOW", "NSM_BIGSMILE")
MAIN = {"NSM_BROW": "brow_range", "NSM_OPEN": "jaw_opening_range"} | dict.fromkeys(WIDTHS, "mouth_width_range")
"""Each task's range of motion; that of speech is the lip aperture's."""
SIDE = {"NSM_BROW": "brow_range_asymmetry"} | dict.fromkeys(WIDTHS, "corner_range_asymmetry")
"""The measure that is smaller on the weak side. Speech and opening have no sides of their own: there the lower corner at rest
names the weak one."""
RANGES = ("lip_aperture_range", "mouth_width_range", "jaw_opening_range", "right_corner_range", "left_corner_range")
SIGNED = ("corner_range_asymmetry", "mouth_area_asymmetry", "corner_rest_height_difference")


class Row(NamedTuple):
    """One recording."""

    name: str
    task: str
    true: Programmed
    found: float
    """Share of frames with landmarks."""
    detected: float
    """Share of the frames looked at in which the detector alone finds a face."""
    seen: dict[str, float]
    why: dict[str, str]
    """Of measures without a value."""
    intercanthal_px: float


def see(video: Path, kept: Path) -> tuple[Landmarks, float]:
    """Return a recording's landmarks as the product has them, and the share of frames in which the detector finds a face."""
    if not kept.exists():
        clip, detector = open_clip(video), short_range()
        landmarks = track(clip, limits=Limits())
        looked = [bool(detector(frame.image)) for number, frame in enumerate(frames(clip)) if number % EVERY == 0]
        kept.parent.mkdir(parents=True, exist_ok=True)
        arrays = {name: getattr(landmarks, name) for name in ("times_s", "points_px", "confidence", "pose_deg", "faces")}
        with kept.with_suffix(".part").open("wb") as file:
            np.savez(file, **arrays, size=[landmarks.width, landmarks.height], detected=np.mean(looked))
        kept.with_suffix(".part").rename(kept)
    with np.load(kept) as held:
        arrays = {name: held[name] for name in ("times_s", "points_px", "confidence", "pose_deg", "faces")}
        width, height = (int(n) for n in held["size"])
        return Landmarks(**arrays, width=width, height=height, backend="mediapipe"), float(held["detected"])


def compare(cohort: Cohort, overlap: Overlap, home: Path, tasks: Sequence[str], workers: int) -> list[Row]:
    """Compare every recording of some tasks of a cohort that lies on disk."""
    plan = cohort.plan
    sittings = make_sittings(cohort.people, plan.tasks, plan.seed, complete=plan.complete)
    jobs = [(clip, sitting) for clip, sitting in zip(cohort.clips, sittings, strict=True) if clip.task in tasks]
    with ThreadPoolExecutor(workers) as pool:
        looks = list(pool.map(lambda job: see(job[0].video, home / "landmarks" / f"{job[0].video.stem}.npz"), jobs))
    cameras, rows = {}, []
    for (clip, sitting), (landmarks, detected) in zip(jobs, looks, strict=True):
        person = clip.subject
        if (person.group, person.key) not in cameras:
            cameras[person.group, person.key] = FaceCamera(person.face, (plan.width, plan.height))
        gesture = make_gesture(person, clip.task, sitting.seed, plan.seconds, overlap)
        true = programmed(cameras[person.group, person.key], gesture, landmarks.times_s, person.weak_side)
        apart = np.linalg.norm(landmarks.points_px[:, 42] - landmarks.points_px[:, 39], axis=1)
        seen, why = _named(measure_motion(follow(landmarks), clip.task))
        rows.append(
            Row(
                clip.video.stem, clip.task, true, float(landmarks.found.mean()), detected, seen, why, float(np.nanmedian(apart))
            )
        )
    return rows


def _named(measures: Sequence[Measure]) -> tuple[dict[str, float], dict[str, str]]:
    seen = {one.name: one.value for one in measures if one.value is not None}
    if {"right_brow_range", "left_brow_range"} <= set(seen):
        seen["brow_range"] = (seen["right_brow_range"] + seen["left_brow_range"]) / 2
    return seen, {one.name: one.why for one in measures if one.value is None}


def _errors(rows: Sequence[Row], name: Callable[[Row], str]) -> np.ndarray:
    """Return relative errors in percent, where seen and where there is something to see."""
    pairs = [(row.seen[name(row)], row.true.measures[name(row)]) for row in rows if name(row) in row.seen]
    return np.array([100 * (seen / true - 1) for seen, true in pairs if np.isfinite(true) and true > 0])


def _spread(errors: np.ndarray) -> str:
    if not len(errors):
        return ""
    return f"{np.median(np.abs(errors)):.1f} ({np.median(errors):+.1f}; {errors.min():+.0f} to {errors.max():+.0f})"


def _weak(row: Row, measures: dict[str, float]) -> str | None:
    hangs = row.task not in SIDE
    value = measures.get("corner_rest_height_difference" if hangs else SIDE[row.task])
    return None if value is None else "right" if (value > 0) == hangs else "left"


def agreement_table(rows: Sequence[Row], noise: dict[str, float]) -> str:
    """Return the main table, Markdown; a last line over all tasks."""
    lines = [
        "| task | n | face tracked, detected (% of frames) | range of motion: error, % | repetition rate: error, % | no rate "
        "| weak side right (by true landmarks) |",
        "|---|---|---|---|---|---|---|",
    ]
    for task, label in [*((task, task) for task in TASKS), ("", "**all**")]:
        some = [row for row in rows if task in ("", row.task)]
        if not some:
            continue
        rangy = _errors(some, lambda row: MAIN.get(row.task, "lip_aperture_range"))
        rates = _errors(some, lambda row: "repetition_rate")
        repeated = [row for row in some if np.isfinite(row.true.measures["repetition_rate"])]
        without = [row for row in repeated if "repetition_rate" not in row.seen]
        clear = [row for row in some if row.true.asymmetry > 2 * noise[row.task]]
        right = sum(_weak(row, row.seen) == row.true.weak_side for row in clear)
        ideal = sum(_weak(row, row.true.measures) == row.true.weak_side for row in clear)
        lines.append(
            f"| {label} | {len(some)} | {100 * np.mean([row.found for row in some]):.1f}, "
            f"{100 * np.mean([row.detected for row in some]):.1f} | {_spread(rangy)} | {_spread(rates)} "
            f"| {len(without)}/{len(repeated)} | {right}/{len(clear)} ({ideal}) |"
        )
    return "\n".join(lines)


def others_table(rows: Sequence[Row]) -> str:
    """Return what else was compared: ranges in all tasks of the mouth where they move by 0.1 ICD, and signed measures."""
    lines = ["| measure | n | error | correlation with the truth |", "|---|---|---|---|"]
    for name in (*RANGES, *SIGNED):
        pairs = np.array([(row.seen[name], row.true.measures[name]) for row in rows if name in row.seen])
        pairs = pairs[pairs[:, 1] > 0.1] if name in RANGES and len(pairs) else pairs
        if len(pairs) < 3:
            continue
        seen, true = pairs.T
        error = f"{_spread(100 * (seen / true - 1))} %"
        if name in SIGNED:
            unit = "ICD" if "height" in name else "points"
            off = seen - true
            error = f"{np.median(np.abs(off)):.3g} {unit} ({np.median(off):+.3g}); spread of the truth (SD) {true.std():.3g}"
        lines.append(f"| `{name}` | {len(pairs)} | {error} | {np.corrcoef(seen, true)[0, 1]:.2f} |")
    unit = np.array([100 * (row.intercanthal_px / row.true.intercanthal_px - 1) for row in rows])
    return "\n".join([*lines, f"| the unit itself: intercanthal distance, px | {len(rows)} | {_spread(unit)} % | |"])


def reasons(rows: Sequence[Row]) -> str:
    """Return why a rate is missing where there is one."""
    found = Counter(
        f"{row.task}: {row.why['repetition_rate']}"
        for row in rows
        if "repetition_rate" in row.why and np.isfinite(row.true.measures["repetition_rate"])
    )
    return "\n".join(f"- {count} x {why}" for why, count in found.most_common())


def on_disk(root: Path) -> tuple[Cohort, Overlap]:
    """Return a cohort as it was planned."""
    made = json.loads((root / "synthetic_plan.json").read_text())
    plan = Plan(**{**made["plan"], "tasks": tuple(made["plan"]["tasks"])})
    overlap = Overlap(**{**made["overlap"], "severity_beta": tuple(made["overlap"]["severity_beta"])})
    return plan_clips(root, plan, overlap), overlap


def _tell(done: int, total: int, name: str) -> None:
    sys.stderr.write(f"\r{done}/{total} {name}   ")


def main() -> None:
    """Render or take a cohort, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohort", type=Path)
    parser.add_argument("--subjects", type=int, default=36)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--home", type=Path, default=Path("agreement"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--each", action="store_true", help="print every recording, too")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    tasks = given.tasks.split(",")
    if given.cohort is None:
        given.cohort = given.home / "cohort"
        plan = Plan(subjects=given.subjects, tasks=tuple(tasks), seconds=6.0, fps=30.0, seed=given.seed)
        make_cohort(given.cohort, plan, workers=given.workers, on_progress=_tell)
    cohort, overlap = on_disk(given.cohort)
    rows = compare(cohort, overlap, given.home, tasks, given.workers)
    if given.each:
        for row in rows:
            name = MAIN.get(row.task, "lip_aperture_range")
            pairs = [(one, row.true.measures[one], row.seen.get(one)) for one in (name, "repetition_rate")]
            print(row.name, *(f"{one}: {true:.2f} -> {seen}" for one, true, seen in pairs), sep="  ")
    print(agreement_table(rows, healthy_noise(overlap, cohort.plan.seconds)), others_table(rows), reasons(rows), sep="\n\n")


if __name__ == "__main__":
    main()
