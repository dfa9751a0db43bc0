"""The paper's tables in the studio: ordered on the Train page, read on the Runs page while they fill; nobody's paths."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from divine import services
from divine.services import reproductions, runs
from divine.training.sweep_folder import Sweep
from tests.training.cohorts import write_cohort
from tests.ui.asking import BASE, made
from tests.ui.fake import FakeServices
from tests.ui.running import CHROMIUM, Watched, studio

needs_browser = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("clinic"), per_group=3, codes=("KI", "AC"))


@pytest.fixture(scope="module")
def folder(cohort: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of the command line, somewhere else than the studio's own."""
    out = tmp_path_factory.mktemp("elsewhere") / "tnf"
    services.reproduce("table3,table4,figure3", cohort, out, folds=3, seeds=1, epochs=1, workers=1)
    return out


@pytest.fixture(scope="module")
def app(cohort: Path) -> Iterator[FastAPI]:
    app = made(FakeServices(), data=cohort)
    yield app
    app.state.sessions.close()


@pytest.fixture
def opened(client: TestClient, folder: Path) -> str:
    answer = client.post("/studio/tables", json={"path": str(folder)})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_a_stranger_learns_nothing_and_no_path_leaves(app: FastAPI, client: TestClient, opened: str, folder: Path, home: Path):
    stranger = TestClient(app, base_url=BASE)
    for path in ("", f"/{opened}/table/3", f"/{opened}/figure", f"/{opened}/table3.csv"):
        assert stranger.get(f"/studio/tables{path}").status_code == 404
        said = client.get(f"/studio/tables{path}")
        assert said.status_code == 200 and str(folder.parent) not in said.text and str(home) not in said.text
    assert stranger.post("/studio/train/tables/launch", json={}).status_code == 404
    assert stranger.get("/studio/train/tables").status_code == 404


def test_what_there_is_not_is_refused(client: TestClient, opened: str, folder: Path):
    for name in ("..", "%2e%2e", "..%2F..%2Fetc", str(folder), "opened.json", "x" * 300):
        assert client.get(f"/studio/tables/{name}/table/3").status_code == 404, name
    for rest in ("table/10", "table10.csv", "table3.svg", "figure3.tex", "protocol.json"):
        assert client.get(f"/studio/tables/{opened}/{rest}").status_code == 404, rest
    for path in ("", "relative", "/nowhere\0", "/etc", str(folder / "sweep")):
        assert client.post("/studio/tables", json={"path": path}).status_code == 422, path


def test_a_table_holds_ours_beside_the_papers(client: TestClient, opened: str, folder: Path):
    address = f"/studio/tables/{opened}/table/3"
    first = client.get(address)
    assert client.get(address, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    found, table = first.json(), services.paper_table(folder, 3)
    assert found["reproduction"]["marks"] == ["REDUCED PROTOCOL"]
    rows = found["table"]["rows"]
    for row, filled in zip(rows, table.rows, strict=True):
        for cell, number in zip(row["cells"], filled.numbers, strict=True):
            assert cell["printed"] == number.printed and cell["why"] == number.why
            scale = 100 if number is filled.numbers[0] else None
            if scale and number.ours:
                assert cell["clip"][0] == pytest.approx(scale * number.ours.mean, abs=1e-4)
    own = next(row for row in rows if row["label"] == "KI + AC")
    run = found["table"]["runs"][own["cells"][0]["run"]]
    assert runs.run_entry(run["id"]).state == "done" and client.get(f"/studio/runs/{run['id']}").status_code == 200
    for level in ("clip", "subject"):
        means = [row["cells"][0][level][0] for row in rows if row["cells"][0][level]]
        marked = [row["cells"][0][level][0] for row in rows if row["cells"][0]["best"][level]]
        assert marked and set(marked) == {max(means)}
    assert "per subject." in found["table"]["notes"]["subject"][0] and found["table"]["tests"]["rows"]


def test_files_are_those_that_the_command_line_writes(client: TestClient, opened: str, folder: Path):
    for name in ("table4.csv", "table4.md", "table4.tex", "figure3.csv", "figure3.svg"):
        answer = client.get(f"/studio/tables/{opened}/{name}")
        assert answer.content == (folder / name).read_bytes(), name
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_an_order_is_looked_at_before_it_is_queued(client: TestClient):
    order = {"cohort": "", "what": ["table4"], "folds": 3, "seeds": 1, "epochs": 1, "device": "cpu", "workers": 1}
    plan = client.post("/studio/train/tables/plan", json=order).json()
    assert (plan["runs"], plan["here"], plan["members"], plan["reduced"], plan["objections"]) == (6, 3, 3, True, [])
    refused = client.post("/studio/train/tables/launch", json=order | {"folds": 10})
    assert refused.status_code == 422 and "10 are needed" in refused.json()["objections"][0]["text"]
    for change in (
        {"what": []},
        {"what": ["table10"]},
        {"seeds": 0},
        {"epochs": "many"},
        {"folds": "all"},
        {"workers": -1},
        {"workers": 0},
    ):
        assert client.post("/studio/train/tables/launch", json=order | change).status_code == 422, change
    assert services.jobs() == ()


@pytest.fixture(scope="module")
def base(cohort: Path, folder: Path) -> Iterator[str]:
    with studio(FakeServices(), data=cohort) as address:
        yield address


@pytest.mark.browser
@needs_browser
def test_ordered_on_the_page_watched_and_read(watched: Watched, base: str):
    page = watched.page
    page.set_default_timeout(30_000)
    page.goto("/train")
    page.wait_for_selector("#dv-launch")
    page.get_by_role("button", name="The paper's tables").click()
    expect(page.locator("[data-part=table3]")).to_have_text("5 of 77 runs")
    page.uncheck("[name=every]")
    expect(page.locator(".dv-train-tables .dv-objection")).to_contain_text("Choose at least one table.")
    page.check("[name=what][value=table4]")
    expect(page.locator(".dv-train-tables .dv-amount")).to_contain_text("3 of 6 runs")
    page.fill("#dv-tables-seeds", "1")
    page.fill("#dv-tables-epochs", "1")
    page.fill("#dv-tables-workers", "1")
    expect(page.locator(".dv-train-tables .dv-amount")).to_contain_text("3 models each: 9 models")
    expect(page.locator(".dv-train-tables .dv-badge")).to_have_text("REDUCED PROTOCOL")
    page.click("text=2 encoders are not here")
    expect(page.locator(".dv-absent-list code").first).to_have_text("divine encoders fetch DS")
    page.click("#dv-launch-tables")
    page.click("text=See the tables so far")
    page.wait_for_selector(".dv-paper-table")
    (entry,) = (one for one in reproductions.reproductions() if one.ours)
    assert f"tables={entry.id}" in page.url
    page.click("nav[aria-label='Tables of the paper'] >> text=Table 4")
    frame = page.locator(".dv-paper-frame").first
    expect(frame.locator(".is-none").first).to_contain_text("divine encoders fetch DS")
    expect(page.locator(".dv-run-head .dv-state")).to_have_text("Done", timeout=60_000)
    expect(page.locator(".dv-paper-progress")).to_have_count(0)
    expect(frame.locator("td a")).to_have_count(5 * 4)
    page.goto("/train")
    row = page.locator(f"tr[data-job='{entry.id}']")
    row.get_by_role("button", name="Train the rest").click()  # nothing has come: it looks, and is done again
    expect(row.get_by_role("button", name="Train the rest")).to_have_attribute("title", re.compile("3 runs were left out"))
    row.get_by_role("link", name="Tables of").click()
    expect(page.locator("#dv-paper-title")).to_contain_text("Table 4.")  # the one that is filled furthest
    assert "table=4" in page.url


@pytest.mark.browser
@needs_browser
def test_a_table_by_its_address_from_cell_to_run_and_back(watched: Watched, base: str, opened: str, folder: Path):
    page = watched.page
    page.goto("/runs")
    row = page.locator(f"[data-tables='{opened}']")
    expect(row).to_contain_text("3 folds × 1 seed, at most 1 epoch")
    page.goto(f"/runs?tables={opened}&table=4&counted=subject")
    expect(page.locator("#dv-paper-title")).to_contain_text("Table 4. Ablation")
    expect(page.get_by_role("button", name="Per subject")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".dv-paper-notes li").first).to_contain_text("per subject.")
    page.get_by_role("button", name="Per clip").click()
    expect(page.locator(".dv-paper-notes li").first).to_contain_text("per clip.")
    cells = page.locator(".dv-paper-table td a")
    expect(page.locator(".dv-paper-table td a[tabindex='0']")).to_have_count(1)
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(cells.nth(5)).to_be_focused()
    expect(cells.nth(5)).to_have_attribute("title", page.locator(":focus").get_attribute("title") or "")
    assert "Opens the run." in (cells.nth(5).get_attribute("title") or "")
    page.keyboard.press("Enter")
    page.wait_for_selector(".dv-metrics")
    page.click("text=‹ The paper's tables")
    expect(page.locator("#dv-paper-title")).to_contain_text("Table 4.")
    page.click("nav[aria-label='Tables of the paper'] >> text=Table 3")
    expect(page.locator("#dv-paper-title")).to_contain_text("Table 3.")
    expect(page.locator(".dv-paper-tests tbody tr")).to_have_count(2)
    failed = page.locator(".dv-paper-table tbody", has_text="svm, KI + AC").locator(".is-none")
    expect(failed).to_contain_text("Failed. ALS: one training clip is too few")
    page.click("nav[aria-label='Tables of the paper'] >> text=Figure 3")
    expect(page.locator(".dv-panel table")).to_have_count(6)  # g and h, and four of ours
    assert f"tables={opened}&table=figure" in page.url
    page.go_back()
    expect(page.locator("#dv-paper-title")).to_contain_text("Table 3.")


@pytest.mark.browser
@needs_browser
def test_a_table_that_fills_keeps_place_and_focus(watched: Watched, base: str, opened: str, folder: Path):
    page, place = watched.page, Sweep(folder / "sweep")
    whole = place.status()
    states = json.loads((place.folder / "status.json").read_text())
    held = next(one for one in states["units"] if one["state"] == "done" and one["name"].startswith("logistic"))
    held["state"] = "waiting"
    with place.locked():
        (place.folder / "status.json").write_text(json.dumps(states | {"state": "running"}))
        page.goto(f"/runs?tables={opened}&table=3")
        logistic = page.locator(".dv-paper-table tbody", has_text="logistic, KI + AC")
        expect(logistic).to_contain_text("Not trained")
        expect(page.locator(".dv-paper-progress")).to_contain_text("runs trained")
        page.locator(".dv-paper-table tbody", has_text="majority").locator("td a").nth(2).focus()
        before = page.locator(".dv-paper-frame").first.evaluate("(frame) => frame.scrollTop")
        place.set_status(whole)
        expect(logistic.locator("td a")).to_have_count(12)
    expect(page.locator(".dv-paper-table tbody", has_text="majority").locator("td a").nth(2)).to_be_focused()
    assert before > 0 and page.locator(".dv-paper-frame").first.evaluate("(frame) => frame.scrollTop") == before
    expect(page.locator(".dv-run-head .dv-state")).to_have_text("Done")


@pytest.mark.browser
@needs_browser
def test_tables_of_the_studio_are_deleted_and_brought_back_others_taken_off_the_list(
    watched: Watched, base: str, opened: str, folder: Path, home: Path
):
    own = home / "reproductions" / "20260101-000000-abcdef"
    shutil.copytree(folder, own)
    try:
        page = watched.page
        page.goto("/runs")
        for place, word, stays in ((own, "Delete", False), (folder, "Take off", True)):
            row = page.locator(f"[data-tables='{own.name if place == own else opened}']")
            row.get_by_text(word, exact=True).click()
            expect(row).to_have_count(0)
            assert place.exists() is stays
            page.click("#dv-undo")
            expect(row).to_have_count(1)
            assert (place / "protocol.json").is_file()
            expect(page.locator(".dv-toast")).to_have_text(re.compile("^Brought back the tables of .+\\.$"))
    finally:
        shutil.rmtree(own, ignore_errors=True)
