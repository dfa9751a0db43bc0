"""Training as a job: killed and gone on with, it comes to the same predictions (``benchmarks.kill_jobs``, in small)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.kill_jobs import disturbed, order, wait
from divine import services
from divine.evaluation.unit import Unit
from divine.jobs.errors import JobError
from divine.jobs.records import Order
from divine.records import DivineError
from divine.services import runs
from divine.services.jobs import carry_out
from divine.services.trash import TrashError
from divine.training.sweep_folder import Sweep
from tests.training.cohorts import write_cohort


def test_killed_while_it_trains_it_comes_to_the_same(tmp_path: Path, home: Path):
    asked = order(write_cohort(tmp_path / "cohort", per_group=3, tasks=("DDK_PA",)), system="logistic")
    reference = tmp_path / "undisturbed"
    folds = {"folds": asked.folds, "seeds": asked.seeds, "baselines": asked.baselines}
    services.train(Path(asked.data), reference, encoders=asked.encoders, system=asked.system, workers=1, **folds)

    def until_one_is_finished(job: str) -> None:
        while not list(services.run_folder(job).glob("members/*/predictions.parquet")):
            time.sleep(0.002)

    found = disturbed(asked, reference, until_one_is_finished)
    assert (found.redone, found.same) == (0, True) and 0 < found.finished < 6


def test_a_sweep_is_a_job_whose_runs_are_listed_and_deleted_one_by_one(tmp_path: Path, home: Path):
    manifest = write_cohort(tmp_path / "cohort", per_group=3, tasks=("DDK_PA",))
    order = services.SweepOrder(str(manifest), ("majority", "logistic"), ("V",), ("A",), folds=3, seeds=1, workers=1)
    job = wait(services.submit(order).id)
    assert services.job(job).status.total == 2
    made = _listed_in(services.sweep_folder(job))
    assert sorted(one.spec.system for one in made if one.spec) == ["logistic", "majority"]
    assert {one.state for one in made} == {"done"}
    sweep = Sweep(services.sweep_folder(job))
    with sweep.locked(), pytest.raises(runs.RunError, match="Cancel it first"):
        runs.delete_run(made[0].id)
    assert runs.delete_run(made[0].id).ours and not made[0].folder.exists()
    runs.delete_run(made[1].id)  # the last takes along the sweep's features and its job
    assert not sweep.folder.exists() and job not in [one.id for one in services.jobs()]
    with pytest.raises(TrashError, match="Bring that back first"):
        runs.restore_run(made[0].id)
    for one in reversed(made):
        runs.restore_run(one.id)
    assert [one.id for one in _listed_in(sweep.folder)] == [one.id for one in made]
    runs.delete_run(made[0].id)
    services.sweep(manifest, sweep.folder, sweep.spec().units, folds=3, seeds=1, workers=1)
    assert [one.state for one in _listed_in(sweep.folder)] == ["done", "done"]


def test_a_sweep_elsewhere_is_taken_off_the_list_as_one(tmp_path: Path, home: Path):
    manifest = write_cohort(tmp_path / "cohort", per_group=3, tasks=("DDK_PA",))
    units = [Unit(system, "V+A") for system in ("majority", "logistic")]
    folder = tmp_path / "elsewhere"
    services.sweep(manifest, folder, units, folds=3, seeds=1, workers=1)
    first = runs.open_run(folder)
    assert len(_listed_in(folder)) == 2
    gone = runs.delete_run(first.id)
    assert (gone.name, gone.ours, _listed_in(folder)) == ("elsewhere", False, [])
    assert (folder / "status.json").is_file()
    runs.restore_run(gone.id)
    assert len(_listed_in(folder)) == 2


def _listed_in(folder: Path) -> list[runs.RunEntry]:
    return [one for one in runs.runs() if one.folder.is_relative_to(folder)]


def test_features_are_extracted_as_a_job(tmp_path: Path, home: Path):
    manifest = write_cohort(tmp_path / "cohort", per_group=3, tasks=("DDK_PA",))
    job = wait(services.submit(services.ExtractOrder(str(manifest), "V,A", workers=1)).id)
    assert services.job(job).status.total == 9


def test_nothing_but_the_kinds_is_carried_out(home: Path):
    with pytest.raises(JobError, match="no such kind"):
        carry_out("x", Order("os.system", {"data": "/"}, "x"), print)
    with pytest.raises(DivineError, match="missing"):
        carry_out("x", Order("train", {"data": "/", "command": "rm"}, "x"), print)
