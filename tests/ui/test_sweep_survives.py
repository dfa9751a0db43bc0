"""Browser, studio and worker are killed in turn while a sweep runs: it ends complete, and nothing finished is done again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.kill_jobs import kill
from divine import services
from divine.training.sweep_folder import Sweep
from tests.training.cohorts import write_cohort
from tests.ui.running import CHROMIUM, free_port, server, watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine"),
]


def shown(browser: Browser, address: str, path: str) -> Page:
    page = watch(browser.new_context(viewport={"width": 1280, "height": 900}), address).page
    page.set_default_timeout(120_000)
    page.goto(address + path)
    return page


def finished(job: str) -> dict[Path, int]:
    """Finished models of a sweep, and when each was written."""
    return {path: path.stat().st_mtime_ns for path in services.sweep_folder(job).glob("runs/*/members/*/predictions.parquet")}


def test_browser_studio_and_worker_killed_in_turn(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path / "home"))
    cohort = write_cohort(tmp_path / "clinic", per_group=3, tasks=("DDK_PA",), ratings=False)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with server(cohort, port) as studio:
        page = shown(browser, address, "/train")
        page.wait_for_selector(".dv-outcome > *")
        page.uncheck("[name=systems][value=divine]")
        page.check("[name=systems][value=fcn]")
        page.uncheck("[name=video][value=V]")
        page.check("[name=objective][value=C]")
        page.check("[name=tasks][value=speech]")  # and all: one run of each
        page.fill("#dv-seeds", "4")
        page.fill("#dv-workers", "1")
        expect(page.locator(".dv-amount")).to_contain_text("24 models", timeout=60_000)
        page.click("#dv-launch")
        page.wait_for_selector(".dv-train-now[data-state=running]")
        (job,) = (one.id for one in services.jobs())
        page.context.close()
        studio.kill()
        studio.wait()
    assert services.job(job).active
    while len(finished(job)) < 2:
        assert services.job(job).active
        time.sleep(0.05)
    kill(job)
    before = finished(job)
    assert 2 <= len(before) < 24
    with server(cohort, port):
        page = shown(browser, address, f"/train?job={job}")
        page.wait_for_selector(f".dv-train-now[data-job='{job}'][data-state=interrupted]")
        page.click(".dv-train-now >> text=Resume")
        page.wait_for_selector(f".dv-train-now[data-job='{job}'][data-state=done]")
        page.context.close()
    after = finished(job)
    assert len(after) == 24 and {path: after[path] for path in before} == before
    status = Sweep(services.sweep_folder(job)).status()
    assert status.state == "done" and {unit.state for unit in status.units} == {"done"}
