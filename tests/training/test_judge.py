"""A run as the judge of a recording: the mean of its members, and of its own cohort those alone that never saw the subject."""

import csv
import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from divine import encoders, services
from divine.records import Assessment, DivineError
from divine.training import judge
from divine.training.errors import TrainingError
from divine.training.run import Run
from tests.encoders.observations import voice
from tests.training.cohorts import write_cohort

GROUPS = ("ALS", "Healthy", "Stroke")
FOLDS, SEEDS = 3, 2


def train(manifest: Path, folder: Path, **asked) -> Run:
    services.train(manifest, folder, **{"encoders": "AC", "folds": FOLDS, "seeds": SEEDS, "epochs": 2, "workers": 1} | asked)
    return Run(folder)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine voices, rated from 1 to 5."""
    root = tmp_path_factory.mktemp("voices")
    rows = []
    for place, group in enumerate(GROUPS):
        for person in range(3):
            name = f"{group}{person}.wav"
            sound = voice(1.5, rate_hz=2.0 + place, seed=10 * place + person)
            soundfile.write(root / name, sound.samples, sound.rate_hz)
            rows.append(
                {"subject": name[:-4], "group": group, "task": "DDK_PA", "audio": name, "rating_speed_R1": 1 + person + place}
            )
    with (root / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return root / "manifest.csv"


@pytest.fixture(scope="module")
def run(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(manifest, tmp_path_factory.mktemp("run") / "voices", baselines=("majority",))


def held_out(run: Run, clip: str) -> pd.DataFrame:
    frame = run.predictions().frame
    return frame[(frame["part"] == "test") & (frame["system"] == "divine") & (frame["clip"] == clip)]


def columns(frame: pd.DataFrame, prefix: str, assessment: Assessment) -> np.ndarray:
    return frame[[f"{prefix}_{name}" for name in assessment.prediction.classes]].mean().to_numpy(float)


def test_a_recording_of_the_runs_own_cohort_is_judged_as_the_run_itself_judged_it(run: Run, manifest: Path, tmp_path: Path):
    copy = tmp_path / "under another name.wav"
    shutil.copy(manifest.parent / "Stroke1.wav", copy)
    found = services.assess(copy, checkpoint=run.folder)
    rows = held_out(run, "Stroke1.wav")
    assert len(rows) == SEEDS, "one member per seed has not seen the subject"
    np.testing.assert_allclose(
        found.prediction.probabilities, columns(rows, "probability", found), atol=2e-4
    )  # packs keep float16
    assert found.prediction.item_scores == pytest.approx([rows["predicted_speed"].mean()], abs=2e-3)
    assert any("judged by the 2 of the run's 6 models that never saw its subject" in note for note in found.notes)
    alone = services.assess(copy, checkpoint=run.folder / "members" / "f0s0")
    is_stranger = 0 in set(rows[rows["seed"] == 0]["fold"])
    assert (judge.NEVER_SAW if is_stranger else judge.SEEN) in alone.notes


def test_a_strangers_recording_is_judged_by_all_members(run: Run, tmp_path: Path):
    sound = voice(1.5, rate_hz=3.0, seed=99)
    soundfile.write(tmp_path / "stranger.wav", sound.samples, sound.rate_hz)
    fractions = []
    found = services.assess(
        tmp_path / "stranger.wav",
        checkpoint=run.folder,
        on_event=lambda event: fractions.append(event.fraction) if getattr(event, "stage", "") == "model" else None,
    )
    members = sorted((run.folder / "members").iterdir())
    assert len(members) == FOLDS * SEEDS
    each = [services.assess(tmp_path / "stranger.wav", checkpoint=one).prediction for one in members]
    for field in ("probabilities", "item_scores", "level_probabilities", "attention"):
        np.testing.assert_allclose(
            getattr(found.prediction, field), np.mean([getattr(one, field) for one in each], axis=0), atol=1e-6
        )
    assert found.prediction.gates == pytest.approx(
        {name: np.mean([one.gates[name] for one in each]) for name in ("audio", "video")}
    )
    assert not any("cohort" in note for note in found.notes)
    assert fractions == pytest.approx([place / 6 for place in range(6)])
    document = services.assessment_document(found)
    assert document["severity"]["scale"] == [1, 5]
    assert document["checkpoint"] == {
        "name": "divine AC, run voices",
        "trained_on": "manifest.csv: the mean of 6 models, one per fold and seed",
        "synthetic": False,
    }


def test_where_the_cohort_is_away_nobody_can_tell(run: Run, manifest: Path, tmp_path: Path):
    copy = shutil.copy(manifest.parent / "ALS0.wav", tmp_path / "copy.wav")
    manifest.rename(manifest.with_suffix(".away"))
    try:
        found = services.assess(copy, checkpoint=run.folder)
    finally:
        manifest.with_suffix(".away").rename(manifest)
    assert judge.AWAY in found.notes


def test_a_head_that_the_objective_left_out_is_not_shown(manifest: Path, tmp_path: Path):
    diagnosis = train(manifest, tmp_path / "diagnosis", objective="C", seeds=1, system="cnn")
    document = services.assessment_document(services.assess(manifest.parent / "ALS0.wav", checkpoint=diagnosis.folder))
    assert "severity" not in document
    assert document["attention"] == {} == document["gates"], "a CNN has neither"
    severity = train(manifest, tmp_path / "severity", objective="R", seeds=1)
    with pytest.raises(TrainingError, match=r"severity: learned severity alone \(objective R\)\. Choose"):
        services.assess(manifest.parent / "ALS0.wav", checkpoint=severity.folder)


def test_what_cannot_judge_says_so_before_anything_is_looked_at(run: Run, manifest: Path, tmp_path: Path, monkeypatch):
    def refused(folder: Path, message: str) -> None:
        with pytest.raises(DivineError, match=message):
            services.assess(tmp_path / "no such recording.mp4", checkpoint=folder)

    forest = train(manifest, tmp_path / "forest", seeds=1, system="random-forest")
    refused(forest.folder, "random-forest keeps no checkpoints")
    brought = train(write_cohort(tmp_path / "c"), tmp_path / "brought", encoders="V+A", seeds=1)
    refused(brought.folder, r"reads V, features that its cohort brought along")
    refused(tmp_path, "config.json: cannot be read")
    begun = shutil.copytree(run.folder, tmp_path / "begun")
    Run(begun).set_status(dataclasses.replace(run.status(), state="running", done=1))
    refused(begun, "is not finished")
    lost = shutil.copytree(run.folder, tmp_path / "lost")
    shutil.rmtree(lost / "members" / "f1s1")
    refused(lost, "1 of its 6 members are missing")
    now = encoders.info("AC")
    monkeypatch.setattr(judge.encoders, "info", lambda code: dataclasses.replace(now, revision="99"))
    refused(run.folder, "this release makes revision 99; train the model again")
