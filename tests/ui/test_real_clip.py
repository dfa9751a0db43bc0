"""A real recording through the studio, as a clinic would take it: a manifest of one's own, offline."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from divine import services
from tests.ui.running import Watched, studio

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def base(fox: Path, smile: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("own")
    for clip in (fox, smile):
        shutil.copyfile(clip, folder / clip.name)
    rows = [f"V1,volunteer,BBP_NORMAL,{fox.name}", f"V1,volunteer,NSM_SPREAD,{smile.name}"]
    (folder / "manifest.csv").write_text("\n".join(["subject,group,task,video", *rows]) + "\n")
    with studio(services, data=folder / "manifest.csv") as address:
        yield address


def test_from_the_cohort_to_its_session_and_to_its_assessment(watched: Watched, base: str):
    page = watched.page
    page.goto(f"{base}/cohort")
    page.wait_for_selector("#dv-cohort [role=gridcell] a, #dv-cohort td a, #dv-cohort [role=gridcell]")
    assert page.locator("#dv-cohort").get_by_text("V1").count() >= 1
    page.goto(f"{base}/session")
    page.wait_for_selector("#dv-session video")
    page.wait_for_selector("#dv-session .dv-lane canvas")
    page.wait_for_function("() => document.querySelector('#dv-session video').readyState >= 2")
    assert page.locator("#dv-session .dv-lane canvas").count() >= 6  # movement, pitch, intensity, waveform, spectrogram
    key = page.evaluate("new URLSearchParams(location.search).get('clip')")
    page.goto(f"{base}/encoders")
    page.wait_for_selector("#dv-encoders canvas")
    assert page.locator("#dv-encoders canvas").count() == 2
    page.goto(f"{base}/assess?clip={key}" if key else f"{base}/assess")
    page.wait_for_selector("[data-state=done] .dv-notes:not([hidden])")
    page.wait_for_selector("#dv-report-pdf")
    with page.expect_download() as download:
        page.click("#dv-report-pdf")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")


def test_pages_that_need_a_run_say_what_to_do_without_one(watched: Watched, base: str):
    page = watched.page
    page.goto(f"{base}/train")
    page.wait_for_selector("#dv-train button")
    page.wait_for_selector("#dv-train >> text=volunteer")
    page.goto(f"{base}/runs")
    page.wait_for_selector("#dv-runs >> text=demonstration")  # the shipped one is always there
    page.goto(f"{base}/reports")
    page.wait_for_selector("#dv-reports select")
