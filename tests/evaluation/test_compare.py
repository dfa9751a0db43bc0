"""Comparisons against what SciPy and the plain definitions say of the same tables."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as sk

from divine.evaluation import compare as module
from divine.evaluation.compare import Sizes, compare, corrected
from divine.evaluation.table import Predictions, TableError
from tests.evaluation.test_evaluate import CLASSES, leave_one_out, table
from tests.evaluation.test_statistics import share_of_signs


def pair(skill: float = 3.0) -> tuple[Predictions, Predictions]:
    """Judge the same clips, with the same targets, by a good system and by a guesser."""
    good, guess = table(skill=skill, seed=1), table(skill=0.0, seed=2)
    targets = [name for name in good.frame if name.startswith("target_")]
    return good, Predictions(guess.frame.assign(**good.frame[targets]))


def of(comparisons, name):
    return next(one for one in comparisons if one.metric == name)


def test_a_difference_is_that_of_the_seed_averaged_tables():
    good, guess = pair()
    found = compare(good, guess, level="clip", setting="audio+video")
    for predictions, value in ((good, of(found, "accuracy").first), (guess, of(found, "accuracy").second)):
        columns = [f"probability_{name}" for name in CLASSES]
        mean = predictions.frame.groupby(["group", "subject", "clip"])[columns].mean()
        said = np.array(CLASSES)[mean.to_numpy().argmax(axis=1)]
        assert value == pytest.approx(sk.accuracy_score(mean.index.get_level_values("group"), said))
    accuracy = of(found, "accuracy")
    assert accuracy.difference == accuracy.first - accuracy.second
    assert 0 < accuracy.low < accuracy.difference < accuracy.high
    assert (accuracy.subjects, accuracy.clips) == (18, 54)


def test_wilcoxon_is_over_subjects_on_their_mean_over_seeds_and_clips():
    good, guess = pair()
    found = compare(good, guess, level="clip", setting="s")

    def means(predictions: Predictions, column: pd.Series) -> pd.Series:
        frame = predictions.frame.assign(value=column)
        return frame.groupby(["group", "subject"])["value"].mean()

    right = [means(one, one.frame["prediction"] == one.frame["target"]) for one in (good, guess)]
    tied = np.round(right[0] - right[1], 12)
    assert of(found, "accuracy").wilcoxon_p == pytest.approx(share_of_signs(tied[tied != 0].to_numpy()))
    error = [means(one, (one.frame["predicted_total"] - one.frame["target_total"]).abs()) for one in (good, guess)]
    assert of(found, "mae_total").wilcoxon_p == pytest.approx(stats.wilcoxon(error[0] - error[1]).pvalue)
    assert of(found, "macro_f1").wilcoxon_p is None


def test_tests_over_runs_pair_fold_with_fold_and_seed_with_seed():
    good, guess = pair()
    shuffled = Predictions(guess.frame.sample(frac=1.0, random_state=0, ignore_index=True))
    found = of(compare(good, shuffled, level="clip", setting="s", sizes=Sizes(12.0, 6.0)), "macro_f1")
    runs = [
        {
            key: sk.f1_score(rows["target"], rows["prediction"], average="macro")
            for key, rows in one.frame.groupby(["fold", "seed"])
        }
        for one in (good, guess)
    ]
    d = np.array([runs[0][key] - runs[1][key] for key in runs[0]])
    assert found.runs_p == pytest.approx(stats.wilcoxon(d).pvalue)
    t = d.mean() / np.sqrt((1 / 6 + 6 / 12) * d.var(ddof=1))
    assert found.corrected_t_p == pytest.approx(2 * stats.t.sf(abs(t), 5))
    assert of(compare(good, guess, level="clip", setting="s"), "macro_f1").corrected_t_p is None


def test_the_same_system_twice_does_not_differ():
    good, _ = pair()
    for level in ("clip", "subject"):
        for one in compare(good, good, level=level, setting="s"):
            assert (one.difference, one.low, one.high) == (0.0, 0.0, 0.0)
            assert one.wilcoxon_p is None and one.runs_p is None


def test_what_one_of_them_did_not_judge_is_left_out_of_both():
    good, guess = pair()
    partial = Predictions(guess.frame[guess.frame["clip"] != "c1"])
    found = compare(good, partial, level="clip", setting="s")
    same = compare(Predictions(good.frame[good.frame["clip"] != "c1"]), partial, level="clip", setting="s")
    assert found == same and found[0].clips == 36
    with pytest.raises(TableError, match="no clip was judged by both"):
        compare(good, Predictions(guess.frame.assign(dataset="other")), level="clip", setting="s")


def test_the_interval_of_a_difference_is_narrower_where_both_fail_on_the_same_people(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BOOTSTRAPS", 400)
    good, guess = pair()
    rng = np.random.default_rng(0)
    nearly = good.frame.copy()
    flip = rng.random(len(nearly)) < 0.05
    nearly.loc[flip, "prediction"] = "HC"
    close = of(compare(good, Predictions(nearly), level="clip", setting="s"), "mae_total")
    assert (close.low, close.high) == (0.0, 0.0)
    apart = of(compare(good, guess, level="clip", setting="s"), "mae_total")
    assert apart.high - apart.low > 0


def test_correction_is_over_the_tests_that_could_be_made():
    good, guess = pair()
    family = corrected(compare(good, guess, level="clip", setting="s"))
    raw = {one.metric: one.wilcoxon_p for one in family if one.metric in ("accuracy", "mae_total")}
    smallest = min(raw, key=raw.__getitem__)
    assert of(family, smallest).wilcoxon_holm_p == pytest.approx(min(1, 2 * raw[smallest]))
    assert of(family, "brier").wilcoxon_p is not None and of(family, "brier").wilcoxon_holm_p is None
    assert of(family, "auroc").wilcoxon_holm_p is None


def test_where_each_fold_leaves_one_subject_out_there_are_no_tests_over_runs():
    good, guess = (leave_one_out(one) for one in pair())
    for level in ("clip", "subject"):
        alone = compare(good, guess, level=level, setting="s", sizes=Sizes(17.0, 1.0))
        folds = compare(*pair(), level=level, setting="s", sizes=Sizes(12.0, 6.0))
        assert all(one.runs_p is None and one.corrected_t_p is None for one in alone)
        assert all(one.runs_p is not None and one.corrected_t_p is not None for one in folds)
        assert alone == tuple(dataclasses.replace(one, runs_p=None, corrected_t_p=None) for one in folds)


def test_what_either_objective_left_out_is_not_compared_and_enlarges_no_family():
    good, guess = pair()
    diagnosis = Predictions(good.frame.assign(objective="C"))
    family = corrected(compare(diagnosis, guess, level="clip", setting="s"))
    assert {one.metric for one in family} == {"accuracy", "macro_f1", "auroc", "brier", "ece"}
    assert of(family, "accuracy").wilcoxon_holm_p == of(family, "accuracy").wilcoxon_p is not None
    severity = Predictions(guess.frame.assign(objective="R"))
    assert {one.metric.split("_")[0] for one in compare(good, severity, level="clip", setting="s")} == {
        "mae",
        "rmse",
        "spearman",
    }
    assert compare(diagnosis, severity, level="clip", setting="s") == ()
