from __future__ import annotations

import csv
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from divine import services
from divine.data.load import load
from divine.evaluation.unit import Unit
from divine.jobs.lock import is_held
from divine.store import StoreError
from divine.training.config import TrainingConfig
from divine.training.errors import TrainingError
from divine.training.folder import held, is_in_use, keep_to
from divine.training.run import Run
from divine.training.spec import RunSpec, configure
from divine.training.sweep_folder import Sweep, SweepSpec
from tests.training.cohorts import write_cohort

RUN = RunSpec("cohort", "V+A", configure("divine", "M", 10), training=TrainingConfig(max_epochs=1))
SWEEP = SweepSpec("cohort", ())


@pytest.mark.parametrize(("place", "asked"), [(Run, RUN), (Sweep, SWEEP)])
def test_what_a_kill_left_half_written_stands_in_nobody_s_way(tmp_path: Path, place: type, asked: RunSpec | SweepSpec):
    (tmp_path / ".spec.json.x1y2").write_text("{")
    with place(tmp_path).locked():
        place(tmp_path).begin(asked)
    assert place(tmp_path).spec().folds == asked.folds


@pytest.mark.parametrize(("place", "asked"), [(Run, RUN), (Sweep, SWEEP)])
def test_what_is_somebody_else_s_is_left_alone(tmp_path: Path, place: type, asked: RunSpec | SweepSpec):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(TrainingError, match="is not empty"):
        place(tmp_path).begin(asked)
    assert not (tmp_path / "spec.json").exists()


def test_a_folder_that_is_not_there_is_free(tmp_path: Path):
    assert not is_in_use(tmp_path / "nothing")


def test_one_at_a_time_and_free_again_however_the_holder_ends(tmp_path: Path):
    script = (
        "import sys, pathlib; from divine.training.folder import held\n"
        "with held(pathlib.Path(sys.argv[1]), 'run'): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", script, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(TrainingError, match="another process is at work on this run"), held(tmp_path, "run"):
            pass
        other.kill()
    with held(tmp_path, "run"):
        assert is_held(tmp_path / ".lock")
    assert not is_held(tmp_path / ".lock")


def test_whoever_only_looks_keeps_nobody_out(tmp_path: Path):
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            is_held(tmp_path / ".lock")

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(200):
            with held(tmp_path, "run"):
                pass
    finally:
        over.set()
        for looker in lookers:
            looker.join()


def test_the_lock_says_when_work_was_last_begun(tmp_path: Path):
    with held(tmp_path, "run"):
        os.utime(tmp_path / ".lock", (0, 0))
    with held(tmp_path, "run"):
        assert (tmp_path / ".lock").stat().st_mtime > 1e9


@pytest.mark.parametrize("place", [Run, Sweep])
def test_a_folder_that_cannot_be_made_is_a_message(tmp_path: Path, place: type):
    (tmp_path / "notes.txt").touch()
    for path in (tmp_path / "notes.txt", tmp_path / "notes.txt" / "run", Path("/proc/run")):
        with (
            pytest.raises(StoreError, match=r"is no folder that can be written \(.*\)\. Choose another folder"),
            place(path).locked(),
        ):
            pass


def test_a_run_is_no_sweep_and_a_sweep_no_run(tmp_path: Path):
    Run(tmp_path / "run").begin(RUN)
    Sweep(tmp_path / "sweep").begin(SWEEP)
    for ask in (lambda: Run(tmp_path / "sweep").begin(RUN), Run(tmp_path / "sweep").spec):
        with pytest.raises(TrainingError, match=r"sweep: holds a sweep, not a run\. Choose another folder"):
            ask()
    for ask in (lambda: Sweep(tmp_path / "run").begin(SWEEP), Sweep(tmp_path / "run").spec):
        with pytest.raises(TrainingError, match=r"run: holds a run, not a sweep\. Choose another folder"):
            ask()


def _rated(row: dict[str, str]) -> None:
    row["rating_symmetry_SLP1"] = "4" if row["rating_symmetry_SLP1"] == "3" else "3"


CHANGES: dict[str, Callable[[list[dict[str, str]]], None]] = {
    "1 gone": lambda rows: rows.pop(3) and None,
    "1 with other ratings": lambda rows: _rated(rows[5]),
}


@pytest.mark.parametrize("said", CHANGES)
def test_a_cohort_that_changed_since_its_features_were_packed_is_refused(tmp_path: Path, said: str):
    manifest, folder = write_cohort(tmp_path / "cohort", per_group=3), tmp_path / "run"
    folder.mkdir()
    before = load(manifest).index
    keep_to(folder, before)
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    CHANGES[said](rows)
    with manifest.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    changed = load(manifest).index
    keep_to(folder, changed)  # nothing was made of it yet
    keep_to(folder, before)
    (folder / "features").mkdir()
    (folder / "features" / "pack.json").write_text("{}")
    keep_to(folder, before)
    with pytest.raises(TrainingError, match=said):
        keep_to(folder, changed)
    keep_to(folder, before)
    (folder / "cohort.json").unlink()
    keep_to(folder, changed)
    with pytest.raises(TrainingError, match=said.replace("gone", "added")):
        keep_to(folder, before)


def test_a_run_and_a_sweep_do_not_go_on_with_another_cohort(tmp_path: Path):
    manifest = write_cohort(tmp_path / "cohort", per_group=3)
    folds = {"folds": 3, "seeds": 1, "workers": 1}
    orders = (
        lambda: services.train(manifest, tmp_path / "run", encoders="V+A", system="logistic", **folds),
        lambda: services.sweep(manifest, tmp_path / "sweep", [Unit("logistic", "V+A")], **folds),
    )
    for order in orders:
        order()
    whole = manifest.read_text()
    manifest.write_text("".join(line for line in whole.splitlines(keepends=True) if "0-1-DDK_PA" not in line))
    for order in orders:
        with pytest.raises(TrainingError, match="1 gone"):
            order()
    manifest.write_text(whole)
    for order in orders:
        order()
