"""Simulated raters agree as real ones do, and see what was performed."""

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from divine.data.tnf_names import ITEMS
from divine.synthetic.cohort import Plan, plan_clips
from divine.synthetic.raters import Scores, rate
from divine.synthetic.subject import make_subject


def sample(people: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both raters' scores and the severity of a large virtual cohort; nothing is rendered."""
    first, second, severity = [], [], []
    for number in range(people):
        subject = make_subject("X", ("ALS", "Stroke", "HC")[number % 3], number)  # pyright: ignore[reportArgumentType]
        one, two = rate(subject.pathology, np.random.default_rng(number))
        first.append(one)
        second.append(two)
        severity.append(subject.severity)
    return np.array(first), np.array(second), np.array(severity)


def test_kappa_lies_in_the_published_range():
    first, second, _ = sample(900)
    kappas = [cohen_kappa_score(first[:, k], second[:, k]) for k in range(len(ITEMS))]
    assert min(kappas) >= 0.33 and max(kappas) <= 0.61, kappas


def test_scores_stay_on_the_scale_and_follow_severity():
    first, second, severity = sample(600)
    for scores in (first, second):
        assert scores.min() >= 1 and scores.max() <= 5
        assert len(np.unique(scores)) == 5
    total = (first + second).sum(1)
    sick = severity > 0
    assert spearmanr(total[sick], severity[sick]).statistic > 0.6
    assert total[~sick].mean() < total[sick].mean() - 4


def test_a_total_is_the_sum_of_its_items():
    assert Scores(1, 2, 3, 4, 5).total == 15
    assert Scores._fields == ITEMS


def test_a_cohort_can_be_planned_without_rendering(tmp_path):
    cohort = plan_clips(tmp_path, Plan(subjects=36, tasks=("DDK_PA", "NSM_BROW")))
    assert [sum(one.group == g for one in cohort.people) for g in ("ALS", "Stroke", "HC")] == [11, 14, 11]
    counts = {task: sum(clip.task == task for clip in cohort.clips) for task in ("DDK_PA", "NSM_BROW")}
    # The release's own numbers of videos, plus a first task for whoever would have none.
    assert counts["NSM_BROW"] == 15
    assert 35 <= counts["DDK_PA"] <= 36
    assert not list(tmp_path.iterdir())
