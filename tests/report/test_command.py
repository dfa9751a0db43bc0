from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from divine.cli import clip as _clip  # noqa: F401 - they register themselves: one command alone would lose its name
from divine.cli import report as _report  # noqa: F401
from divine.cli.output import app


def call(*arguments: str):
    return CliRunner().invoke(app, ["report", *arguments])


def test_everybody_and_the_run(run: Path, tmp_path: Path):
    assert call(str(run), "--all", "--out", str(tmp_path), "--format", "json").exit_code == 0
    documents = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
    assert {one["subject"]["group"] for one in documents} == {"ALS", "Stroke", "Healthy"}
    assert len(documents) == 12
    assert call(str(run), "--run-report", "--out", str(tmp_path / "run")).exit_code == 0
    assert {path.suffix for path in (tmp_path / "run").iterdir()} == {".pdf", ".json"}


@pytest.mark.parametrize("wrong", [(), ("--all", "--run-report"), ("--all", "--format", "docx")])
def test_wrong_usage_is_said(run: Path, tmp_path: Path, wrong: tuple[str, ...]):
    assert call(str(run), *wrong, "--out", str(tmp_path)).exit_code == 2
    assert not list(tmp_path.iterdir())
