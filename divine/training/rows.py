"""A clip and what was said of it → columns of the prediction table (``divine.evaluation.table``)."""

from __future__ import annotations

import numpy as np

from divine.data.ratings import clip_scores, raters_mean
from divine.data.schema import Index
from divine.records import Prediction
from divine.training.severity import Cutoffs, levels


def clip_columns(index: Index, row: int, cutoffs: Cutoffs | None) -> dict[str, object]:
    """Return the columns of the prediction table that say which clip this is and what is true of it."""
    clip = index.clips[row]
    columns: dict[str, object] = {
        "dataset": clip.dataset,
        "group": clip.group,
        "subject": clip.subject,
        "clip": clip.name,
        "task": clip.task,
        "target": clip.group,
    }
    if not index.items:
        return columns
    means = dict(zip(index.items, raters_mean(clip_scores(index, clip)).tolist(), strict=True))
    total = float(sum(means.values()))
    affected = np.array([clip.group not in index.healthy])
    level = -1 if cutoffs is None else int(levels(np.array([total]), affected, cutoffs)[0])
    columns |= {f"target_{item}": mean for item, mean in means.items()}
    return columns | {"target_total": total, "target_level": None if level < 0 or cutoffs is None else cutoffs.levels[level]}


def prediction_columns(prediction: Prediction) -> dict[str, object]:
    """Return the columns that say what a model made of a clip."""
    best = int(np.argmax(prediction.probabilities))
    columns: dict[str, object] = {"prediction": prediction.classes[best]}
    columns |= {f"probability_{name}": float(p) for name, p in zip(prediction.classes, prediction.probabilities, strict=True)}
    if prediction.item_scores is not None:
        scores = {item: float(score) for item, score in zip(prediction.items, prediction.item_scores, strict=True)}
        columns |= {f"predicted_{item}": score for item, score in scores.items()}
        columns["predicted_total"] = sum(scores.values())
    if prediction.level_probabilities is not None:
        columns["predicted_level"] = prediction.levels[int(np.argmax(prediction.level_probabilities))]
    columns |= {f"gate_{modality}": gate for modality, gate in sorted(prediction.gates.items())}
    return columns | {f"attention_{name}": float(a) for name, a in zip(prediction.tokens, prediction.attention, strict=True)}
