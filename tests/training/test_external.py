"""Another cohort through a trained run: what no test of this file may find is anything learned from the new subjects."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from divine import services
from divine.data.load import load
from divine.data.splits import split
from divine.store import Store
from divine.training import external
from divine.training.checkpoint import load as load_checkpoint
from divine.training.errors import TrainingError
from divine.training.external import judge_cohort
from tests.training.cohorts import write_cohort
from tests.training.test_cross_validate import run, spec


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("run")
    return run(spec(write_cohort(root / "c", per_group=3)), root / "run")


def test_the_members_mean_is_judged_with_the_runs_own_standardisation_and_cut_offs(trained, tmp_path: Path):
    manifest = write_cohort(tmp_path / "other", seed=7, per_group=3, signal=4.0)
    before = {path: path.read_bytes() for path in trained.folder.rglob("*") if path.is_file()}
    found = judge_cohort(trained, manifest, Store(tmp_path / "store"))
    assert {path: path.read_bytes() for path in trained.folder.rglob("*") if path.is_file()} == before
    assert (found.members, found.subjects, found.clips) == (3, 9, 18)
    frame = found.predictions.frame
    assert len(frame) == 3 * 18 and set(frame["modalities"]) == {"audio+video", "audio", "video"}

    members = [load_checkpoint(place.parent) for place in sorted(trained.folder.glob("members/*/config.json"))]
    row = frame[frame["modalities"] == "audio"].iloc[5]
    features = np.load(manifest.parent / row["clip"].replace("video", "audio"))
    alone = [_by_hand(member, features) for member in members]
    columns = [f"probability_{name}" for name in members[0].model.schema.classes]
    np.testing.assert_allclose(row[columns].to_numpy(float), np.mean(alone, axis=0), atol=1e-5)
    cut = members[0].cutoffs
    assert cut is not None
    affected = frame[frame["group"] != "Healthy"]
    expected = [cut.levels[int(np.searchsorted(cut.totals, total))] for total in affected["target_total"]]
    assert list(affected["target_level"]) == expected
    assert frame.loc[frame["group"] == "Healthy", "target_level"].isna().all()


def _by_hand(member, features: np.ndarray) -> np.ndarray:
    import torch

    from divine.models.batch import Batch, Sequence

    audio = member.moments.audio
    values = (torch.from_numpy(features) - audio.mean) / audio.std
    one = torch.ones(1, dtype=torch.bool)
    with torch.inference_mode():
        answer = member.model(Batch(None, Sequence(values[None], torch.ones(1, len(values), dtype=torch.bool), one)))
    return answer.logits.diagnosis.softmax(-1)[0].numpy()


def test_a_cohort_of_other_names_is_refused_and_of_fewer_is_noted(trained, tmp_path: Path):
    strange = write_cohort(tmp_path / "strange", groups=("ALS", "Parkinson", "Healthy"), per_group=1)
    with pytest.raises(TrainingError, match=r"diagnosis 'Parkinson'.*knows ALS, Stroke, Healthy"):
        judge_cohort(trained, strange, Store(tmp_path / "store"))
    fewer = write_cohort(tmp_path / "fewer", groups=("ALS", "Healthy"), per_group=2)
    found = judge_cohort(trained, fewer, Store(tmp_path / "store"))
    assert any("nobody here is Stroke" in note for note in found.notes)
    assert any("4 subjects have the names" in note for note in found.notes)


def test_people_and_files_of_the_run_are_noted_under_other_names_of_dataset_and_file(trained, tmp_path: Path):
    manifest = write_cohort(tmp_path / "copy", per_group=3)  # the run's own cohort, made again
    table = pd.read_csv(manifest)
    for name in ("features_video_V", "features_audio_A"):
        for place, old in enumerate(table[name]):
            (manifest.parent / old).rename(manifest.parent / f"{name}{place}.npy")
        table[name] = [f"{name}{place}.npy" for place in range(len(table))]
    other = manifest.with_name("clinic.csv")
    table.to_csv(other, index=False)
    notes = judge_cohort(trained, other, Store(tmp_path / "store")).notes
    assert any(note.startswith("9 subjects have the group and id of subjects of the run, in another dataset") for note in notes)
    assert any(note.startswith("18 clips are files of the run's own cohort") for note in notes)
    table["subject"] = "new " + table["subject"]
    table.loc[:3, "features_audio_A"] = None
    table.to_csv(other, index=False)
    for place in range(4, len(table)):
        for name in ("features_video_V", "features_audio_A"):
            path = manifest.parent / f"{name}{place}.npy"
            np.save(path, np.load(path) + 1)
    (note,) = judge_cohort(trained, other, Store(tmp_path / "store")).notes
    assert note.startswith("4 clips are files of the run's own cohort")


def test_a_run_whose_cohort_is_not_here_is_noted_and_other_people_are_not(trained, tmp_path: Path):
    other = write_cohort(tmp_path / "other", seed=7, per_group=2)
    table = pd.read_csv(other).assign(dataset="clinic")
    table["subject"] = "new " + table["subject"]
    table.to_csv(other, index=False)
    assert judge_cohort(trained, other, Store(tmp_path / "store")).notes == ()
    own = Path(trained.spec().data)
    own.rename(own.with_suffix(".away"))
    try:
        (note,) = judge_cohort(trained, other, Store(tmp_path / "store")).notes
    finally:
        own.with_suffix(".away").rename(own)
    assert "the run's own cohort is not here" in note


def test_a_run_that_lost_a_member_is_refused(trained, tmp_path: Path):
    other = write_cohort(tmp_path / "other", seed=7, per_group=1)
    place = trained.folder / "members" / "f1s0"
    place.rename(tmp_path / "away")
    try:
        with pytest.raises(TrainingError, match=r"1 of its 3 members are missing\. Restore their folders"):
            judge_cohort(trained, other, Store(tmp_path / "store"))
    finally:
        (tmp_path / "away").rename(place)


def test_other_ratings_leave_severity_out(trained, tmp_path: Path):
    manifest = write_cohort(tmp_path / "other", per_group=2)
    text = manifest.read_text().replace("rating_symmetry_", "rating_drooling_")
    manifest.write_text(text)
    document = services.validate(trained.folder, manifest)
    assert any("severity is not compared" in note for note in document["notes"])
    assert all("mae_total" not in result["metrics"] for result in document["results"])
    assert all(0 <= result["metrics"]["accuracy"]["mean"] <= 1 for result in document["results"])


def test_the_document_is_of_one_ensemble(trained, tmp_path: Path):
    document = services.validate(trained.folder, write_cohort(tmp_path / "other", seed=7, per_group=3))
    assert {one["modalities"] for one in document["results"]} == {"audio+video", "audio", "video"}
    whole = next(one for one in document["results"] if (one["modalities"], one["level"]) == ("audio+video", "subject"))
    assert set(whole["metrics"]["auroc"]) == {"mean", "low", "high"} and document["members"] == 3
    json.dumps(document, allow_nan=False)


def test_another_revision_of_an_encoder_is_refused(trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = external.load_checkpoint

    def older(place: Path):
        checkpoint = real(place)
        older_ones = tuple(dataclasses.replace(one, revision="0") for one in checkpoint.encoders)
        return dataclasses.replace(checkpoint, encoders=older_ones)

    monkeypatch.setattr(external, "load_checkpoint", older)
    with pytest.raises(TrainingError, match="trained with revision 0, here it is given"):
        judge_cohort(trained, write_cohort(tmp_path / "o", per_group=1), Store(tmp_path / "store"))


def test_an_unfinished_run_is_refused(trained, tmp_path: Path):
    status = trained.status()
    trained.set_status(dataclasses.replace(status, state="interrupted", done=2))
    try:
        with pytest.raises(TrainingError, match="not finished"):
            judge_cohort(trained, tmp_path, Store(tmp_path / "store"))
    finally:
        trained.set_status(status)


def test_a_manifests_split_column_is_the_split(tmp_path: Path):
    manifest = write_cohort(tmp_path / "c", per_group=4)
    table = pd.read_csv(manifest)
    table["split"] = table["subject"].map({"P0": "train", "P1": "train", "P2": "validation", "P3": "test"})
    table.to_csv(manifest, index=False)
    made = run(spec(manifest, folds="given", seeds=2), tmp_path / "run")
    frame = made.predictions().frame
    assert set(frame.loc[frame["part"] == "test", "subject"]) == {"P3"}
    assert set(frame.loc[frame["part"] == "validation", "subject"]) == {"P2"}
    assert made.status().total == 2 and len(split(load(manifest).index, "given", range(2)).members) == 2
    document = services.evaluate(made.folder)
    assert document["folds"] == "given" and document["results"][0]["metrics"]["accuracy"]["std"] >= 0
