"""Measures of the face, from 68 landmarks freed of head motion.

Lengths are fractions of the subject's own intercanthal distance (ICD, points 39 and 42 counted from 0), so they do not
depend on the camera. Right and left are the *subject's own*; every difference and asymmetry is right minus left.
Signals are low-passed before anything is measured (``divine.face.kinematic_clock``), and a range lies between the 1st and
the 99th percentile, so that one lost frame decides nothing.
"""

from __future__ import annotations

from functools import partial

from divine.measures.info import BROW_TASKS, MOUTH_TASKS, TASKS, MeasureInfo

LANDMARKS = "68 landmarks freed of head motion"
MARKS = "repetition marks in the task's driving signal"

_OPENINGS = (
    ("lip_aperture", "Lip aperture", "the vertical distance between the inner lips (points 62 and 66)", "the lips part"),
    ("mouth_width", "Mouth width", "the distance between the mouth corners (points 48 and 54)", "the mouth widens and narrows"),
    ("jaw_opening", "Jaw opening", "the distance from the base of the nose (mean of 32-34) to the chin (8)", "the jaw drops"),
)


_video = partial(MeasureInfo, modality="video", source=LANDMARKS, tasks=MOUTH_TASKS)


def _opening(name: str, title: str, distance: str, motion: str) -> tuple[MeasureInfo, ...]:
    """Return range and speeds of one distance."""
    return (
        _video(
            f"{name}_range", f"{title}: range of motion", "ICD", f"P99 - P1 of d(t), {distance}",
            f"How far {motion} at most during the task.",
        ),
        _video(
            f"{name}_peak_speed", f"{title}: peak speed", "ICD/s", f"P99 of |dd/dt|, d(t) {distance}",
            f"How fast {motion} at the fastest moment.",
        ),
        _video(
            f"{name}_mean_speed", f"{title}: mean speed", "ICD/s", f"mean of |dd/dt|, d(t) {distance}",
            f"How fast {motion} on average, pauses included.",
        ),
    )  # fmt: skip


def _path(name: str, title: str, point: str) -> MeasureInfo:
    return _video(
        f"{name}_path", f"{title}: path length", "ICD", f"sum of |p(i+1) - p(i)| at 100 Hz, p {point}",
        f"How far the {title.lower()} travelled in all; it grows with the length of the recording.",
    )  # fmt: skip


REPETITIONS = (
    _video(
        "repetition_count", "Repetitions", "", "number of repetitions found",
        "How many whole repetitions of the movement were found.", source=MARKS, tasks=TASKS,
    ),
    _video(
        "repetition_rate", "Repetition rate", "Hz", "1 / mean(T), T the time between half-rises of neighbouring repetitions",
        "How many repetitions are made per second.", source=MARKS, tasks=TASKS,
    ),
    _video(
        "repetition_period_cv", "Variability of timing", "%", "100 SD(T) / mean(T), SD over n - 1",
        "How unevenly the repetitions follow each other; 0 is perfectly regular.",
        source=MARKS, tasks=TASKS,
    ),
    _video(
        "repetition_amplitude_cv", "Variability of size", "%", "100 SD(A) / mean(A), A the height of each repetition",
        "How much the repetitions differ in size; 0 means all alike.", source=MARKS, tasks=TASKS,
    ),
    _video(
        "repetition_amplitude_slope", "Fatigue: change of size", "%/repetition",
        "100 b / mean(A), b the least-squares slope of A over the repetition's number",
        "How much each repetition differs from the one before in size; negative means the movement shrinks.",
        source=MARKS, tasks=TASKS,
    ),
    _video(
        "repetition_period_slope", "Fatigue: change of period", "%/repetition",
        "100 b / mean(T), b the least-squares slope of T over the repetition's number",
        "How much longer each repetition takes than the one before; positive means slowing.",
        source=MARKS, tasks=TASKS,
    ),
)  # fmt: skip

SYMMETRY = (
    _video(
        "right_corner_range", "Right mouth corner: excursion", "ICD", "P99 - P1 along the main axis of the path of point 48",
        "How far the subject's right mouth corner moves.",
    ),
    _video(
        "left_corner_range", "Left mouth corner: excursion", "ICD", "P99 - P1 along the main axis of the path of point 54",
        "How far the subject's left mouth corner moves.",
    ),
    _video(
        "corner_range_asymmetry", "Asymmetry of corner excursion", "%", "100 (R - L) / (R + L), R and L the corner excursions",
        "Which mouth corner moves further: positive the right, negative the left, 0 both alike.",
    ),
    _video(
        "corner_rest_height_difference", "Resting height of the mouth corners", "ICD",
        "median over rest of y(48) - y(54), y downward across the line of the eyes",
        "How much lower the subject's right mouth corner hangs at rest; negative means that the left one hangs lower.",
    ),
    _video(
        "canthus_commissure_difference", "Inner canthus to mouth corner: side difference", "ICD",
        "median over rest of |p(48) - p(39)| - |p(54) - p(42)|",
        "How much further the mouth corner lies from the inner corner of the eye on the right than on the left, at rest.",
    ),
    _video(
        "mouth_area_asymmetry", "Asymmetry of mouth area", "%",
        "median of 100 (R - L) / (R + L), R and L the areas of the outer lip outline right and left of the midline",
        "Which half of the mouth is larger: positive the right, negative the left, 0 both alike.",
    ),
    _video(
        "right_brow_range", "Right brow: excursion", "ICD", "P99 - P1 of the height of 17-21 over the line of the eyes",
        "How far the subject's right eyebrow rises.", tasks=BROW_TASKS,
    ),
    _video(
        "left_brow_range", "Left brow: excursion", "ICD", "P99 - P1 of the height of 22-26 over the line of the eyes",
        "How far the subject's left eyebrow rises.", tasks=BROW_TASKS,
    ),
    _video(
        "brow_range_asymmetry", "Asymmetry of brow excursion", "%", "100 (R - L) / (R + L), R and L the brow excursions",
        "Which eyebrow rises further: positive the right, negative the left.", tasks=BROW_TASKS,
    ),
)  # fmt: skip

FACE: tuple[MeasureInfo, ...] = (
    *(info for opening in _OPENINGS for info in _opening(*opening)),
    _path("lower_lip", "Lower lip", "the middle of its outer edge (57)"),
    _path("jaw", "Jaw", "the chin (8)"),
    _path("right_corner", "Right mouth corner", "point 48"),
    _path("left_corner", "Left mouth corner", "point 54"),
    *REPETITIONS,
    *SYMMETRY,
)
