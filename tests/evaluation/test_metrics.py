"""Every metric against scikit-learn's or SciPy's on generated tables, and its word at the edges."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from divine.evaluation import metrics as ours


@st.composite
def judged(draw, classes=(2, 5)):
    """A table of known targets and probabilities with ties."""
    n, c = draw(st.integers(1, 30)), draw(st.integers(*classes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    raw = rng.integers(1, 6, size=(n, c)).astype(float)
    return rng.integers(0, c, size=n), raw / raw.sum(axis=1, keepdims=True)


@st.composite
def scored(draw):
    n = draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.integers(10, 50, size=n) / 2, rng.integers(10, 50, size=n) / 2


@settings(deadline=None, max_examples=60)
@given(judged())
def test_class_metrics_agree_with_scikit_learn(table):
    target, probability = table
    predicted = probability.argmax(axis=1)
    assert ours.accuracy(target=target, predicted=predicted) == pytest.approx(sk.accuracy_score(target, predicted))
    assert ours.macro_f1(target=target, predicted=predicted) == pytest.approx(
        sk.f1_score(target, predicted, average="macro", zero_division=0)
    )
    labels = list(range(probability.shape[1]))
    expected = sk.brier_score_loss(target, probability, labels=labels, scale_by_half=False)
    assert ours.brier(target=target, probability=probability) == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(judged(classes=(3, 5)))
def test_auroc_agrees_with_scikit_learn_where_every_class_occurs(table):
    target, probability = table
    assume(len(np.unique(target)) == probability.shape[1])
    expected = sk.roc_auc_score(target, probability, multi_class="ovr", average="macro")
    assert ours.auroc(target=target, probability=probability) == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(judged(classes=(2, 2)))
def test_auroc_of_two_classes_is_the_usual_one(table):
    target, probability = table
    assume(len(np.unique(target)) == 2)
    assert ours.auroc(target=target, probability=probability) == pytest.approx(sk.roc_auc_score(target, probability[:, 1]))


@settings(deadline=None, max_examples=60)
@given(judged(classes=(3, 4)))
def test_auroc_leaves_out_a_class_without_clips(table):
    target, probability = table
    target = np.minimum(target, probability.shape[1] - 2)
    assume(len(np.unique(target)) == probability.shape[1] - 1)
    areas = [sk.roc_auc_score(target == one, probability[:, one]) for one in np.unique(target) if (target != one).any()]
    expected = np.mean(areas) if areas else math.nan
    assert ours.auroc(target=target, probability=probability) == pytest.approx(expected, nan_ok=True)


@settings(deadline=None, max_examples=60)
@given(judged())
def test_ece_is_its_definition(table):
    target, probability = table
    total = 0.0
    for low in range(10):
        inside = [row for row, p in enumerate(probability) if low / 10 < max(p) <= (low + 1) / 10 or (low == 0 and max(p) == 0)]
        if inside:
            right = np.mean([probability[row].argmax() == target[row] for row in inside])
            total += len(inside) / len(target) * abs(right - np.mean([max(probability[row]) for row in inside]))
    # a confidence that rounding puts on the other side of an edge may change its bin
    edges = np.abs(probability.max(axis=1) * 10 - np.round(probability.max(axis=1) * 10))
    assume(((edges > 1e-9) | (edges == 0)).all())
    assert ours.ece(target=target, probability=probability) == pytest.approx(total)


@settings(deadline=None, max_examples=60)
@given(scored())
def test_score_metrics_agree_with_scikit_learn(table):
    target, predicted = table
    assert ours.mae(target=target, predicted=predicted) == pytest.approx(sk.mean_absolute_error(target, predicted))
    assert ours.rmse(target=target, predicted=predicted) == pytest.approx(sk.root_mean_squared_error(target, predicted))
    assert ours.rmse(target=target, predicted=predicted) >= ours.mae(target=target, predicted=predicted) - 1e-12


@settings(deadline=None, max_examples=60)
@given(scored())
def test_spearman_agrees_with_scipy(table):
    target, predicted = table
    assume(len(set(target)) > 1 and len(set(predicted)) > 1)
    expected = stats.spearmanr(target, predicted).statistic
    assert ours.spearman(target=target, predicted=predicted) == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(judged(), st.integers(0, 2**32 - 1))
def test_unknown_targets_count_for_nothing(table, seed):
    target, probability = table
    rng = np.random.default_rng(seed)
    known = rng.random(len(target)) < 0.6
    masked = np.where(known, target, -1)
    for metric in (ours.auroc, ours.brier, ours.ece):
        kept = metric(target=target[known], probability=probability[known])
        assert metric(target=masked, probability=probability) == pytest.approx(kept, nan_ok=True)
    for metric in (ours.accuracy, ours.macro_f1):
        kept = metric(target=target[known], predicted=probability.argmax(1)[known])
        assert metric(target=masked, predicted=probability.argmax(1)) == pytest.approx(kept, nan_ok=True)


@settings(deadline=None, max_examples=60)
@given(scored(), st.integers(0, 2**32 - 1))
def test_unknown_scores_count_for_nothing(table, seed):
    target, predicted = table
    known = np.random.default_rng(seed).random(len(target)) < 0.6
    masked = np.where(known, target, np.nan)
    for metric in (ours.mae, ours.rmse, ours.spearman):
        kept = metric(target=target[known], predicted=predicted[known])
        assert metric(target=masked, predicted=predicted) == pytest.approx(kept, nan_ok=True)


def test_nothing_known_is_no_number():
    nobody, certain = np.array([-1]), np.array([[0.5, 0.5]])
    unrated, total = np.array([np.nan]), np.array([7.0])
    values = [
        ours.accuracy(target=nobody, predicted=np.array([0])),
        ours.macro_f1(target=nobody, predicted=np.array([0])),
        *(metric(target=nobody, probability=certain) for metric in (ours.auroc, ours.brier, ours.ece)),
        *(metric(target=unrated, predicted=total) for metric in (ours.mae, ours.rmse, ours.spearman)),
    ]
    assert all(math.isnan(value) for value in values)


def test_one_clip_has_no_area_and_no_correlation():
    assert math.isnan(ours.auroc(target=np.array([1]), probability=np.array([[0.2, 0.8]])))
    assert math.isnan(ours.spearman(target=np.array([7.0]), predicted=np.array([8.0])))
    assert math.isnan(ours.spearman(target=np.array([7.0, 7.0]), predicted=np.array([8.0, 9.0])))
    assert ours.accuracy(target=np.array([1]), predicted=np.array([1])) == 1.0


def test_a_prediction_that_is_no_number_is_not_hidden():
    target, broken = np.array([0, 1]), np.array([[np.nan, 0.5], [0.5, 0.5]])
    assert all(math.isnan(metric(target=target, probability=broken)) for metric in (ours.auroc, ours.brier, ours.ece))
    scores, gap = np.array([5.0, 6.0]), np.array([np.nan, 6.0])
    assert all(math.isnan(metric(target=scores, predicted=gap)) for metric in (ours.mae, ours.rmse, ours.spearman))


def test_the_examples_in_the_docstrings_hold():
    found = doctest.testmod(ours)
    assert found.attempted == 8
    assert found.failed == 0
