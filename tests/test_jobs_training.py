"""Training as a job: killed and gone on with, it comes to the same predictions (``benchmarks.kill_jobs``, in small)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.kill_jobs import disturbed, order, wait
from divine import services
from divine.jobs.errors import JobError
from divine.jobs.records import Order
from divine.records import DivineError
from divine.services import runs
from divine.services.jobs import carry_out
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


def test_a_sweep_is_a_job_whose_runs_are_listed_and_stay_with_it(tmp_path: Path, home: Path):
    manifest = write_cohort(tmp_path / "cohort", per_group=3, tasks=("DDK_PA",))
    order = services.SweepOrder(str(manifest), ("majority", "logistic"), ("V",), ("A",), folds=3, seeds=1, workers=1)
    job = wait(services.submit(order).id)
    assert services.job(job).status.total == 2
    made = [one for one in runs.runs() if one.folder.is_relative_to(services.sweep_folder(job))]
    assert sorted(one.spec.system for one in made if one.spec) == ["logistic", "majority"]
    assert {one.state for one in made} == {"done"}
    with pytest.raises(runs.RunError, match="stays with it"):
        runs.delete_run(made[0].id)


def test_features_are_extracted_as_a_job(tmp_path: Path, home: Path):
    manifest = write_cohort(tmp_path / "cohort", per_group=3, tasks=("DDK_PA",))
    job = wait(services.submit(services.ExtractOrder(str(manifest), "V,A", workers=1)).id)
    assert services.job(job).status.total == 9


def test_nothing_but_the_kinds_is_carried_out(home: Path):
    with pytest.raises(JobError, match="no such kind"):
        carry_out("x", Order("os.system", {"data": "/"}, "x"), print)
    with pytest.raises(DivineError, match="missing"):
        carry_out("x", Order("train", {"data": "/", "command": "rm"}, "x"), print)
