import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as sk

from divine.evaluation import evaluate as module
from divine.evaluation.arrays import Arrays
from divine.evaluation.evaluate import evaluate, score_rows
from divine.evaluation.table import KEYS, Predictions, TableError

CLASSES = ("ALS", "HC", "Stroke")


def table(
    *, seeds: int = 2, folds: int = 3, per_group: int = 6, clips: int = 3, skill: float = 1.0, seed: int = 0
) -> Predictions:
    """Predictions of subjects whose class is guessed right more often than not."""
    rng = np.random.default_rng(seed)
    rows = []
    for run in range(seeds):
        for place, group in enumerate(CLASSES):
            for person in range(per_group):
                severity = rng.uniform(1, 5)
                for clip in range(clips):
                    logits = rng.normal(size=3)
                    logits[place] += skill
                    p = np.exp(logits) / np.exp(logits).sum()
                    total = np.nan if clip == 0 else 2 * severity
                    rows.append(
                        dict(zip(KEYS, ("d", group, f"P{person}", f"c{clip}", "DDK_PA", "test", person % folds, run,
                                        "divine", "M", "KI+AC", "audio+video"), strict=True))
                        | {"target": group, "prediction": CLASSES[int(p.argmax())], "target_total": total,
                           "predicted_total": 2 * severity + rng.normal(), "target_speed": total / 2,
                           "predicted_speed": severity + rng.normal() / 2}
                        | {f"probability_{name}": value for name, value in zip(CLASSES, p, strict=True)}
                    )  # fmt: skip
    return Predictions(pd.DataFrame(rows))


def test_every_metric_agrees_with_scikit_learn_and_scipy_on_the_same_table():
    predictions = table()
    frame = predictions.frame
    found = score_rows(Arrays.of(predictions))
    probability = frame[[f"probability_{name}" for name in CLASSES]].to_numpy()
    rated = frame["target_total"].notna()
    truth, said = frame.loc[rated, "target_total"], frame.loc[rated, "predicted_total"]
    onehot = np.stack([frame["target"] == name for name in CLASSES], axis=1)
    expected = {
        "accuracy": sk.accuracy_score(frame["target"], frame["prediction"]),
        "macro_f1": sk.f1_score(frame["target"], frame["prediction"], average="macro"),
        "auroc": sk.roc_auc_score(frame["target"], probability, multi_class="ovr", average="macro", labels=CLASSES),
        "brier": np.mean(np.sum((probability - onehot) ** 2, axis=1)),
        "mae_total": sk.mean_absolute_error(truth, said),
        "rmse_total": sk.root_mean_squared_error(truth, said),
        "spearman_total": stats.spearmanr(truth, said).statistic,
        "mae_speed": sk.mean_absolute_error(frame.loc[rated, "target_speed"], frame.loc[rated, "predicted_speed"]),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert set(found) - set(expected) == {"ece"}


def test_a_subject_is_the_mean_of_its_clips():
    predictions = table(seeds=1)
    people = predictions.by_subject().frame
    assert len(people) == 18
    one = people[(people["group"] == "ALS") & (people["subject"] == "P2")].iloc[0]
    clips = predictions.where(group="ALS", subject="P2").frame
    means = clips[[f"probability_{name}" for name in CLASSES]].mean()
    assert one["probability_HC"] == pytest.approx(means["probability_HC"])
    assert one["prediction"] == means.idxmax().removeprefix("probability_")
    assert one["target_total"] == pytest.approx(clips["target_total"].dropna().mean())


def test_who_says_the_same_of_everybody_ranks_nobody(monkeypatch: pytest.MonkeyPatch):
    """A mean of equal probabilities over 3 clips and one over 7 differ in the last bit: the area must stay a half."""
    monkeypatch.setattr(module, "BOOTSTRAPS", 20)
    frame = pd.concat([table(clips=7).frame, table(clips=5, seed=1).frame.assign(dataset="e")], ignore_index=True)
    rng = np.random.default_rng(0)
    frame = frame[rng.random(len(frame)) < 0.6]
    said = {"probability_ALS": 0.3, "probability_HC": 0.1 + 0.2, "probability_Stroke": 0.4, "prediction": "Stroke"}
    same = Predictions(frame.assign(**said, predicted_total=7.1, target_total=6.1 + frame["subject"].str[1:].astype(int) / 7))
    for one in evaluate(same, tasks="all"):
        assert one.metrics["auroc"][:3] == (0.5, 0.0, 0.5)
        assert "spearman_total" not in one.metrics
    people = same.by_subject().frame
    assert people["probability_HC"].nunique() == people["predicted_total"].nunique() == 1


def test_members_give_the_mean_and_spread_and_subjects_the_interval(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BOOTSTRAPS", 200)
    predictions = table()
    clip, subject = evaluate(predictions, tasks="all")
    runs = [sk.accuracy_score(part["target"], part["prediction"]) for _, part in predictions.frame.groupby(["fold", "seed"])]
    accuracy = clip.metrics["accuracy"]
    assert (accuracy.mean, accuracy.std) == pytest.approx((np.mean(runs), np.std(runs)))
    pooled = score_rows(Arrays.of(predictions.over_seeds()))["accuracy"]
    assert accuracy.low < pooled < accuracy.high
    # Averaging over a subject's clips judges better than clips alone do.
    assert subject.metrics["auroc"].mean > clip.metrics["auroc"].mean
    assert (clip.level, subject.level) == ("clip", "subject")


def test_the_interval_is_as_wide_as_that_of_independent_subjects(monkeypatch: pytest.MonkeyPatch):
    """Clips of one subject that all agree must not make the interval narrower than its subjects allow."""
    monkeypatch.setattr(module, "BOOTSTRAPS", 400)
    base = table(seeds=1, folds=1, per_group=20, clips=1)
    copies = pd.concat([base.frame.assign(clip=f"copy{n}") for n in range(8)], ignore_index=True)
    widths = []
    for predictions in (base, Predictions(copies)):
        accuracy = evaluate(predictions, tasks="all")[0].metrics["accuracy"]
        widths.append(accuracy.high - accuracy.low)
    p = score_rows(Arrays.of(base))["accuracy"]
    assert widths[0] == pytest.approx(2 * 1.96 * np.sqrt(p * (1 - p) / 60), rel=0.25)
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_what_the_data_cannot_give_is_absent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BOOTSTRAPS", 20)
    predictions = table()
    frame = predictions.frame.drop(columns=["target_total", "predicted_total", "target_speed", "predicted_speed"])
    found = evaluate(Predictions(frame), tasks="all")[0].metrics
    assert set(found) == {"accuracy", "macro_f1", "auroc", "brier", "ece"}


def leave_one_out(predictions: Predictions) -> Predictions:
    """Give every subject a fold of its own."""
    return Predictions(predictions.frame.assign(fold=predictions.frame.groupby(["group", "subject"]).ngroup()))


def test_where_each_fold_leaves_one_subject_out_a_member_is_a_seed_with_all_its_folds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BOOTSTRAPS", 20)
    predictions = leave_one_out(table(seeds=3))
    clip, subject = evaluate(predictions, tasks="all")
    for found, rows in ((clip, predictions), (subject, predictions.by_subject())):
        by_seed = pd.DataFrame([score_rows(Arrays.of(rows.where(seed=seed))) for seed in range(3)])
        assert set(found.metrics) == set(by_seed)
        assert {name: one.mean for name, one in found.metrics.items()} == pytest.approx(dict(by_seed.mean()))
        assert {name: one.std for name, one in found.metrics.items()} == pytest.approx(dict(by_seed.std(ddof=0)))
    assert subject.metrics["rmse_total"].mean > subject.metrics["mae_total"].mean
    whole = evaluate(table(seeds=3), tasks="all")[0].metrics
    assert {name: one[2:] for name, one in clip.metrics.items()} == {name: one[2:] for name, one in whole.items()}


def test_two_subjects_in_one_fold_are_judged_fold_by_fold(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BOOTSTRAPS", 20)
    predictions = leave_one_out(table())
    frame = predictions.frame.assign(fold=predictions.frame["fold"].clip(lower=1))
    runs = [sk.accuracy_score(part["target"], part["prediction"]) for _, part in frame.groupby(["fold", "seed"])]
    accuracy = evaluate(Predictions(frame), tasks="all")[0].metrics["accuracy"]
    assert len(runs) == 2 * 17 and accuracy[:2] == pytest.approx((np.mean(runs), np.std(runs)))


@pytest.mark.parametrize(("objective", "of_diagnosis"), [("C", True), ("R", False)])
def test_what_an_objective_left_out_is_not_judged(objective: str, of_diagnosis: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BOOTSTRAPS", 20)
    frame = table().frame
    both = pd.concat([frame, frame.assign(system="majority")], ignore_index=True)
    diagnosis = {"accuracy", "macro_f1", "auroc", "brier", "ece"}
    every = set(score_rows(Arrays.of(table())))
    for result in evaluate(Predictions(both.assign(objective=objective)), tasks="all"):
        assert set(result.metrics) == (diagnosis if of_diagnosis else every - diagnosis)


def test_validation_rows_are_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BOOTSTRAPS", 20)
    predictions = table()
    wrong = predictions.frame.assign(part="validation", prediction="nothing")
    mixed = Predictions(pd.concat([predictions.frame, wrong], ignore_index=True))
    assert evaluate(mixed, tasks="all")[0].metrics["accuracy"] == evaluate(predictions, tasks="all")[0].metrics["accuracy"]


def test_a_table_of_another_version_is_refused():
    with pytest.raises(TableError, match="no column 'subject'"):
        Predictions(table().frame.drop(columns="subject"))
