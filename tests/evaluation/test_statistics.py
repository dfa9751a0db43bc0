"""Every statistic against brute force, SciPy, scikit-learn, or the example its authors published."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from divine.evaluation import agreement, calibration, metrics, resampling, significance

SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float)
"""The worked example of Shrout and Fleiss, Psychological Bulletin 86 (1979): six targets, four judges."""


@pytest.mark.parametrize("module", [agreement, calibration, resampling, significance])
def test_the_examples_in_the_docstrings_hold(module):
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


def share_of_signs(differences: np.ndarray) -> float:
    """Try all signs of the ranks: the share whose sum lies as far from zero."""
    ranks = stats.rankdata(np.abs(differences))
    bits = np.arange(2 ** len(ranks))[:, None] >> np.arange(len(ranks)) & 1
    sums = (2 * bits - 1) @ ranks
    return float(np.mean(np.abs(sums) >= abs(np.sign(differences) @ ranks) - 1e-9))


@settings(deadline=None, max_examples=80)
@given(st.lists(st.integers(-10_000, 10_000) | st.integers(-3, 3), min_size=1, max_size=10))
def test_wilcoxon_is_the_share_of_all_signs_that_are_as_extreme_with_ties_and_zeros(whole):
    differences = np.array(whole, dtype=float)
    found = significance.wilcoxon(differences=differences / 7)
    if not differences.any():
        assert math.isnan(found)
    else:
        assert found == pytest.approx(share_of_signs(differences[differences != 0]), rel=1e-12)


def test_wilcoxon_is_scipys_where_scipy_is_exact_or_samples_are_large():
    rng = np.random.default_rng(0)
    alone = rng.normal(0.2, 1, 50)
    assert significance.wilcoxon(differences=alone) == pytest.approx(stats.wilcoxon(alone, method="exact").pvalue)
    tied = rng.integers(-3, 5, 51 + 20).astype(float)
    tied = np.concatenate([tied[tied != 0], np.ones(20)])
    assert len(tied) > 50
    ranks = stats.rankdata(np.abs(tied))
    statistic = min(ranks[tied > 0].sum(), ranks[tied < 0].sum())
    n = len(tied)
    _, counts = np.unique(np.abs(tied), return_counts=True)
    variance = n * (n + 1) * (2 * n + 1) / 24 - np.sum(counts**3 - counts) / 48
    expected = 2 * stats.norm.cdf((statistic - n * (n + 1) / 4) / np.sqrt(variance))
    assert significance.wilcoxon(differences=tied) == pytest.approx(expected)


def test_four_equal_differences_are_no_proof():
    assert significance.wilcoxon(differences=np.full(4, 0.25)) == 0.125


def test_wilcoxon_leaves_out_zeros_and_what_is_unknown_and_takes_nearly_equal_for_ties():
    told = np.array([0.5, -0.25, 1.0, 2.0, 0.75])
    padded = np.concatenate([told, [0.0, 0.1 + 0.2 - 0.3, np.nan]])
    assert significance.wilcoxon(differences=padded) == significance.wilcoxon(differences=told)
    thirds = np.array([2 / 3 - 1 / 3, 1 / 3, 1 - 2 / 3, -1 / 3, 1.0])
    assert significance.wilcoxon(differences=thirds) == share_of_signs(np.array([1.0, 1.0, 1.0, -1.0, 3.0]))
    assert math.isnan(significance.wilcoxon(differences=np.zeros(4)))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_rejects_what_its_step_down_procedure_rejects(p_values, level):
    assume(all(abs(p * k - level) > 1e-9 for p in p_values for k in range(1, 13)))
    rejected = set()
    for step, place in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[place] > level / (len(p_values) - step):
            break
        rejected.add(int(place))
    adjusted = significance.holm(p_values=p_values)
    assert {place for place, p in enumerate(adjusted) if p <= level} == rejected


def test_holm_does_not_count_tests_that_could_not_be_made():
    adjusted = significance.holm(p_values=[0.02, math.nan, 0.03])
    assert adjusted[0] == pytest.approx(0.04) and math.isnan(adjusted[1]) and adjusted[2] == pytest.approx(0.04)


def test_without_overlap_the_corrected_t_is_the_plain_one_and_with_it_less_sure():
    d = np.random.default_rng(0).normal(0.03, 0.1, 25)
    plain = significance.corrected_resampled_t(differences=d, train=1.0, test=0.0)
    assert plain == pytest.approx(stats.ttest_1samp(d, 0).pvalue)
    t = d.mean() / math.sqrt((1 / 25 + 8 / 21) * d.var(ddof=1))
    assert significance.corrected_resampled_t(differences=d, train=21.0, test=8.0) == pytest.approx(2 * stats.t.sf(abs(t), 24))
    assert significance.corrected_resampled_t(differences=d, train=21.0, test=8.0) > plain


def test_the_corrected_t_keeps_its_level_where_the_plain_one_does_not():
    """Two guessers compared by repeated 5-fold cross-validation on the same 36 subjects do not differ."""
    rng = np.random.default_rng(1)
    plain = corrected = 0
    for _ in range(300):
        difference = rng.integers(0, 2, 36) - rng.integers(0, 2, 36)
        runs = [difference[part].mean() for _ in range(5) for part in np.array_split(rng.permutation(36), 5)]
        values = np.array(runs)
        if values.std() == 0:
            continue
        plain += stats.ttest_1samp(values, 0).pvalue < 0.05
        corrected += significance.corrected_resampled_t(differences=values, train=22.0, test=7.0) < 0.05
    assert plain > 45  # three times the level
    assert corrected < 25


def test_differences_that_are_all_alike_are_certain_or_nothing():
    assert significance.corrected_resampled_t(differences=np.full(5, 0.25), train=4.0, test=1.0) == 0.0
    assert math.isnan(significance.corrected_resampled_t(differences=np.zeros(5), train=4.0, test=1.0))
    assert math.isnan(significance.corrected_resampled_t(differences=np.array([0.1]), train=4.0, test=1.0))


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_quadratic_kappa_agrees_with_scikit_learn(n, seed):
    rng = np.random.default_rng(seed)
    a = rng.integers(1, 6, n)
    b = np.clip(a + rng.integers(-1, 2, n), 1, 5)
    assume(len(set(a)) > 1 or len(set(b)) > 1)
    expected = sk.cohen_kappa_score(a, b, weights="quadratic", labels=[1, 2, 3, 4, 5])
    found = agreement.quadratic_kappa(first=a.astype(float), second=b.astype(float), scale=(1, 5))
    assert found == pytest.approx(expected)


def test_kappa_leaves_out_gaps_and_refuses_what_is_off_the_scale():
    a, b = np.array([1.0, 2.0, np.nan, 5.0]), np.array([1.0, 3.0, 4.0, 5.0])
    known = agreement.quadratic_kappa(first=a[[0, 1, 3]], second=b[[0, 1, 3]], scale=(1, 5))
    assert agreement.quadratic_kappa(first=a, second=b, scale=(1, 5)) == known
    assert math.isnan(agreement.quadratic_kappa(first=np.full(3, 2.0), second=np.full(3, 2.0), scale=(1, 5)))
    for bad in (6.0, 0.0, 2.5):
        with pytest.raises(ValueError, match="whole numbers"):
            agreement.quadratic_kappa(first=np.array([bad]), second=np.array([1.0]), scale=(1, 5))


def test_icc_gives_what_shrout_and_fleiss_print():
    single, mean = agreement.icc(scores=SHROUT_FLEISS), agreement.icc(scores=SHROUT_FLEISS, averaged=True)
    assert (round(single.value, 2), round(mean.value, 2)) == (0.29, 0.62)


def test_the_interval_of_icc_covers_as_often_as_it_says():
    """Clips, raters and noise drawn from a random-effects model whose ICC is known."""
    rng = np.random.default_rng(3)
    covered = {False: 0, True: 0}
    for _ in range(400):
        rows, raters, noise = rng.normal(0, 2, (30, 1)), rng.normal(0, 1, (1, 15)), rng.normal(0, 1, (30, 15))
        for averaged in covered:
            found = agreement.icc(scores=rows + raters + noise, averaged=averaged)
            truth = 4 / (4 + 2 / 15) if averaged else 4 / 6
            covered[averaged] += found.low <= truth <= found.high
    assert all(0.92 < count / 400 < 0.98 for count in covered.values())


def test_icc_at_its_edges():
    rows = np.arange(6.0)[:, None]
    assert agreement.icc(scores=np.repeat(rows, 3, axis=1)) == (1.0, 1.0, 1.0)
    biased = agreement.icc(scores=rows + np.array([[0.0, 1.0, 2.0]]))
    assert 0 < biased.low < biased.value < biased.high <= 1
    holed = np.vstack([SHROUT_FLEISS, [np.nan, 1, 2, 3]])
    assert agreement.icc(scores=holed) == agreement.icc(scores=SHROUT_FLEISS)
    for nothing in (rows, np.ones((4, 3)), np.ones((1, 3))):
        assert all(math.isnan(part) for part in agreement.icc(scores=nothing))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.integers(1, 15))
def test_the_reliability_curve_holds_everybody_once_and_sums_to_ece(n, seed, bins):
    rng = np.random.default_rng(seed)
    probability, target = rng.dirichlet(np.ones(3), n), rng.integers(-1, 3, n)
    assume((target >= 0).any())
    curve = calibration.reliability(target=target, probability=probability, bins=bins)
    known = target >= 0
    assert sum(one.clips for one in curve) == known.sum()
    for one in curve:
        inside = known & (probability.max(axis=1) > one.low) & (probability.max(axis=1) <= one.high)
        assert one.clips == inside.sum()
        assert one.accuracy == pytest.approx(np.mean(probability[inside].argmax(axis=1) == target[inside]))
    gap = sum(one.clips * abs(one.accuracy - one.confidence) for one in curve) / known.sum()
    assert gap == pytest.approx(metrics.ece(target=target, probability=probability, bins=bins))


def test_draws_keep_each_diagnosis_at_its_size_and_are_the_same_for_the_same_seed():
    strata = np.array([0, 1, 0, 2, 1, 1])
    drawn = resampling.draw_subjects(strata=strata, draws=200, seed=4)
    for one in range(3):
        assert (drawn[:, strata == one].sum(axis=1) == (strata == one).sum()).all()
    np.testing.assert_array_equal(drawn, resampling.draw_subjects(strata=strata, draws=200, seed=4))
    assert drawn.mean(axis=0) == pytest.approx(1.0, abs=0.2)
    assert all(math.isnan(bound) for bound in resampling.percentile_interval(np.array([np.nan])))
