"""What any honest table stands beside: the majority, what age and sex alone would say, and the classical systems."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pandas as pd

from divine.data.schema import ClipEntry
from divine.data.splits import Fold
from divine.training.errors import TrainingError
from divine.training.rows import clip_columns
from divine.training.spec import CLASSICAL
from divine.training.work import Judged, Work, mean_ratings, rows_of


def majority(work: Work, fold: Fold) -> Judged:
    """Say of every clip the share of each class among the training subjects' clips, and their median scores."""
    train = _clips(work, fold.train)
    shares = np.array([np.mean([work.index.clips[row].group == name for row in train]) for name in work.index.groups])
    rated = mean_ratings(work)[train]
    median = np.nanmedian(rated, axis=0) if np.isfinite(rated).any() else np.full(len(work.index.items), np.nan)
    return _table(work, fold, "majority", lambda row: (shares, median))


def age_sex(work: Work, fold: Fold) -> Judged:
    """Say of every clip what logistic and linear regression on the subject's age and sex say.

    Raises:
        TrainingError: somebody's age is not known, or whose sex is neither F nor M. Then nobody could tell whether they are
            confounded with diagnosis.
    """
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known = np.array([_age_and_sex(clip) for clip in work.index.clips])
    train = _clips(work, fold.train)
    groups = [work.index.clips[row].group for row in train]
    diagnosis = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced")).fit(known[train], groups)
    order = [list(diagnosis.classes_).index(name) for name in work.index.groups]
    means = mean_ratings(work)[train]
    rated = np.isfinite(means).all(axis=1)
    severity = LinearRegression().fit(known[train][rated], means[rated]) if means.size and rated.any() else None

    def say(row: int) -> tuple[np.ndarray, np.ndarray]:
        probabilities = diagnosis.predict_proba(known[row : row + 1])[0][order]
        if severity is None:
            return probabilities, np.full(len(work.index.items), np.nan)
        return probabilities, np.clip(severity.predict(known[row : row + 1])[0], *work.index.scale)

    return _table(work, fold, "age-sex", say)


def _classical(name: str, work: Work, fold: Fold) -> Judged:
    from divine.training.classical import judge  # scikit-learn takes a second to import, and networks do without

    return judge(name, work, fold)


BASELINES: dict[str, Callable[[Work, Fold], Judged]] = {
    "majority": majority,
    "age-sex": age_sex,
    **{name: functools.partial(_classical, name) for name in CLASSICAL},
}
"""Systems that are stored as spec and seed and refitted: beside another system, or a run of their own."""


def _age_and_sex(clip: ClipEntry) -> tuple[float, float]:
    if clip.age_and_sex is None:
        raise TrainingError(f"age-sex: {clip.person} has no age, or no sex of F or M. Complete them, or leave it out.")
    return clip.age_and_sex


def _clips(work: Work, people: tuple) -> np.ndarray:
    wanted = set(people)
    return np.array([row for row, clip in enumerate(work.index.clips) if clip.person in wanted])


def _table(work: Work, fold: Fold, system: str, say: Callable[[int], tuple[np.ndarray, np.ndarray]]) -> Judged:
    """Write what a baseline says of every test clip that its system judges.

    It is the same whatever the modalities, so it stands once, under all that there are.
    """
    setting = "+".join(sorted(work.pack.dims))
    about = {"part": "test", "fold": fold.fold, "seed": fold.seed, "system": system, "objective": work.spec.objective}
    about |= {"encoders": work.spec.encoders, "modalities": setting}
    lines = []
    for row in rows_of(work, fold, "test"):
        probabilities, said = say(int(row))
        line = clip_columns(work.index, int(row), work.cutoffs) | about
        line["prediction"] = work.index.groups[int(np.argmax(probabilities))]
        line |= {f"probability_{name}": float(p) for name, p in zip(work.index.groups, probabilities, strict=True)}
        if work.index.items:
            line |= {f"predicted_{item}": float(score) for item, score in zip(work.index.items, said, strict=True)}
            line["predicted_total"] = float(said.sum())
        lines.append(line)
    return Judged(pd.DataFrame(lines), ())
