"""Targets and levels against their definitions, written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divine.data.ratings import totals
from divine.models.config import Schema
from divine.training.errors import TrainingError
from divine.training.severity import Cutoffs, levels, tertiles
from divine.training.targets import targets

SCHEMA = Schema(3, None, ("well", "ill"), ("a", "b"))
NAN = np.nan


def test_two_raters_become_a_mean_and_a_distribution():
    scores = np.array([[[1, 3], [2, NAN]], [[NAN, NAN], [2.5, 2.5]]])
    t = targets(["ill", None], SCHEMA, scores=scores)
    assert t.diagnosis.tolist() == [1, -1]
    assert t.ratings.tolist() == [[2.0, 2.0], [0.0, 2.5]]
    assert t.rated.tolist() == [[True, True], [False, True]]
    assert t.rating_soft[0].tolist() == [[0.5, 0, 0.5, 0, 0], [0, 1, 0, 0, 0]]
    assert t.rating_soft[1].tolist() == [[0] * 5, [0, 0.5, 0.5, 0, 0]]
    assert t.level.tolist() == [-1, -1]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_the_distribution_has_the_raters_mean(clips, raters, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(2, 11, size=(clips, 2, raters)) / 2
    scores[rng.random(scores.shape) < 0.3] = NAN
    t = targets(["well"] * clips, SCHEMA, scores=scores)
    rated = t.rated.numpy()
    assert (rated == np.isfinite(scores).any(axis=2)).all()
    soft = t.rating_soft.numpy()[rated]
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)
    expected = np.array([np.nanmean(scores[i, k]) for i, k in zip(*np.nonzero(rated), strict=True)])
    np.testing.assert_allclose(soft @ np.arange(1, 6), expected, atol=1e-6)
    np.testing.assert_allclose(t.ratings.numpy()[rated], expected, atol=1e-6)


def test_totals_need_every_item():
    scores = np.array([[[1, 3], [2, NAN]], [[NAN, NAN], [2, 2]]])
    np.testing.assert_array_equal(totals(scores), [4.0, NAN])
    np.testing.assert_array_equal(totals(np.zeros((2, 0, 1))), [NAN, NAN])


def test_a_cohort_without_ratings_has_empty_ones():
    t = targets(["well", "ill"], Schema(3, None, ("well", "ill")))
    assert t.ratings.shape == (2, 0)
    assert t.rating_soft.shape == (2, 0, 5)


def test_levels_mask_the_healthy_and_ties_go_to_the_milder():
    cut = Cutoffs(("mild", "moderate", "severe"), (9.0, 14.0))
    given_ = np.array([5, 9, 9.5, 14, 14.01, 25, NAN, 20])
    affected = np.array([True] * 7 + [False])
    assert levels(given_, affected, cut).tolist() == [0, 0, 1, 1, 2, 2, -1, -1]
    scores = np.stack([given_ / 2, given_ / 2], axis=1)[..., None]
    wide = Schema(3, None, ("well", "ill"), ("a", "b"), scale=(1, 13))
    t = targets(["ill"] * 8, wide, scores=scores, affected=affected, cutoffs=cut)
    assert t.level.tolist() == [0, 0, 1, 1, 2, 2, -1, -1]


def test_tertiles_cut_distinct_totals_into_thirds():
    found = np.random.default_rng(0).permutation(np.arange(30.0))
    cut = tertiles(found)
    assert np.bincount(levels(found, np.ones(30, bool), cut)).tolist() == [10, 10, 10]
    assert levels(np.full(4, 7.0), np.ones(4, bool), tertiles(np.full(4, 7.0))).tolist() == [0] * 4


@pytest.mark.parametrize(
    "call",
    [
        lambda: targets(["odd"], SCHEMA),
        lambda: targets(["ill"], SCHEMA, scores=np.array([[[6.0], [1.0]]])),
        lambda: targets(["ill"], SCHEMA, scores=np.array([[[0.5], [1.0]]])),
        lambda: targets(["ill"], SCHEMA, scores=np.ones((1, 3, 1))),
        lambda: targets(["ill"], SCHEMA, scores=np.ones((2, 2, 1))),
        lambda: tertiles(np.array([])),
        lambda: tertiles(np.array([NAN, 3.0])),
        lambda: Cutoffs(("mild", "severe"), (1.0, 2.0)),
        lambda: Cutoffs(("mild", "moderate", "severe"), (2.0, 1.0)),
    ],
)
def test_what_makes_no_target_is_refused(call):
    with pytest.raises(TrainingError):
        call()
