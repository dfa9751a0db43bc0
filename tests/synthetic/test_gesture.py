"""The motor process: what is programmed is what its tracks show, and the groups differ as they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divine.synthetic.gesture import make_gesture
from divine.synthetic.subject import Overlap, make_subject
from divine.synthetic.tasks import TASKS
from divine.synthetic.tracks import RATE_HZ, Gesture

STEADY = Overlap(session=0.0)


def closures(gesture: Gesture) -> np.ndarray:
    """Times at which the lips leave a seal: counted from the aperture alone."""
    sealed = gesture.mouth.aperture_mm < 0.4
    return gesture.times_s[1:][sealed[:-1] & ~sealed[1:]]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(list(TASKS)), st.integers(0, 2**31), st.sampled_from(["ALS", "Stroke", "HC"]), st.floats(2.5, 9.0))
def test_every_gesture_is_possible(task: str, seed: int, group: str, seconds: float):
    gesture = make_gesture(make_subject("X", group, seed), task, seed, seconds)  # pyright: ignore[reportArgumentType]
    assert len(gesture.times_s) == round(seconds * RATE_HZ)
    for track in (*gesture.mouth, *gesture.head):
        assert np.isfinite(track).all()
    assert gesture.mouth.aperture_mm.min() >= 0
    assert gesture.truth.repetitions >= 1
    # The lead is rest: landmark trackers anchor themselves there.
    lead = gesture.times_s < 0.25
    mouth = gesture.mouth
    for track in (mouth.aperture_mm, mouth.left_out_mm, mouth.right_up_mm, mouth.brow_left_mm):
        assert np.ptp(track[lead]) < 0.3


@pytest.mark.parametrize("seed", range(4))
def test_the_rate_of_pa_is_the_rate_of_lip_openings(seed: int):
    gesture = make_gesture(make_subject("N", "HC", seed), "DDK_PA", seed)
    opens = closures(gesture)
    assert len(opens) == gesture.truth.repetitions
    assert (len(opens) - 1) / (opens[-1] - opens[0]) == pytest.approx(gesture.truth.rate_hz, rel=0.01)


def test_the_healthy_repeat_as_fast_as_published():
    rates = [make_gesture(make_subject("N", "HC", seed), "DDK_PA", 0).truth.rate_hz for seed in range(60)]
    # 6.4 syllables a second (Portnoy and Aronson 1982), 6.7 with a spread of 1.2 from 50 years on (Krishna et al. 2025).
    assert 6.0 < np.mean(rates) < 6.9
    assert 0.5 < np.std(rates) < 1.3


@pytest.mark.parametrize("task", ["NSM_SPREAD", "NSM_KISS", "NSM_BIGSMILE"])
def test_a_stroke_weakens_one_corner(task: str):
    for seed in range(40):
        subject = make_subject("S", "Stroke", seed)
        gesture = make_gesture(subject, task, 1)
        mouth = gesture.mouth
        reach = {
            side: np.hypot(x - x[0], y - y[0]).max()
            for side, x, y in (("left", mouth.left_out_mm, mouth.left_up_mm), ("right", mouth.right_out_mm, mouth.right_up_mm))
        }
        weak, strong = reach[subject.weak_side], reach["left" if subject.weak_side == "right" else "right"]
        assert weak <= strong
        assert (strong - weak) / (strong + weak) == pytest.approx(gesture.truth.asymmetry, abs=0.02)


def test_severe_als_is_slower_smaller_and_fades():
    healthy = [make_gesture(make_subject("N", "HC", seed), "DDK_PA", 0, overlap=STEADY).truth for seed in range(40)]
    sick = [make_subject("A", "ALS", seed) for seed in range(120)]
    severe = [make_gesture(one, "DDK_PA", 0, overlap=STEADY).truth for one in sick if one.severity > 0.6]
    assert len(severe) > 15
    assert np.mean([one.rate_hz for one in severe]) < 0.75 * np.mean([one.rate_hz for one in healthy])
    assert np.mean([one.range_mm for one in severe]) < 0.8 * np.mean([one.range_mm for one in healthy])
    assert np.mean([one.period_cv for one in severe]) > 2 * np.mean([one.period_cv for one in healthy])
    steps = [np.diff(one.onsets_s) for one in severe]
    assert np.mean([step[-5:].mean() / step[:5].mean() for step in steps]) > 1.1


def test_the_jaw_moves_faster_as_the_tongue_slows():
    """Relative to the lips, an ALS jaw closes and opens faster than a healthy one (Shellikeri)."""

    def jaw_against_lips(group: str) -> float:
        ratios = []
        for seed in range(60):
            subject = make_subject("X", group, seed)  # pyright: ignore[reportArgumentType]
            if group == "ALS" and subject.severity < 0.5:
                continue
            mouth = make_gesture(subject, "DDK_PA", 0, overlap=STEADY).mouth
            ratios.append(np.diff(mouth.jaw_mm).max() / np.diff(mouth.aperture_mm).max())
        return float(np.mean(ratios))

    assert jaw_against_lips("ALS") > 1.2 * jaw_against_lips("HC")


def test_the_same_seed_moves_the_same_way_and_another_does_not():
    subject = make_subject("A", "ALS", 5)
    first, again, other = (make_gesture(subject, "BBP_NORMAL", seed) for seed in (1, 1, 2))
    assert np.array_equal(first.mouth.aperture_mm, again.mouth.aperture_mm)
    assert not np.array_equal(first.mouth.aperture_mm, other.mouth.aperture_mm)


def test_identity_tells_nothing_of_the_group():
    """Proportions, colours and light are drawn alike in all groups: a model that reads them reads nothing."""
    fields = ("face_width", "skin_depth", "light_deg", "noise", "px_per_unit", "mouth_width")
    means = {}
    for group in ("ALS", "Stroke", "HC"):
        faces = [make_subject("X", group, seed).face for seed in range(300)]  # pyright: ignore[reportArgumentType]
        means[group] = np.array([[getattr(face, name) for name in fields] for face in faces])
    spread = np.concatenate(list(means.values())).std(0)
    for group in ("ALS", "Stroke"):
        assert (np.abs(means[group].mean(0) - means["HC"].mean(0)) / spread < 0.3).all()
