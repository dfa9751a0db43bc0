"""Who judges, on the Assess page: runs that can are offered, a link chooses one, and one that is gone takes no upload along."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect

from divine.demonstration import RUN
from divine.services import runs
from tests.ui.asking import BASE, finish, made, start, upload
from tests.ui.fake import FakeServices, write_clip
from tests.ui.running import CHROMIUM, Watched, studio
from tests.ui.test_browser import DONE, drop

MINE = "mine: divine KI+AC, Demonstration cohort (synthetic)"
needs_browser = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def services() -> FakeServices:
    return FakeServices(seconds=0.1)


@pytest.fixture(scope="module")
def base(services: FakeServices) -> Iterator[str]:
    with studio(services) as address:
        yield address


@pytest.fixture(scope="module")
def run(home: Path) -> str:
    """A finished run of the studio's own, with a checkpoint; a second without any; returns the id of the first."""
    for name in ("mine", "bare"):
        shutil.copytree(RUN, home / "runs" / name)
    (home / "runs" / "mine" / "members" / "f0s0" / "config.json").write_text("{}")
    return runs.run_id_of((home / "runs" / "mine").resolve())


def test_a_run_judges_where_its_checkpoints_are(run: str):
    with TestClient(made(FakeServices()), base_url=BASE) as client:
        client.get("/studio/session")
        told = {one["name"]: one["judges"] for one in client.get("/studio/runs").json()["runs"]}
    assert told == {"mine": True, "bare": False, "Demonstration run": False}


def test_an_unknown_model_is_named_and_the_upload_stays(run: str, tmp_path: Path):
    services = FakeServices(seconds=0.01)
    with TestClient(made(services), base_url=BASE) as client:
        client.get("/studio/session")
        taken = upload(client, write_clip(tmp_path / "clip.mp4").read_bytes(), "clip.mp4").json()["id"]
        assert "no such run" in start(client, taken, model="../../etc")["error"]
        state = finish(client, start(client, taken, model=run)["job"])
        assert (state["state"], state["model"]) == ("done", run)
        assert [one.name for one in services.checkpoints] == ["mine"]
        assert "folder" not in json.dumps(state), "a path is the studio's own"


@pytest.mark.browser
@needs_browser
def test_a_run_leads_to_its_judgement_of_a_recording(
    watched: Watched, base: str, services: FakeServices, run: str, tmp_path: Path
):
    page: Page = watched.page
    clip = write_clip(tmp_path / "clip.mp4").read_bytes()
    chosen = page.locator("#dv-judge")
    page.goto(f"{base}/runs?run={run}")
    page.get_by_role("link", name="Assess a recording").click()
    expect(chosen).to_have_value(run)
    assessed(page, clip)
    page.click("#dv-another")
    expect(chosen).to_have_value(run)
    assert page.locator("#dv-judge option").all_inner_texts() == ["Demonstration model (synthetic)", MINE]
    page.wait_for_selector("#dv-judge[data-ready]")
    chosen.select_option("")
    assessed(page, clip)
    assert [one and one.name for one in services.checkpoints] == ["mine", None]
    page.goto(f"{base}/assess?model=gone")
    expect(page.locator("#dv-judge-about")).to_contain_text("not here any more")
    expect(chosen).to_have_value("")


def assessed(page: Page, clip: bytes) -> None:
    page.wait_for_selector(".dv-intake[data-chosen]")
    drop(page, clip, "clip.mp4", "video/mp4")
    page.wait_for_selector(".dv-files .is-ready")
    page.click("#dv-go")
    page.wait_for_selector(DONE)
