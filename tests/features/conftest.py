"""A tiny SYNTHETIC cohort: four rendered subjects, a clip of two seconds each."""

from __future__ import annotations

from pathlib import Path

import pytest

from divine.synthetic.cohort import Plan, make_cohort

PLAN = Plan(subjects=4, tasks=("DDK_PA",), seconds=2.0, fps=20.0, width=320, height=240, complete=True)


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips, which tests must not change."""
    return make_cohort(tmp_path_factory.mktemp("rendered") / "cohort", PLAN).root


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DIVINE_HOME", str(folder))
    return folder
