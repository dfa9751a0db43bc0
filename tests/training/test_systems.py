"""Every system goes through the same folds, the same rows, the same checkpoint."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from divine.models.systems import architecture_of
from divine.store import Store
from divine.training.checkpoint import load
from divine.training.cross_validate import cross_validate
from divine.training.errors import TrainingError
from divine.training.run import Run
from divine.training.spec import SYSTEMS, RunSpec, configure
from tests.training.cohorts import write_cohort
from tests.training.test_cross_validate import QUICK, TINY


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("systems") / "c", per_group=3)


def run(manifest: Path, folder: Path, **changes: object) -> Run:
    asked = dataclasses.replace(RunSpec(str(manifest), "V+A", TINY, folds=3, seeds=1, training=QUICK), **changes)
    made = Run(folder)
    cross_validate(asked, made, Store(folder.parent / "store"), workers=1)
    return made


@pytest.mark.parametrize("system", ["divine-no-sparse", "flat", "single-level", "concat", "fcn", "cnn"])
def test_a_system_judges_everybody_and_comes_back_from_its_checkpoint(system: str, manifest: Path, tmp_path: Path):
    single = SYSTEMS[system].single
    made = run(manifest, tmp_path / "run", system=system, encoders="A" if single else "V+A")
    frame = made.predictions().frame
    tested = frame[frame["part"] == "test"]
    assert set(tested["system"]) == {system}
    settings = {"audio"} if single else {"audio", "video", "audio+video"}
    assert set(tested["modalities"]) == settings
    counts = tested.groupby(["group", "subject", "clip", "modalities"]).size()
    assert len(counts) == 9 * 2 * len(settings) and (counts == 1).all()
    probabilities = tested[[name for name in tested if name.startswith("probability_")]].to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    has_gates = any(name.startswith("gate_") for name in tested)
    assert has_gates == (system not in ("concat", "fcn", "cnn"))  # absent, never zero
    checkpoint = load(made.folder / "members" / "f0s0")
    assert architecture_of(checkpoint.model) == SYSTEMS[system].architecture
    assert checkpoint.card.name.startswith(system)


@pytest.mark.parametrize(("kept", "system"), [("video", "divine"), ("audio", "cnn")])
def test_a_modality_removed_in_training_is_nowhere(kept: str, system: str, manifest: Path, tmp_path: Path):
    made = run(manifest, tmp_path / "run", system=system, train_modalities=kept)
    frame = made.predictions().frame
    assert set(frame["modalities"]) == {kept}
    assert set(frame["encoders"]) == {"V+A"}
    assert set(load(made.folder / "members" / "f0s0").model.schema.dims) == {kept}


def test_a_system_of_one_encoder_refuses_two_before_anything_is_done(manifest: Path):
    with pytest.raises(TrainingError, match="one encoder"):
        RunSpec(str(manifest), "V+A", TINY, system="cnn")
    with pytest.raises(TrainingError, match="no such system"):
        RunSpec(str(manifest), "V+A", TINY, system="magic")


def test_specs_of_older_runs_can_be_read():
    asked = RunSpec("data", "KI+AC", configure("concat", "R", 100), system="concat")
    older = json.loads(asked.to_json())
    del older["train_modalities"]
    assert RunSpec.from_json(json.dumps(older).encode()) == asked
    assert asked.config.loss.diagnosis == 0.0


def test_the_command_line_names_every_system():
    from divine.cli import cohort

    assert cohort._SYSTEMS.split(", ") == [*list(SYSTEMS)[:9], *cohort._REFITTED.split(", ")]
    assert set(cohort._REFITTED.split(", ")) == {name for name, kind in SYSTEMS.items() if kind.architecture is None}
