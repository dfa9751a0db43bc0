"""The classical systems: what is fitted, over which small grid, and how the grid is searched on training subjects alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.utils.class_weight import compute_sample_weight

from divine.training.errors import TrainingError

INNER_FOLDS, TREES = 3, 300

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


class Recipe(NamedTuple):
    """A pair of estimators, each with a grid of one setting; what regularises most comes first and wins ties."""

    classifier: Callable[[Any, int], Any]
    """From a setting and a seed; class-balanced."""
    settings: tuple[Any, ...]
    regressor: Callable[[Any, int], Any]
    severities: tuple[Any, ...]
    calibrate: bool = False
    """Whether probabilities come from Platt's sigmoid on inner folds, for a classifier that has none."""


class _BalancedForest(RandomForestClassifier):
    """A class-balanced forest; with ``class_weight`` scikit-learn takes classes called ``"0"`` and ``"1"`` for numbers."""

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: Any = None) -> _BalancedForest:
        return super().fit(X, y, compute_sample_weight("balanced", y))


class _Forest(RandomForestRegressor):
    """A forest that takes a table of one rated item as it takes several, without a warning."""

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: Any = None) -> _Forest:
        return super().fit(X, y[:, 0] if y.shape[1] == 1 else y, sample_weight)


RECIPES: dict[str, Recipe] = {
    "logistic": Recipe(
        lambda c, seed: LogisticRegression(C=c, class_weight="balanced", max_iter=5000),
        (0.003, 0.01, 0.03, 0.1, 1.0),
        lambda alpha, seed: Ridge(alpha),
        (3000.0, 1000.0, 300.0, 100.0, 10.0),
    ),
    "random-forest": Recipe(
        lambda leaf, seed: _BalancedForest(TREES, min_samples_leaf=leaf, random_state=seed),
        (5, 2, 1),
        lambda leaf, seed: _Forest(TREES, min_samples_leaf=leaf, max_features=1 / 3, random_state=seed),
        (5, 2),
    ),
    "svm": Recipe(
        lambda c, seed: SVC(C=c, class_weight="balanced"),
        (0.3, 1.0, 3.0, 10.0),
        lambda c, seed: MultiOutputRegressor(SVR(C=c)),
        (0.03, 0.1, 0.3, 1.0, 3.0),
        calibrate=True,
    ),
}


def inner_folds(classes: np.ndarray, people: np.ndarray, seed: int) -> Splits:
    """Split training clips by subject, stratified by class; no fold where a class has fewer than two subjects."""
    fewest = min(len(set(people[classes == name])) for name in set(classes))
    if fewest < 2:
        return ()
    folds = StratifiedGroupKFold(min(INNER_FOLDS, fewest), shuffle=True, random_state=seed)
    found = list(folds.split(np.zeros(len(classes)), classes, people))
    return [(train, held) for train, held in found if len(held) and set(classes[train]) == set(classes)]


def fit_classifier(
    recipe: Recipe, x: Float[np.ndarray, "n d"], classes: np.ndarray, splits: Splits, seed: int
) -> tuple[Any, Any]:
    """Return the classifier of highest macro-F1 over the inner folds, fitted on all rows, and its setting.

    Raises:
        TrainingError: it has to be calibrated, and a class has a single clip.
    """

    def score(setting: Any) -> float:
        said = np.empty_like(classes)
        for train, held in splits:
            said[held] = _standardised(recipe.classifier(setting, seed)).fit(x[train], classes[train]).predict(x[held])
        judged = np.concatenate([held for _, held in splits])
        return float(f1_score(classes[judged], said[judged], average="macro"))

    chosen = _best(recipe.settings, score, splits)
    estimator = _standardised(recipe.classifier(chosen, seed))
    if recipe.calibrate:
        folds: Any = _calibration_folds(classes, splits)
        single: Any = False  # one calibrated model on all rows, not one per fold; scikit-learn's stubs know only "auto"
        estimator = CalibratedClassifierCV(estimator, method="sigmoid", cv=folds, ensemble=single)
    return estimator.fit(x, classes), chosen


def _calibration_folds(classes: np.ndarray, splits: Splits) -> Any:
    """Return the inner folds where they hold every row once, as calibration asks; else two folds by clip."""
    if splits and np.array_equal(np.sort(np.concatenate([held for _, held in splits])), np.arange(len(classes))):
        return list(splits)
    names, counts = np.unique(classes, return_counts=True)
    if counts.min() < 2:
        raise TrainingError(
            f"{names[counts.argmin()]}: one training clip is too few to calibrate an SVM. Take fewer folds, or leave svm out."
        )
    return 2


def fit_regressor(
    recipe: Recipe, x: Float[np.ndarray, "n d"], ratings: Float[np.ndarray, "n k"], splits: Splits, seed: int
) -> tuple[Any, Any]:
    """Return the regressor of lowest mean absolute error over the inner folds, fitted on all rows, and its setting."""

    def score(setting: Any) -> float:
        errors = []
        for train, held in splits:
            said = _standardised(recipe.regressor(setting, seed)).fit(x[train], ratings[train]).predict(x[held])
            errors.append(np.abs(said.reshape(ratings[held].shape) - ratings[held]))
        return -float(np.concatenate(errors).mean())

    chosen = _best(recipe.severities, score, splits)
    return _standardised(recipe.regressor(chosen, seed)).fit(x, ratings), chosen


def _standardised(estimator: Any) -> Pipeline:
    return make_pipeline(StandardScaler(), estimator)


def _best(settings: Sequence[Any], score: Callable[[Any], float], splits: Splits) -> Any:
    """Return the first setting of highest score; the middle one where nothing can be scored."""
    return max(settings, key=score) if splits else settings[len(settings) // 2]
