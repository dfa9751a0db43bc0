from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from divine.jobs.lock import is_held
from divine.training.config import TrainingConfig
from divine.training.errors import TrainingError
from divine.training.folder import held, is_in_use
from divine.training.run import Run
from divine.training.spec import RunSpec, configure
from divine.training.sweep_folder import Sweep, SweepSpec

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
