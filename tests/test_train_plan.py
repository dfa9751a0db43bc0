"""What a plan says before anything is launched: of the order alone, without training."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from divine.data.load import load
from divine.models.codec import from_json, to_json
from divine.records import DivineError
from divine.services import run_folder
from divine.services.jobs import SweepOrder, TrainOrder, show_device
from divine.services.train_plan import SYSTEMS_SAY, devices, plan, plan_features, plan_sweep
from divine.training.spec import SYSTEMS, RunSpec, configure
from tests.training.cohorts import write_cohort


def test_every_system_is_told_in_a_sentence():
    assert set(SYSTEMS_SAY) == set(SYSTEMS) and all(says.endswith(".") for says in SYSTEMS_SAY.values())
    assert devices()[0] == "cpu"


def test_members_clips_and_what_stands_in_the_way(tmp_path: Path):
    data = write_cohort(tmp_path / "clinic", per_group=4, ratings=False, ages=False)
    index = load(data).index
    fine = plan(TrainOrder(str(data), "V+A", folds=4, seeds=3, objective="C"), index)
    assert (fine.members, fine.clips, fine.subjects, fine.objections) == (12, 24, 12, ())
    asked = TrainOrder(str(data), "V+V", system="cnn", folds=7, objective="R", baselines=("age-sex",))
    found = plan(asked, index, device="cuda:7")
    assert {one.field for one in found.objections} == {"encoders", "device", "folds", "objective", "baselines"}
    assert found.members == 0 and found.duration is None
    loso = plan(TrainOrder(str(data), "A", folds="loso", seeds=2, objective="C"), index)
    assert loso.members == 2 * 12


def test_a_sweep_names_what_is_missing_once(tmp_path: Path):
    data = write_cohort(tmp_path / "clinic", per_group=4)
    asked = SweepOrder(str(data), ("divine", "concat"), ("V",), ("A", "WV"), folds=4, seeds=2)
    found = plan_sweep(asked, load(data).index)
    assert found.members == 2 * 2 * 8
    assert [one.text.split(":")[0] for one in found.objections] == ["WV", "WV"]  # no recording, and no weights


def test_a_sweep_looks_at_every_set_of_recordings_and_every_target(tmp_path: Path):
    data = write_cohort(tmp_path / "clinic", per_group=4, ratings=False)
    index = load(data).index
    asked = SweepOrder(
        str(data), ("divine",), ("V",), ("A",), ("C", "R"), ("all", "speech"), ("audio+video", "video"), folds=4, seeds=2
    )
    found = plan_sweep(asked, index)
    assert {(one.field, "no ratings" in one.text) for one in found.objections} == {("objective", True)}
    fine = plan_sweep(replace(asked, objectives=("C",)), index)
    assert (fine.members, fine.clips, fine.objections) == (2 * 2 * 8, 24, ())  # the larger set of recordings


def test_nothing_to_train_is_said_before(tmp_path: Path):
    data = write_cohort(tmp_path / "clinic", per_group=4)
    index = load(data).index
    (only,) = plan(TrainOrder(str(data), "V", folds=4, seeds=1, modalities="audio"), index).objections
    assert (only.field, only.text) == ("modalities", "V: of audio alone nothing is left to train on.")
    asked = SweepOrder(str(data), ("fcn",), ("V",), (), ("M",), ("all",), ("video", "audio"), folds=4, seeds=1)
    with pytest.raises(DivineError, match="no run comes of it"):
        plan_sweep(asked, index)
    single = plan(TrainOrder(str(data), "V+A", system="cnn", folds=4, seeds=1), index).objections
    assert [one.field for one in single] == ["system"]


def test_a_job_that_an_earlier_version_queued_can_be_resumed():
    train, sweep = TrainOrder("data", "V+A"), SweepOrder("data", ("divine",), ("V",), ("A",))
    for order, later in ((train, ("precision", "engine")), (sweep, ("train_modalities", "epochs"))):
        queued = {name: value for name, value in json.loads(json.dumps(to_json(order))).items() if name not in later}
        assert from_json(type(order), queued, "order") == order


def test_features_alone_need_encoders_that_can_be_run(tmp_path: Path):
    index = load(write_cohort(tmp_path / "clinic", per_group=4)).index
    assert plan_features(("V", "A"), index) == ()
    assert [one.text.split(":")[0] for one in plan_features(("V", "WV"), index)] == ["WV", "WV"]
    assert "Choose an encoder" in plan_features((), index)[0].text


def test_time_is_told_from_what_this_machine_trained_and_not_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path / "home"))
    data = write_cohort(tmp_path / "clinic", per_group=4)
    index, order = load(data).index, TrainOrder(str(data), "V+A", folds=4, seeds=1, workers=2)
    assert plan(order, index).duration is None
    trained(run_folder("20260101-000000-abcdef"), data, seconds=(10.0, 12.0, 30.0), clips=12)
    duration = plan(order, index).duration
    assert duration is not None and "3 members of 1 earlier run of divine V+A" in duration.how
    assert duration.seconds == pytest.approx(2 * 12.0 * 24 / 12)  # two rounds of two members, twice the clips


@pytest.mark.parametrize(
    ("device", "before", "after"),
    [("cpu", None, ""), ("cpu", "0,1", ""), ("cuda:1", None, "1"), ("cuda:1", "4,6", "6"), ("cuda", None, "0")],
)
def test_a_worker_sees_the_device_that_it_waited_for(
    monkeypatch: pytest.MonkeyPatch, device: str, before: str | None, after: str
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", before or "")
    show_device(device)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == after


def trained(folder: Path, data: Path, *, seconds: tuple[float, ...], clips: int) -> None:
    """Write what a run leaves that the estimate reads."""
    (folder / "features").mkdir(parents=True)
    (folder / "spec.json").write_bytes(RunSpec(str(data), "V+A", configure("divine", "M", 5)).to_json())
    np.save(folder / "features" / "video_mask.npy", np.ones((clips, 4), bool))
    lines = [
        {"time": at, "fold": fold, "seed": 0, "event": event}
        for fold, took in enumerate(seconds)
        for at, event in ((100.0 * fold, "started"), (100.0 * fold + took, "finished"))
    ]
    (folder / "events.jsonl").write_text(os.linesep.join(json.dumps(line) for line in lines) + '\n{"cut off')
