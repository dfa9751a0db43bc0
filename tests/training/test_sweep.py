"""Many runs on one cohort: each done once, whatever happens in between, and one that fails keeps nobody else back."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from divine.evaluation.unit import Unit
from divine.store import Store
from divine.training import sweep as module
from divine.training.config import TrainingConfig
from divine.training.cross_validate import Step, cross_validate
from divine.training.errors import TrainingError
from divine.training.run import Run
from divine.training.sweep import sweep
from divine.training.sweep_folder import Sweep, SweepSpec
from tests.training.cohorts import write_cohort

BOTH, VOICE, FACE = Unit("concat", "V+A"), Unit("fcn", "A", "C"), Unit("concat", "V+A", "M", "speech", "video")
QUICK = TrainingConfig(max_epochs=1)


def spec(manifest: Path, *units: Unit) -> SweepSpec:
    return SweepSpec(str(manifest), units, folds=3, seeds=1, training=QUICK)


def test_every_unit_is_an_ordinary_run_with_the_features_of_all_and_its_own_settings(tmp_path: Path):
    place, steps = Sweep(tmp_path / "sweep"), []
    manifest = write_cohort(tmp_path / "c", per_group=3)
    status = sweep(spec(manifest, BOTH, VOICE, FACE), place, Store(tmp_path / "store"), workers=1, on_step=steps.append)
    assert (status.state, len(status.units), {one.state for one in status.units}) == ("done", 3, {"done"})
    assert status == place.status()
    assert [step for step in steps if step.stage == "runs"] == [Step("runs", done, 3) for done in range(4)]
    asked = place.run(FACE).spec()
    assert (asked.tasks, asked.train_modalities, asked.encoders, asked.training) == ("speech", "video", "V+A", QUICK)
    assert set(place.run(FACE).predictions().frame["modalities"]) == {"video"}
    assert set(place.run(VOICE).predictions().frame["modalities"]) == {"audio"}
    alone = Run(tmp_path / "alone")
    cross_validate(place.run(BOTH).spec(), alone, Store(tmp_path / "other"), workers=1)
    pd.testing.assert_frame_equal(place.run(BOTH).predictions().frame, alone.predictions().frame, check_exact=True)


def test_features_are_packed_once_and_linked_into_every_run(tmp_path: Path):
    place = Sweep(tmp_path / "sweep")
    sweep(spec(write_cohort(tmp_path / "c", per_group=3), BOTH, VOICE), place, Store(tmp_path / "store"), workers=1)
    shared = place.features / "all-8" / "V+A" / "audio.npy"
    for unit in (BOTH, VOICE):
        assert (place.run(unit).folder / "features" / "audio.npy").samefile(shared)
    np.testing.assert_array_equal(np.load(place.run(BOTH).folder / "features" / "audio.npy"), np.load(shared))


def test_what_cannot_be_had_or_fails_is_written_down_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place, real = Sweep(tmp_path / "sweep"), module.cross_validate

    def fails(asked, run, store, **options):
        if asked.encoders == "A":
            raise RuntimeError("a defect")
        real(asked, run, store, **options)

    monkeypatch.setattr(module, "cross_validate", fails)
    units = (Unit("concat", "V+WV"), VOICE, Unit("fcn", "V+A"), Unit("concat", "V+NO"), BOTH)
    status = sweep(spec(write_cohort(tmp_path / "c", per_group=3), *units), place, Store(tmp_path / "store"), workers=1)
    found = {one.name: one for one in status.units}
    assert [found[unit.name].state for unit in units] == ["absent", "failed", "failed", "absent", "done"]
    assert "weights absent: WV needs microsoft/wavlm-base" in found[units[0].name].message
    assert "RuntimeError: a defect" in found[VOICE.name].message
    assert "a defect" in (place.run(VOICE).folder / "log.txt").read_text()
    assert "reads one encoder" in found[units[2].name].message
    assert "no encoder is called 'NO'" in found[units[3].name].message


def test_what_is_done_is_not_done_again_and_what_failed_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place, calls, real = Sweep(tmp_path / "sweep"), [], module.cross_validate
    manifest = write_cohort(tmp_path / "c", per_group=3)

    def counted(asked, run, store, **options):
        calls.append(asked.encoders)
        if len(calls) == 1:
            raise TrainingError("once")
        real(asked, run, store, **options)

    monkeypatch.setattr(module, "cross_validate", counted)
    first = sweep(spec(manifest, BOTH, VOICE), place, Store(tmp_path / "store"), workers=1)
    assert [one.state for one in first.units] == ["failed", "done"]
    second = sweep(spec(manifest, FACE), place, Store(tmp_path / "store"), workers=1)
    assert [one.state for one in second.units] == ["done", "done", "done"]
    assert calls == ["V+A", "A", "V+A", "V+A"]
    assert place.spec().units == (BOTH, VOICE, FACE)


def test_baselines_of_a_sweep_do_not_change_and_fewer_are_there_already(tmp_path: Path):
    manifest, place = write_cohort(tmp_path / "c", per_group=3), Sweep(tmp_path / "sweep")
    plain, beside = Unit("logistic", "V+A"), Unit("logistic", "A", baselines=("majority",))
    first = sweep(spec(manifest, plain, beside), place, Store(tmp_path / "store"), workers=1)
    files = {path: path.stat().st_mtime_ns for path in place.folder.rglob("*.json")}
    more = dataclasses.replace(plain, baselines=("majority",))
    with pytest.raises(TrainingError, match=r"logistic-V\+A-M-all is there with no baselines, .* cannot change"):
        sweep(spec(manifest, Unit("svm", "A"), more), place, Store(tmp_path / "store"), workers=1)
    with pytest.raises(TrainingError, match="is there with majority, and"):
        sweep(spec(manifest, dataclasses.replace(beside, baselines=("svm",))), place, Store(tmp_path / "store"), workers=1)
    assert {path: path.stat().st_mtime_ns for path in place.folder.rglob("*.json")} == files
    fewer = dataclasses.replace(beside, baselines=())
    assert sweep(spec(manifest, fewer, plain), place, Store(tmp_path / "store"), workers=1) == first
    assert place.spec().units == (plain, beside)


def test_a_folder_keeps_to_its_protocol(tmp_path: Path):
    manifest = write_cohort(tmp_path / "c", per_group=3)
    place = Sweep(tmp_path / "sweep")
    sweep(spec(manifest, VOICE), place, Store(tmp_path / "store"), workers=1)
    with pytest.raises(TrainingError, match="other folds, seeds"):
        sweep(dataclasses.replace(spec(manifest, VOICE), seeds=2), place, Store(tmp_path / "store"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.doc").touch()
    with pytest.raises(TrainingError, match="not empty"):
        sweep(spec(manifest, VOICE), Sweep(tmp_path / "other"), Store(tmp_path / "store"))
    with place.locked(), pytest.raises(TrainingError, match="another process"):
        sweep(spec(manifest, VOICE), place, Store(tmp_path / "store"))
    with pytest.raises(TrainingError, match="this is no sweep"):
        Sweep(tmp_path / "nothing").spec()


def test_killed_in_the_middle_it_ends_complete_and_the_same(tmp_path: Path):
    manifest = write_cohort(tmp_path / "c", per_group=3)
    script = (
        "import sys; from pathlib import Path; from tests.training.test_sweep import *;"
        "sweep(spec(Path(sys.argv[1]), BOTH, VOICE), Sweep(Path(sys.argv[2])), Store(Path(sys.argv[3])), workers=1)"
    )
    command = [sys.executable, "-c", script, manifest, tmp_path / "killed", tmp_path / "store"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None and not list((tmp_path / "killed").glob("runs/*/members/*/weights.safetensors")):
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    killed, whole = Sweep(tmp_path / "killed"), Sweep(tmp_path / "whole")
    assert killed.status().state == "running" and any(one.state == "waiting" for one in killed.status().units)
    for place in (killed, whole):
        status = sweep(spec(manifest, BOTH, VOICE), place, Store(tmp_path / "store"), workers=1)
        assert [one.state for one in status.units] == ["done", "done"]
    for unit in (BOTH, VOICE):
        one, other = (place.run(unit).predictions().frame for place in (killed, whole))
        pd.testing.assert_frame_equal(one, other, check_exact=True)
