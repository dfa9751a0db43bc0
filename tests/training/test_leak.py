"""Nothing of a test subject reaches training: exactly, by changing them; in brief, as ``python -m benchmarks.leak`` has it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.leak import NINE, SMALL, Task, carry_out
from divine.store import Store
from divine.training.config import TrainingConfig
from divine.training.cross_validate import cross_validate
from divine.training.run import Run
from divine.training.spec import SYSTEMS, RunSpec
from tests.training.cohorts import write_cohort


def manifest(root: Path, changed: str = "") -> Path:
    """A cohort with a given split, in which the subjects of one side may be other people, with other diagnoses."""
    path = write_cohort(root)
    table = pd.read_csv(path)
    side = table["subject"].map({"P0": "test", "P1": "validation"}).fillna("train")
    table["subject"] = table["group"] + table["subject"]
    rows = side == changed
    swapped = table["group"].replace({"ALS": "Stroke", "Stroke": "ALS"})  # both are affected: cut-offs of severity stay
    table["group"] = table["group"].where(~rows, swapped)
    table["age"] = table["age"].where(~rows, 99)
    for name in table.loc[rows, ["features_video_V", "features_audio_A"]].to_numpy().ravel():
        np.save(root / name, 100 - np.load(root / name))
    table.assign(split=side).to_csv(path, index=False)
    return path


def validated(system: str, root: Path, changed: str = "") -> pd.DataFrame:
    """What a trained member says of the validation subjects, in every setting."""
    encoders = "A" if SYSTEMS[system].single else "V+A"
    training = TrainingConfig(max_epochs=2)
    spec = RunSpec(str(manifest(root / "c", changed)), encoders, SMALL, system, folds="given", seeds=1, training=training)
    made = Run(root / "run")
    cross_validate(spec, made, Store(root / "store"), workers=1)
    return made.predictions().where(part="validation").frame


@pytest.mark.parametrize("system", SYSTEMS)
def test_who_is_tested_changes_nothing_that_is_learned(system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("divine.training.recipes.TREES", 20)
    before, after = validated(system, tmp_path / "a"), validated(system, tmp_path / "b", "test")
    pd.testing.assert_frame_equal(before, after, check_exact=True)


@pytest.mark.parametrize("system", ["divine", "concat", "logistic"])
def test_who_is_trained_on_does(system: str, tmp_path: Path):
    before, after = validated(system, tmp_path / "a"), validated(system, tmp_path / "b", "train")
    names = [name for name in before if name.startswith("probability_")]
    assert len(before) and not np.allclose(before[names], after[names])


def excess(system: str, by_clip: bool) -> float:
    """Mean of score minus guess over a nine of permutations; the full command has three, and standard errors."""
    return float(np.mean([np.subtract(*carry_out(Task(system, one, by_clip))) for one in range(NINE)]))


@pytest.mark.parametrize("system", ["logistic", "concat"])
def test_permuted_diagnoses_cannot_be_learned(system: str):
    assert abs(excess(system, by_clip=False)) < 0.05


def test_a_split_by_clip_is_found_out():
    assert excess("logistic", by_clip=True) > 0.2
