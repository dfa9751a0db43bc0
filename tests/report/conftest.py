from __future__ import annotations

from pathlib import Path

import pytest

from divine import services
from divine.report.subject import Context
from divine.services import report
from tests.training.cohorts import write_cohort

HOSTILE = 'x"]#eval("1") *b* $y$ <script> \\ `r` @ref /* no */ // é'


def train(root: Path, patch: pytest.MonkeyPatch, **cohort: object) -> Path:
    """Train a small run on features; its first subject has a hostile id."""
    patch.setenv("DIVINE_HOME", str(root / "home"))
    manifest = write_cohort(root / "cohort", **cohort)  # pyright: ignore[reportArgumentType]
    text = manifest.read_text()
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    manifest.write_text(text.replace("P0,ALS", f"{quoted},ALS"))
    services.train(manifest, root / "run", encoders="V+A", folds=3, seeds=1, baselines=("majority",), workers=1)
    return root / "run"


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        return train(tmp_path_factory.mktemp("report"), patch)


@pytest.fixture(scope="session")
def context(run: Path) -> Context:
    return report.open_report(run)
