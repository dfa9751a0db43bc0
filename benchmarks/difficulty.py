"""How hard is a SYNTHETIC cohort? ``python -m benchmarks.difficulty --seeds 200-204 --home DIR``.

Each cohort is rendered (36 subjects in the release's battery; 5 s at 30 frames/s, to keep it affordable), followed and encoded
the product's way (``KI`` and ``AC``), and judged by one model that was fixed beforehand: logistic regression, C = 0.01, on
standardised features averaged over a clip's time. Subjects are dealt into five folds, stratified by group; a subject's
probabilities are the mean over the clips; the score is the macro one-against-rest AUROC over subjects, averaged over
five deals. Cohorts stay in ``DIR/seed<N>`` and features in ``DIR/home/store``: killed and started again, it goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from divine import services
from divine.data.load import load
from divine.features.batches import Pair
from divine.features.cohort import CohortFeatures
from divine.store import Store
from divine.synthetic.cohort import Plan, make_cohort

C = 0.01
DEALS = 5
LOW, HIGH = 0.75, 0.92
"""Neither trivial nor hopeless."""


class Pooled(NamedTuple):
    """A cohort for a model that knows no time."""

    video: Float[np.ndarray, "n v"]
    """NaN where a clip gave none."""
    audio: Float[np.ndarray, "n a"]
    groups: Int[np.ndarray, " n"]
    people: Int[np.ndarray, " n"]


def pooled(cohort: Path, workers: int) -> Pooled:
    """Extract ``KI`` and ``AC`` through the product, and average them over time."""
    services.extract(cohort, "KI,AC", workers=workers, on_step=_tell)
    index, pair = load(cohort).index, Pair("KI", "AC")
    found = list(CohortFeatures(index, pair, Store(Path(os.environ["DIVINE_HOME"]) / "store")))
    people = [str(clip.person) for clip in index.clips]
    groups = [clip.person.group for clip in index.clips]
    columns = []
    for code in pair.codes:
        dim = next(features[code].values.shape[1] for features in found if code in features)
        nothing = np.full(dim, np.nan)
        columns.append(np.stack([one[code].values.mean(axis=0) if code in one else nothing for one in found]))
    video, audio = columns
    return Pooled(video, audio, np.unique(groups, return_inverse=True)[1], np.unique(people, return_inverse=True)[1])


def auroc(values: Float[np.ndarray, "n d"], data: Pooled, deal: int) -> float:
    """Return the macro one-against-rest AUROC over subjects, each judged by a model that never saw them."""
    people, first = np.unique(data.people, return_index=True)
    truth = data.groups[first]
    given = np.zeros((len(people), len(np.unique(truth))))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=deal).split(people, truth):
        rows = np.isin(data.people, people[train])
        middle = np.nanmean(values[rows], axis=0)
        filled = np.where(np.isfinite(values), values, middle)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=C, class_weight="balanced", max_iter=2000))
        model.fit(filled[rows], data.groups[rows])
        for person in people[test]:
            given[person] = model.predict_proba(filled[data.people == person]).mean(axis=0)
    return float(roc_auc_score(truth, given, multi_class="ovr", average="macro"))


def _tell(what: str, done: int, total: int) -> None:
    sys.stderr.write(f"\r{what} {done}/{total}   ")


def main() -> None:
    """Print a line per cohort."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="200-204")
    parser.add_argument("--home", type=Path, default=Path("difficulty"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    first, _, last = given.seeds.partition("-")
    os.environ["DIVINE_HOME"] = str(given.home.resolve() / "home")
    print("| seed | recordings | video + audio | video | audio | inside 0.75-0.92 |\n|---|---|---|---|---|---|", flush=True)
    for seed in range(int(first), int(last or first) + 1):
        cohort = given.home / f"seed{seed}"
        plan = Plan(subjects=36, seconds=5.0, fps=30.0, seed=seed)
        make_cohort(cohort, plan, workers=given.workers, on_progress=lambda done, total, name: _tell("rendering", done, total))
        data = pooled(cohort, given.workers)
        both = np.concatenate([data.video, data.audio], axis=1)
        scores = [np.mean([auroc(part, data, deal) for deal in range(DEALS)]) for part in (both, data.video, data.audio)]
        inside = "yes" if LOW <= scores[0] <= HIGH else "no"
        print(f"| {seed} | {len(data.groups)} | {' | '.join(f'{one:.3f}' for one in scores)} | {inside} |", flush=True)


if __name__ == "__main__":
    main()
