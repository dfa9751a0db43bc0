"""One motor process per clip: the tracks that drive the face and the voice alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from divine.synthetic.rhythm import Beat, beats, wander
from divine.synthetic.subject import OVERLAP, Overlap, Pathology, Subject
from divine.synthetic.targets import Keys, pose_keys, speech_keys
from divine.synthetic.tasks import AX, TASKS, Task
from divine.synthetic.tracks import RATE_HZ, Burst, Gesture, Head, Mouth, Track, Tract, Truth


def _lids(times_s: Track, rng: np.random.Generator) -> Track:
    """Return spontaneous blinks of 0.2 s, one every three seconds or so, none in the resting lead."""
    lids, at = np.zeros_like(times_s), 0.6 + rng.exponential(2.5)
    while at < times_s[-1] - 0.2:
        lids = np.maximum(lids, np.exp(-0.5 * ((times_s - at) / 0.045) ** 4))
        at += 0.8 + rng.exponential(2.8)
    return lids


def _today(pathology: Pathology, overlap: Overlap, rng: np.random.Generator) -> Pathology:
    """Return how this subject moves in this recording: people differ from take to take."""
    k = overlap.session
    return replace(
        pathology,
        rate=pathology.rate * float(np.exp(rng.normal(0, 0.05 * k))),
        range=pathology.range * float(np.exp(rng.normal(0, 0.08 * k))),
        weak=float(np.clip(pathology.weak + rng.normal(0, 0.03 * k), 0, 0.92)),
        decay_rate=pathology.decay_rate + float(rng.normal(0, 0.02 * k)),
        decay_range=pathology.decay_range + float(rng.normal(0, 0.03 * k)),
    )


def _main_movement(task: Task, mouth: Mouth) -> tuple[Track, Track]:
    """Return the task's main movement on the subject's left and right, in millimetres."""
    if task.speech or task.code == "NSM_OPEN":
        return mouth.aperture_mm, mouth.aperture_mm
    if task.code == "NSM_BROW":
        return mouth.brow_left_mm, mouth.brow_right_mm
    return _way(mouth.left_out_mm, mouth.left_up_mm), _way(mouth.right_out_mm, mouth.right_up_mm)


def _way(x: Track, y: Track) -> Track:
    return np.hypot(x - x[0], y - y[0])


def _truth(
    task: Task, subject: Subject, p: Pathology, reps: tuple[Beat, ...], starts: list[float], times_s: Track, mouth: Mouth
) -> Truth:
    onsets = np.array([beat.onset_s for beat in reps])
    left, right = _main_movement(task, mouth)
    windows = [(times_s >= beat.onset_s) & (times_s <= beat.onset_s + beat.duration_s) for beat in reps]
    peaks = np.array([[left[w].max(), right[w].max()] for w in windows])
    weak, strong = (0, 1) if subject.weak_side == "left" else (1, 0)
    lateral = not task.speech and task.code != "NSM_OPEN"
    sides = np.median(peaks, axis=0)
    asymmetry = float((sides[strong] - sides[weak]) / (sides.sum() + 1e-9)) if lateral else p.weak / (2 - p.weak)
    steps = np.diff(onsets)
    return Truth(
        task=task.code,
        repetitions=len(reps),
        rate_hz=float(1 / steps.mean()) if len(steps) else 0.0,
        syllable_rate_hz=float((len(starts) - 1) / (starts[-1] - starts[0])) if len(starts) > 1 else 0.0,
        range_mm=float(np.median(peaks.mean(1))),
        period_cv=float(steps.std() / steps.mean()) if len(steps) > 1 else 0.0,
        weak_side=subject.weak_side,
        asymmetry=asymmetry,
        droop_mm=p.droop_mm,
        onsets_s=tuple(float(t) for t in onsets),
    )


def make_gesture(subject: Subject, task: str, seed: int, seconds: float = 7.0, overlap: Overlap = OVERLAP) -> Gesture:
    """Draw one recording's motor process.

    Args:
        subject: who moves.
        task: one of ``TASKS``.
        seed: with the subject's own seed it decides everything that is left to chance.
        seconds: length of the recording.
        overlap: how much recordings of one person differ.

    Raises:
        KeyError: the task is unknown.
    """
    spec = TASKS[task]
    rng = np.random.default_rng([subject.seed, seed, list(TASKS).index(task)])
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    p = _today(subject.pathology, overlap, rng)
    # Silent movements are self-paced: people slow down in them only by half as much as in maximal repetition.
    performed = p
    period = spec.period_s / (p.rate if spec.speech else p.rate**0.5)
    if not spec.code.startswith("DDK"):
        # Long self-paced cycles average over many small irregularities.
        p = replace(p, timing_cv=0.6 * p.timing_cv)
    reps = beats(period, spec.pause_s, seconds, p, rng)
    keys = Keys()
    bursts: list[Burst] = []
    starts: list[float] = []
    if spec.pose is not None:
        for beat in reps:
            pose_keys(keys, spec.pose, beat, p)
    else:
        bursts, starts = speech_keys(keys, spec, reps, p)
    track = {
        name: keys.glide(times, name)
        for name in ("aperture", "jaw", "upper", "out", "up", "pucker", "brow", "blow", "voicing", "closed")
    }
    formants = np.stack([keys.glide(times, f, rest) for f, rest in zip(("f1", "f2", "f3"), AX.formants_hz, strict=True)], 1)
    gain = {"left": 1.0, "right": 1.0}
    gain[subject.weak_side] = 1.0 - p.weak
    hang = {side: p.droop_mm * (side == subject.weak_side) for side in gain}
    toward = 1.0 if subject.weak_side == "right" else -1.0
    # Speech and opening have little corner movement of their own: weakness shows as an opening pulled to the strong side.
    skew = toward * 0.55 * p.weak * np.ones_like(times)
    mouth = Mouth(
        jaw_mm=np.maximum(track["jaw"], 0.0),
        aperture_mm=np.maximum(track["aperture"], 0.0),
        upper_mm=track["upper"],
        left_out_mm=track["out"] * gain["left"] - 0.25 * hang["left"],
        left_up_mm=track["up"] * gain["left"] - hang["left"],
        right_out_mm=track["out"] * gain["right"] - 0.25 * hang["right"],
        right_up_mm=track["up"] * gain["right"] - hang["right"],
        pucker=np.clip(track["pucker"], 0.0, 1.15),
        skew=skew,
        # A central palsy largely spares the forehead.
        brow_left_mm=track["brow"] * (1.0 - 0.3 * (1.0 - gain["left"])),
        brow_right_mm=track["brow"] * (1.0 - 0.3 * (1.0 - gain["right"])),
        lids=_lids(times, rng),
    )
    sway = [size * wander(times, rng) for size in (1.2, 0.8, 0.6, 0.6, 0.5)]
    declination = 1.06 - 0.12 * times / seconds + 0.02 * wander(times, rng, 0.4)
    tract = Tract(
        voicing=np.clip(track["voicing"], 0, 1), f0=declination, formants_hz=formants * (1 - 0.12 * mouth.pucker[:, None]),
        closed=np.clip(track["closed"], 0, 1), noise=np.clip(track["blow"], 0, 1.2), bursts=tuple(bursts),
    )  # fmt: skip
    return Gesture(times, mouth, Head(*sway), tract, _truth(spec, subject, p, reps, starts, times, mouth), performed)
