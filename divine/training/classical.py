"""Logistic regression, random forest and SVM on pooled features: rivals with the same folds, rows and a tuning budget.

One model per set of modalities, fitted on the training clips that have them all; a clip is judged by the model of exactly the
modalities that it has in a setting. Nothing is imputed, so no constant stands for a face or a voice, and each rival knows in
training what will be missing at test time: the strongest form of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from threadpoolctl import threadpool_limits

from divine.data.schema import Part
from divine.data.splits import Fold
from divine.records import Modality
from divine.training.errors import TrainingError
from divine.training.pooled import pooled
from divine.training.recipes import RECIPES, fit_classifier, fit_regressor, inner_folds
from divine.training.rows import clip_columns
from divine.training.severity import levels
from divine.training.work import JUDGED, SETTINGS, Choice, Judged, Work, mean_ratings, rows_of

Has = tuple[Modality, ...]
"""A set of modalities, sorted."""


def judge(name: str, work: Work, fold: Fold) -> Judged:
    """Fit one classical system on a fold's training subjects and judge its test and validation clips.

    Raises:
        TrainingError: the training clips with some modality are all of one class.
    """
    with threadpool_limits(1):  # the same numbers, however many members run side by side
        member = _Member(name, work, fold)
        table = pd.DataFrame(line for part in JUDGED for setting in SETTINGS for line in member.lines(part, setting))
    return Judged(table, tuple(one.choice for _, one in sorted(member.models.items())))


class _Fitted(NamedTuple):
    classifier: Any
    regressor: Any | None
    choice: Choice


class _Member:
    def __init__(self, name: str, work: Work, fold: Fold) -> None:
        self.name, self.work, self.fold = name, work, fold
        self.seed = fold.seed * 1000 + fold.fold
        self.models: dict[Has, _Fitted] = {}

    @cached_property
    def features(self) -> dict[Modality, np.ndarray]:
        return pooled(self.work.pack)

    @cached_property
    def classes(self) -> np.ndarray:
        return np.array([clip.group for clip in self.work.index.clips])

    @cached_property
    def people(self) -> np.ndarray:
        number = {person: place for place, person in enumerate(self.work.index.subjects)}
        return np.array([number[clip.person] for clip in self.work.index.clips])

    def lines(self, part: Part, setting: Has) -> Iterator[dict[str, object]]:
        """Judge clips with the modalities of a setting; a clip that has none of them is left out."""
        if not set(setting) <= set(self.work.pack.dims):
            return
        work, fold = self.work, self.fold
        rows = rows_of(work, fold, part)
        given: list[Has] = [tuple(m for m in setting if np.isfinite(self.features[m][row]).all()) for row in rows]
        about = {"part": part, "fold": fold.fold, "seed": fold.seed, "system": self.name, "objective": work.spec.objective}
        about |= {"encoders": work.spec.encoders, "modalities": "+".join(setting)}
        said: dict[int, dict[str, object]] = {}
        for has in set(given) - {()}:
            these = rows[[one == has for one in given]]
            said |= dict(zip(these.tolist(), self._say(these, has), strict=True))
        for row in rows.tolist():
            if row in said:
                yield clip_columns(work.index, row, work.cutoffs) | about | said[row]

    def _say(self, rows: Int[np.ndarray, " n"], has: Has) -> Iterator[dict[str, object]]:
        work, model = self.work, self._model(has)
        x = self._inputs(rows, has)
        probabilities = model.classifier.predict_proba(x)
        items = len(work.index.items)
        scores = None if model.regressor is None else model.regressor.predict(x).reshape(-1, items).clip(*work.index.scale)
        for place in range(len(rows)):
            known = dict(zip(model.classifier.classes_, probabilities[place].tolist(), strict=True))
            chances = {name: known.get(name, 0.0) for name in work.index.groups}
            line: dict[str, object] = {"prediction": max(chances, key=chances.__getitem__)}
            line |= {f"probability_{name}": chance for name, chance in chances.items()}
            if scores is not None:
                line |= {f"predicted_{item}": float(s) for item, s in zip(work.index.items, scores[place], strict=True)}
                line["predicted_total"] = float(scores[place].sum())
                if work.cutoffs is not None:
                    level = int(levels(scores[place].sum(keepdims=True), np.ones(1, dtype=bool), work.cutoffs)[0])
                    line["predicted_level"] = work.cutoffs.levels[level]
            yield line

    def _inputs(self, rows: Int[np.ndarray, " n"], has: Has) -> Float[np.ndarray, "n d"]:
        return np.concatenate([self.features[modality][rows] for modality in has], axis=1, dtype=np.float64)

    def _model(self, has: Has) -> _Fitted:
        if has not in self.models:
            self.models[has] = self._fit(has)
        return self.models[has]

    def _fit(self, has: Has) -> _Fitted:
        recipe, what = RECIPES[self.name], "+".join(has)
        rows = rows_of(self.work, self.fold, "train")
        rows = rows[np.isfinite(self._inputs(rows, has)).all(axis=1)]
        classes, people = self.classes[rows], self.people[rows]
        if len(set(classes)) < 2:
            raise TrainingError(
                f"{self.name}: fold {self.fold.fold}, seed {self.fold.seed}: the training clips that have {what} are not "
                "of two classes. Use fewer folds, or leave this system out."
            )
        x, splits = self._inputs(rows, has), inner_folds(classes, people, self.seed)
        classifier, diagnosis = fit_classifier(recipe, x, classes, splits, self.seed)
        ratings = mean_ratings(self.work)[rows]
        rated = np.isfinite(ratings).all(axis=1)
        if not ratings.shape[1] or not rated.any():
            return _Fitted(classifier, None, Choice(what, diagnosis, None))
        folds = inner_folds(classes[rated], people[rated], self.seed)
        regressor, severity = fit_regressor(recipe, x[rated], ratings[rated], folds, self.seed)
        return _Fitted(classifier, regressor, Choice(what, diagnosis, severity))
