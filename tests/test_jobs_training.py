"""Training as a job: killed and gone on with, it comes to the same predictions (``benchmarks.kill_jobs``, in small)."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kill_jobs import disturbed, order, undisturbed
from divine.jobs.errors import JobError
from divine.jobs.records import Order
from divine.records import DivineError
from divine.services.jobs import carry_out
from tests.training.cohorts import write_cohort


def test_killed_at_any_moment_it_comes_to_the_same(tmp_path: Path, home: Path):
    asked = order(write_cohort(tmp_path / "cohort", per_group=3, tasks=("DDK_PA",)), seeds=1)
    reference, seconds = undisturbed(asked)
    for moment in (0.0, 0.8 * seconds):
        found = disturbed(asked, reference, moment)
        assert (found.redone, found.same) == (0, True)


def test_nothing_but_the_kinds_is_carried_out(home: Path):
    with pytest.raises(JobError, match="no such kind"):
        carry_out("x", Order("os.system", {"data": "/"}, "x"), print)
    with pytest.raises(DivineError, match="missing"):
        carry_out("x", Order("train", {"data": "/", "command": "rm"}, "x"), print)
