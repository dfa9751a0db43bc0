"""``divine jobs``: what it prints for people and for programs, and its exit status."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from divine import services
from divine.cli import main

DATA = "/nowhere/manifest.csv"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["divine", "jobs", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    if left.value.code:
        raise AssertionError(left.value.code)


def test_list_cancel_and_resume(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, home: Path
):
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path))
    job = services.submit(services.ExtractOrder(DATA, "V,A")).id
    run(monkeypatch, "cancel", job, "--json")
    cancelled = json.loads(capsys.readouterr().out)
    assert (cancelled["id"], cancelled["kind"], cancelled["title"]) == (job, "extract", "features V,A of nowhere")
    assert cancelled["state"] == "interrupted" and cancelled["arguments"] == {"data": DATA, "encoders": "V,A", "workers": None}
    run(monkeypatch, "resume", job)
    while services.job(job).active:
        time.sleep(0.05)
    run(monkeypatch, "list", "--json")
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["state"] == "failed" and "no such folder or manifest" in listed["message"]
    assert listed["queued"].endswith("Z") and listed["queued"] <= listed["started"] <= listed["ended"]
    with pytest.raises(AssertionError, match="1"):
        run(monkeypatch, "cancel", "../../etc")
    assert "no such job" in capsys.readouterr().err
