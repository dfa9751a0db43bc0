"""Classical systems: pooled features, one model per set of modalities, tuned and standardised on training subjects alone."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from divine.evaluation.metrics import accuracy
from divine.store import Store
from divine.training import classical
from divine.training.cross_validate import cross_validate
from divine.training.errors import TrainingError
from divine.training.recipes import RECIPES, fit_classifier, fit_regressor, inner_folds
from divine.training.run import Run
from divine.training.spec import CLASSICAL, RunSpec
from tests.training.cohorts import write_cohort
from tests.training.test_cross_validate import QUICK, TINY


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("divine.training.recipes.TREES", 20)
    for name, recipe in RECIPES.items():
        short = recipe._replace(settings=recipe.settings[-2:], severities=recipe.severities[-2:])
        monkeypatch.setitem(RECIPES, name, short)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("classical") / "c", per_group=6, signal=3.0)


def run(manifest: Path, folder: Path, **changes: object) -> Run:
    asked = dataclasses.replace(RunSpec(str(manifest), "V+A", TINY, folds=3, seeds=1, training=QUICK), **changes)
    made = Run(folder)
    cross_validate(asked, made, Store(folder.parent / "store"), workers=1)
    return made


@pytest.mark.parametrize("system", CLASSICAL)
def test_a_classical_system_finds_a_planted_signal_in_every_setting(system: str, manifest: Path, tmp_path: Path):
    made = run(manifest, tmp_path / "run", system=system)
    frame = made.predictions().frame
    tested = frame[frame["part"] == "test"]
    assert set(frame["part"]) == {"test", "validation"}
    for _, rows in tested.groupby("modalities"):
        codes = {name: place for place, name in enumerate(("ALS", "Stroke", "Healthy"))}
        right = accuracy(target=rows["target"].map(codes).to_numpy(), predicted=rows["prediction"].map(codes).to_numpy())
        assert right > 0.7
    assert set(tested["modalities"]) == {"audio", "video", "audio+video"}
    np.testing.assert_allclose(tested[[c for c in tested if c.startswith("probability_")]].sum(axis=1), 1, atol=1e-6)
    assert tested["predicted_total"].between(2, 10).all()
    assert not [name for name in tested if name.startswith(("gate_", "attention_"))]
    recipe = json.loads((made.folder / "members" / "f0s0" / "recipe.json").read_text())
    assert {one["modalities"] for one in recipe["chosen"]} == {"audio", "video", "audio+video"}
    assert all(one["diagnosis"] in RECIPES[system].settings for one in recipe["chosen"])
    assert not list(made.folder.rglob("*.pkl"))


def test_beside_another_system_it_says_what_it_says_alone(manifest: Path, tmp_path: Path):
    alone = run(manifest, tmp_path / "alone", system="logistic").predictions().frame
    beside = run(manifest, tmp_path / "beside", system="majority", baselines=("logistic",)).predictions().frame
    beside = beside[beside["system"] == "logistic"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, beside[alone.columns], check_exact=True)


def test_the_test_clips_do_not_touch_what_is_fitted(manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever test and validation clips hold, the models are the same: what they say of one clip does not depend on others."""
    frame = run(manifest, tmp_path / "run", system="svm").predictions().frame
    held = set(frame.loc[(frame["fold"] == 0), "clip"])
    genuine = classical.pooled

    def spoilt(pack):
        found = genuine(pack)
        index = [row for row, clip in enumerate(_clips(manifest)) if clip in held]
        for values in found.values():
            values[index[1:]] += 1000
        return found

    monkeypatch.setattr(classical, "pooled", spoilt)
    again = run(manifest, tmp_path / "spoilt", system="svm").predictions().frame
    first = _clips(manifest).index(next(clip for clip in _clips(manifest) if clip in held))
    name = _clips(manifest)[first]
    one, other = (table[(table["fold"] == 0) & (table["clip"] == name)].reset_index(drop=True) for table in (frame, again))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def _clips(manifest: Path) -> list[str]:
    from divine.data.load import load

    return [clip.name for clip in load(manifest).index.clips]


def test_a_clip_is_judged_by_the_model_of_what_it_has(tmp_path: Path):
    """One clip without its face: with both modalities asked for, it is judged as by the voice alone."""
    manifest = write_cohort(tmp_path / "c", per_group=3)
    rows = pd.read_csv(manifest)
    rows.loc[0, "features_video_V"] = np.nan
    rows.to_csv(manifest, index=False)
    frame = run(manifest, tmp_path / "run", system="logistic").predictions().frame
    clip = frame[(frame["clip"] == _clips(manifest)[0]) & (frame["part"] == "test")].set_index("modalities")
    assert set(clip.index) == {"audio", "audio+video"}
    probabilities = [name for name in clip if name.startswith("probability_")]
    np.testing.assert_array_equal(clip.loc["audio", probabilities], clip.loc["audio+video", probabilities])


def test_tuning_takes_the_best_of_the_inner_folds_by_brute_force():
    rng = np.random.default_rng(0)
    classes = np.repeat(["a", "b"], 30)
    people = np.arange(60) // 3
    x = rng.normal(size=(60, 40)) + 0.5 * (classes == "a")[:, None]
    splits = inner_folds(classes, people, 0)
    assert all(not set(people[train]) & set(people[held]) for train, held in splits)
    _, chosen = fit_classifier(RECIPES["logistic"], x, classes, splits, 0)
    scores = {}
    for c in RECIPES["logistic"].settings:
        said = np.empty(60, dtype=classes.dtype)
        for train, held in splits:
            mean, std = x[train].mean(axis=0), x[train].std(axis=0)
            model = LogisticRegression(C=c, class_weight="balanced", max_iter=5000).fit((x[train] - mean) / std, classes[train])
            said[held] = model.predict((x[held] - mean) / std)
        each = [2 * ((said == k) & (classes == k)).sum() / ((said == k).sum() + (classes == k).sum()) for k in "ab"]
        scores[c] = np.mean(each)
    assert scores[chosen] == max(scores.values())


def test_the_forest_is_the_one_that_scikit_learn_grows():
    rng = np.random.default_rng(0)
    x, classes = rng.normal(size=(40, 6)), np.repeat(["a", "b"], (25, 15))
    fitted, leaf = fit_classifier(RECIPES["random-forest"], x, classes, (), 3)
    plain = RandomForestClassifier(20, min_samples_leaf=leaf, class_weight="balanced", random_state=3)
    plain.fit((x - x.mean(axis=0)) / x.std(axis=0), classes)
    np.testing.assert_allclose(fitted.predict_proba(x), plain.predict_proba((x - x.mean(axis=0)) / x.std(axis=0)))


@pytest.mark.parametrize("system", CLASSICAL)
def test_diagnoses_may_be_coded_as_digits(system: str, tmp_path: Path):
    """A name is a name: with digits for diagnoses a system says what it says with words."""
    said = []
    for names in (("A", "B", "C"), ("0", "1", "2")):
        manifest = write_cohort(tmp_path / names[0], groups=names, per_group=3)
        frame = run(manifest, tmp_path / f"run {names[0]}", system=system).predictions().frame
        said.append(frame[[f"probability_{name}" for name in names]].to_numpy())
    np.testing.assert_array_equal(*said)


@pytest.mark.parametrize("system", CLASSICAL)
def test_a_single_rated_item_is_fitted_as_one_of_several_equal_ones(system: str):
    rng = np.random.default_rng(0)
    x, rating = rng.normal(size=(40, 6)), rng.integers(1, 6, size=(40, 1)).astype(float)
    one, _ = fit_regressor(RECIPES[system], x, rating, (), 3)
    two, _ = fit_regressor(RECIPES[system], x, np.repeat(rating, 2, axis=1), (), 3)
    np.testing.assert_allclose(one.predict(x).reshape(-1, 1), two.predict(x)[:, :1], rtol=1e-6)


def test_an_svm_is_calibrated_where_inner_folds_miss_a_class_and_says_where_it_cannot_be():
    rng = np.random.default_rng(0)
    classes = np.repeat(["ALS", "HC"], 6)
    x = rng.normal(size=(12, 3)) + (classes == "ALS")[:, None] * 3.0
    half = [(np.arange(0, 12, 2), np.arange(1, 6, 2))]  # one fold that holds a quarter of the rows
    for splits in ((), half):
        fitted, _ = fit_classifier(RECIPES["svm"], x, classes, splits, 0)
        assert (fitted.predict(x) == classes).mean() > 0.8
    alone = np.array(["ALS"] * 11 + ["HC"])
    with pytest.raises(TrainingError, match=r"HC: one training clip is too few to calibrate an SVM"):
        fit_classifier(RECIPES["svm"], x, alone, (), 0)
