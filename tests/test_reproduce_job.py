"""The paper's tables as a job: planned, cut off and gone on with, found by the studio with its runs."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.kill_jobs import wait
from divine import services
from divine.data.load import load
from divine.report.errors import ReportError
from divine.services import paper_tables, reproductions, runs
from divine.services.reproductions import ReproductionError
from divine.services.tables_plan import plan_tables
from divine.services.trash import TrashError
from divine.training.sweep_folder import Sweep
from tests.training.cohorts import write_cohort


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("clinic") / "cohort", per_group=3, codes=("KI", "AC"))


@pytest.fixture(scope="module")
def job(home: Path, cohort: Path) -> str:
    """A job that was cancelled once its first run was there, and resumed."""
    order = services.ReproduceOrder(str(cohort), "table4", folds=3, seeds=1, epochs=1, workers=1)
    job = services.submit(order).id
    while not list(services.reproduction_folder(job).glob("sweep/runs/*/predictions.parquet")):
        assert services.job(job).active
        time.sleep(0.02)
    services.cancel_job(job)
    (early,) = reproductions.reproductions()
    assert early.state == "interrupted" and early.asked is not None and 0 < early.asked.done < 3
    partial = [number.why for row in paper_tables.filled(early, 4).rows for number in row.numbers]
    assert set(partial) == {"", "weights absent", "not trained"}
    done = {path: path.stat().st_mtime_ns for path in early.folder.glob("sweep/runs/*/predictions.parquet")}
    services.resume_job(job)
    wait(job)
    assert {path: path.stat().st_mtime_ns for path in done} == done
    return job


def test_it_ends_with_its_files_and_says_what_it_is(job: str):
    found = services.job(job)
    assert (found.order.kind, found.order.title) == ("reproduce", "the paper's tables on cohort")
    assert (found.status.state, found.status.stage, found.status.done, found.status.total) == ("done", "tables", 1, 1)
    entry = reproductions.reproduction(job)
    assert entry.ours and entry.state == "done" and entry.stamp is not None and entry.stamp.reduced
    assert entry.asked is not None and entry.asked[1:] == (6, 3, 3, 0)
    for kind in paper_tables.TABLE_KINDS:
        assert paper_tables.file_of(entry, "table4", kind).content == (entry.folder / f"table4.{kind}").read_bytes()


def test_a_table_that_fills_is_the_table_that_is_written(job: str):
    entry = reproductions.reproduction(job)
    filled, again = paper_tables.filled(entry, 4), services.paper_table(entry.folder, 4)
    assert filled.rows == again.rows  # what was judged while it was partial is judged as a whole would be
    own = [row for row in filled.rows if row.row.label.endswith("KI + AC")]
    assert len(own) == 5 and all(number.ours and number.per_subject for row in own for number in row.numbers)
    absent = next(row for row in filled.rows if row.row.label.endswith("DS + TR")).numbers[0]
    assert absent.why == "weights absent" and "divine encoders fetch DS" in absent.message


def test_its_runs_have_an_address_and_are_not_listed(job: str):
    entry = reproductions.reproduction(job)
    unit = next(row for row in paper_tables.filled(entry, 4).table.rows if row.label.endswith("KI + AC")).cells[0].unit
    run = runs.run_entry(paper_tables.run_of(entry, unit))
    assert run.state == "done" and run.spec is not None and run.spec.encoders == "KI+AC"
    assert run.id not in [one.id for one in runs.runs()]
    with pytest.raises(runs.RunError, match="goes with them"):
        runs.delete_run(run.id)


def test_one_of_the_command_line_is_opened_and_taken_off_the_list(job: str, tmp_path: Path):
    elsewhere = tmp_path / "tnf"
    reproductions.reproduction(job).folder.rename(elsewhere)
    try:
        entry = reproductions.open_reproduction(elsewhere)
        assert (entry.ours, entry.name, entry.state) == (False, "tnf", "done")
        assert runs.run_entry(paper_tables.run_of(entry, paper_tables.filled(entry, 4).table.units[3])).state == "done"
        gone = reproductions.delete_reproduction(entry.id)
        assert (gone.name, gone.ours) == ("tnf", False)
        assert reproductions.reproductions() == () and elsewhere.is_dir()
        assert reproductions.restore_reproduction(gone.id) == "tnf"
        assert [one.folder for one in reproductions.reproductions()] == [elsewhere]
        reproductions.delete_reproduction(entry.id)
        with pytest.raises(ReproductionError, match="holds no reproduction"):
            reproductions.open_reproduction(tmp_path)
    finally:
        elsewhere.rename(services.reproduction_folder(job))


def test_one_of_ours_goes_to_the_trash_with_its_job_and_comes_back(job: str):
    folder = reproductions.reproduction(job).folder
    files = sorted(folder.rglob("*"))
    with Sweep(folder / "sweep").locked(), pytest.raises(ReproductionError, match="Cancel it first"):
        reproductions.delete_reproduction(job)
    gone = reproductions.delete_reproduction(job)
    assert gone.ours and not folder.exists() and reproductions.reproductions() == ()
    assert job not in [one.id for one in services.jobs()]
    folder.mkdir()
    with pytest.raises(TrashError, match="Delete that one first"):
        reproductions.restore_reproduction(gone.id)
    folder.rmdir()
    reproductions.restore_reproduction(gone.id)
    assert sorted(folder.rglob("*")) == files and services.job(job).status.state == "done"
    with pytest.raises(TrashError, match="not in the trash"):
        reproductions.restore_reproduction(gone.id)


def test_what_was_left_out_is_trained_when_it_has_come(tmp_path: Path):
    manifest = write_cohort(tmp_path / "cohort", per_group=3, codes=("KI", "AC"))
    order = services.ReproduceOrder(str(manifest), "table4", folds=3, seeds=1, epochs=1, workers=1)
    job = services.submit(order).id
    wait(job)
    assert services.left_out(services.job(job)) == 3
    folder = services.reproduction_folder(job)
    done = {path: path.stat().st_mtime_ns for path in folder.glob("sweep/runs/*/predictions.parquet")}
    table = pd.read_csv(manifest)
    table = table.assign(features_video_DS=table["features_video_KI"], features_audio_TR=table["features_audio_AC"])
    table.to_csv(manifest, index=False)
    services.resume_job(job)
    wait(job)
    assert services.left_out(services.job(job)) == 0 and services.resume_job(job).status.state == "done"
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert len(list(folder.glob("sweep/runs/*/predictions.parquet"))) == 6


def test_a_damaged_one_is_listed_as_that(job: str):
    status = services.reproduction_folder(job) / "sweep" / "status.json"
    content = status.read_bytes()
    status.write_bytes(b"{")
    try:
        assert reproductions.reproduction(job).state == "damaged" and services.left_out(services.job(job)) == 0
    finally:
        status.write_bytes(content)


def test_a_plan_counts_what_can_be_trained_here(cohort: Path, tmp_path: Path):
    index = load(cohort).index
    found = plan_tables(services.ReproduceOrder(str(cohort), folds=3), index)
    assert (found.runs, found.here, found.members, found.objections) == (263, 32, 15, ())
    assert {one.code for one in found.absent} == {"Vi", "V2", "VV", "DS", "TA", "WV", "W2", "WR", "XV", "HT", "TR"}
    assert {part.name: (part.here, part.runs) for part in found.parts}["table4"] == (3, 6)
    few = plan_tables(services.ReproduceOrder(str(cohort), "table4", folds=5), index, device="cuda:7")
    assert [one.field for one in few.objections] == ["folds", "device"]
    none = write_cohort(tmp_path / "none", per_group=3, tasks=("DDK_PA",), ratings=False)
    found = plan_tables(services.ReproduceOrder(str(none), "table4", folds=3), load(none).index)
    assert [one.field for one in found.objections] == ["encoders"] and "no ratings" in found.notes[0]
    with pytest.raises(ReportError, match="no such table"):
        plan_tables(services.ReproduceOrder(str(none), "table10"), load(none).index)
