"""The Runs page and its routes, on a real run: its states, its cells and their clips, delete with undo; nobody's paths."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect
from scipy.stats import spearmanr

from divine import services
from divine.data.keys import key_of
from divine.models.config import DivineConfig
from divine.services import runs
from divine.store import Store
from divine.training.config import TrainingConfig
from divine.training.cross_validate import cross_validate
from divine.training.folder import held
from divine.training.run import Run
from divine.training.spec import RunSpec
from tests.training.cohorts import write_cohort
from tests.ui.asking import BASE, made
from tests.ui.fake import FakeServices
from tests.ui.running import CHROMIUM, Watched, studio

needs_browser = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine")
HOSTILE = "=<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    manifest = write_cohort(tmp_path_factory.mktemp("clinic"), per_group=3)
    manifest.write_text(manifest.read_text().replace("P0", HOSTILE))
    return manifest


@pytest.fixture(scope="module")
def run(cohort: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the command line, somewhere else than the studio's own."""
    folder = tmp_path_factory.mktemp("elsewhere") / "first"
    tiny = DivineConfig.small(window_latent=4, shared_latent=4, private_latent=4, refine_channels=8, window_hidden=8)
    quick = TrainingConfig(max_epochs=2)
    asked = RunSpec(str(cohort), "V+A", tiny, folds=3, seeds=2, baselines=("majority",), training=quick)
    cross_validate(asked, Run(folder), Store(home / "store"), workers=1)
    return folder


@pytest.fixture(scope="module")
def app() -> Iterator[FastAPI]:
    app = made(FakeServices())
    yield app
    app.state.sessions.close()


@pytest.fixture
def opened(client: TestClient, run: Path) -> str:
    answer = client.post("/studio/runs", json={"path": str(run)})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.fixture
def own(home: Path, run: Path) -> Iterator[Path]:
    """The same run among the studio's own."""
    folder = home / "runs" / "20260101-000000-abcdef"
    shutil.copytree(run, folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(home / "trash", ignore_errors=True)


def test_a_stranger_learns_nothing(app: FastAPI, opened: str):
    stranger = TestClient(app, base_url=BASE)
    for path in ("", f"/{opened}", f"/{opened}/evaluation", f"/{opened}/predictions.parquet", f"/{opened}/curves"):
        assert stranger.get(f"/studio/runs{path}").status_code == 404
    assert stranger.delete(f"/studio/runs/{opened}").status_code == 404
    assert stranger.get("/studio/work").status_code == stranger.get("/studio/train/options").status_code == 404


def test_no_path_leaves_and_none_comes_in(client: TestClient, run: Path, opened: str, home: Path):
    listed = client.get("/studio/runs").text
    assert str(run.parent) not in listed and str(home) not in listed and opened in listed
    for name in ("..", "%2e%2e", "..%2F..%2Fetc", str(run), "opened.json", "x" * 300):
        assert client.get(f"/studio/runs/{name}").status_code in (404, 405), name
    for path in ("", "relative/run", "/nowhere\0", "/etc", str(run / "members")):
        assert client.post("/studio/runs", json={"path": path}).status_code == 422, path


def test_what_has_not_changed_is_not_sent_again(client: TestClient, opened: str):
    first = client.get(f"/studio/runs/{opened}")
    again = client.get(f"/studio/runs/{opened}", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_attention_over_the_cohort_knows_every_clip_and_its_session(client: TestClient, run: Path, opened: str):
    frame = pd.read_parquet(run / "predictions.parquet")
    tested = frame[(frame.part == "test") & (frame.system == "divine") & (frame.modalities == "audio+video")]
    found = client.get(f"/studio/runs/{opened}/attention").json()
    names = tested[["dataset", "group", "subject", "clip"]].drop_duplicates().itertuples(index=False)
    assert {one[0] for one in found["clips"]} == {key_of(*map(str, name)) for name in names}
    (gate,) = (one for one in found["numbers"] if (one["kind"], one["name"]) == ("gate", "audio"))
    means = tested.groupby(["group", "subject", "clip"])["gate_audio"].mean()
    assert sorted(gate["values"]) == pytest.approx(sorted(means), rel=1e-5)
    group = next(one for one in found["groups"] if one["id"] == "group:ALS")
    assert {found["clips"][place][2] for place in group["members"]} == {"ALS"}
    one_task = client.get(f"/studio/runs/{opened}/attention?task={found['tasks'][0]['task']}&against=everybody").json()
    assert len(one_task["clips"]) == found["tasks"][0]["clips"] < len(found["clips"])
    assert one_task["against"] == "everybody"
    assert client.get("/studio/runs/nothing/attention").status_code == 404


def test_gates_stand_beside_what_removal_does_to_the_true_diagnosis(client: TestClient, run: Path, opened: str):
    frame = pd.read_parquet(run / "predictions.parquet")
    tested = frame[frame.part == "test"]
    tested = tested.assign(true=[row[f"probability_{row['target']}"] for _, row in tested.iterrows()])
    own = tested[tested.system == "divine"].pivot_table(
        index=["dataset", "group", "subject", "clip"], columns="modalities", values="true", aggfunc="mean"
    )
    found = client.get(f"/studio/runs/{opened}/removal").json()
    assert (found["why"], found["left_out"], found["subjects"]) == ("", 0, 9)
    without = {"video": "audio", "audio": "video"}
    for sense in found["senses"]:
        lost = own["audio+video"] - own[without[sense["name"]]]
        by_key = {key_of(*map(str, name)): value for name, value in zip(own.index.tolist(), lost, strict=True)}
        assert {one[0]: value for one, value in zip(found["clips"], sense["lost"], strict=True)} == pytest.approx(
            by_key, rel=1e-5
        )
        assert sense["rank"]["rho"] == pytest.approx(spearmanr(sense["gates"], sense["lost"])[0], abs=1e-4)
    everybody = found["means"][-1]
    nobody = tested[tested.system == "majority"].true.mean()
    assert everybody["title"] == "everybody" and everybody["given"][0] == {
        "modalities": [],
        "probability": pytest.approx(nobody, rel=1e-5),
    }
    one_task = client.get(f"/studio/runs/{opened}/removal?task=DDK_PA").json()
    assert {one[3] for one in one_task["clips"]} == {"DDK_PA"}
    assert client.get("/studio/runs/nothing/removal").status_code == 404


def test_every_clip_of_the_matrix_stands_in_one_cell_and_knows_its_session(client: TestClient, run: Path, opened: str):
    frame = pd.read_parquet(run / "predictions.parquet")
    tested = frame[(frame.part == "test") & (frame.system == "divine") & (frame.modalities == "audio+video")]
    found = client.get(f"/studio/runs/{opened}/confusion?kind=diagnosis&modalities=audio%2Bvideo").json()
    expected = pd.crosstab(tested.target, tested.prediction).reindex(
        index=found["labels"], columns=found["labels"], fill_value=0
    )
    np.testing.assert_array_equal(found["counts"], expected.to_numpy())
    keys = []
    for row in range(3):
        for column in range(3):
            address = f"/studio/runs/{opened}/cell?kind=diagnosis&modalities=audio%2Bvideo&row={row}&column={column}"
            keys += [(clip["key"], clip["seeds"]) for one in client.get(address).json()["subjects"] for clip in one["clips"]]
    names = tested[["dataset", "group", "subject", "clip"]].drop_duplicates().itertuples(index=False)
    assert {key for key, _ in keys} == {key_of(*map(str, name)) for name in names}
    assert sum(seeds for _, seeds in keys) == sum(map(sum, found["counts"])) == len(tested)
    assert client.get(f"/studio/runs/{opened}/cell?kind=diagnosis&modalities=video&row=9&column=0").status_code == 409
    assert client.get(f"/studio/runs/{opened}/confusion?kind=magic&modalities=video").status_code == 422


def test_numbers_are_those_of_the_command_line_and_kept(client: TestClient, run: Path, opened: str, home: Path):
    answer = client.get(f"/studio/runs/{opened}/evaluation").json()
    assert answer == services.evaluate(run)
    kept = list((home / "evaluations").iterdir())
    assert any(json.loads(path.read_text()) == answer for path in kept)
    main = next(one for one in client.get("/studio/runs").json()["runs"] if one["id"] == opened)["main"]
    full = next(one for one in answer["results"] if (one["level"], one["modalities"]) == ("subject", "audio+video"))
    assert main == {"name": "accuracy", "modalities": "audio+video"} | full["metrics"]["accuracy"]
    curves = client.get(f"/studio/runs/{opened}/curves").json()["curves"]
    history = pd.read_parquet(run / "history.parquet")
    assert sum(len(one["validation"]) for one in curves) == len(history) and len(curves) == 6


def test_a_table_for_spreadsheets_holds_no_formula(client: TestClient, run: Path, opened: str):
    answer = client.get(f"/studio/runs/{opened}/predictions.csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    read = pd.read_csv(io.BytesIO(answer.content), dtype=str)
    assert len(read) == len(pd.read_parquet(run / "predictions.parquet"))
    assert "'" + HOSTILE in set(read["subject"]) and HOSTILE not in set(read["subject"])
    whole = client.get(f"/studio/runs/{opened}/predictions.parquet").content
    assert whole == (run / "predictions.parquet").read_bytes()


def test_a_run_elsewhere_is_taken_off_the_list_and_never_deleted(client: TestClient, run: Path, opened: str):
    assert client.delete(f"/studio/runs/{opened}").json()["name"] == "first"
    assert client.get(f"/studio/runs/{opened}").status_code == 404 and (run / "predictions.parquet").is_file()
    assert client.post(f"/studio/runs/{opened}/restore").json() == {"name": "first"}
    assert client.get(f"/studio/runs/{opened}").status_code == 200


def test_a_run_of_ours_goes_to_the_trash_and_comes_back(client: TestClient, own: Path, home: Path):
    with Run(own).locked():
        assert "is being trained" in client.delete(f"/studio/runs/{own.name}").json()["detail"]
    assert client.delete(f"/studio/runs/{own.name}").status_code == 200
    assert not own.exists() and client.delete(f"/studio/runs/{own.name}").status_code == 404
    assert client.post(f"/studio/runs/{own.name}/restore").status_code == 200
    assert (own / "predictions.parquet").is_file() and not list((home / "trash").iterdir())
    assert "not in the trash" in client.post(f"/studio/runs/{own.name}/restore").json()["detail"]


def test_a_run_whose_job_is_queued_waits_and_is_not_deleted(client: TestClient, own: Path, home: Path):
    set_state(own, "interrupted", "Cancelled.")
    job = home / "jobs" / own.name
    job.mkdir(parents=True)
    with held(job, "job"):
        (listed,) = (one for one in client.get("/studio/runs").json()["runs"] if one["id"] == own.name)
        assert listed["state"] == "waiting"
        refused = client.delete(f"/studio/runs/{own.name}")
        assert refused.status_code == 409 and "Cancel it first" in refused.json()["detail"]
    assert client.get(f"/studio/runs/{own.name}").json()["run"]["state"] == "interrupted"
    shutil.rmtree(job)


@pytest.mark.parametrize(
    ("change", "state", "message"),
    [
        (lambda run: (run / "spec.json").write_text("{"), "damaged", "is damaged"),
        (lambda run: (run / "status.json").write_text('{"state": 3}'), "damaged", "is damaged"),
        (lambda run: set_state(run, "running"), "interrupted", "The worker died"),
        (lambda run: set_state(run, "failed", "no face found"), "failed", "no face found"),
        (lambda run: (run / "status.json").unlink(), "interrupted", "The worker died"),
    ],
    ids=["damaged spec", "damaged status", "worker died", "failed", "killed early"],
)
def test_the_state_shown_is_the_true_one(own: Path, change, state: str, message: str):
    change(own)
    entry = runs.run_entry(own.name)
    assert entry.state == state and message in entry.message


def set_state(run: Path, state: str, message: str = "") -> None:
    status = json.loads((run / "status.json").read_text())
    (run / "status.json").write_text(json.dumps(status | {"state": state, "message": message}))


@pytest.fixture(scope="module")
def base(cohort: Path) -> Iterator[str]:
    with studio(FakeServices(), data=cohort) as address:
        yield address


def listed(page: Page, base: str) -> Page:
    page.goto(f"{base}/runs")
    page.wait_for_selector(".dv-run-table tbody tr")
    return page


@pytest.mark.browser
@needs_browser
def test_from_the_list_to_a_clip(watched: Watched, base: str, run: Path, opened: str, own: Path):
    page = listed(watched.page, base)
    page.fill("#dv-run-filter", "v+a first")
    expect(page.locator(".dv-run-table tbody tr")).to_have_count(1)
    page.fill("#dv-run-filter", "")
    page.click(f"[data-run='{opened}'] th a")
    page.wait_for_selector(".dv-metrics")
    assert f"run={opened}" in page.url
    document = services.evaluate(run)
    best = next(one for one in document["results"] if (one["level"], one["modalities"]) == ("subject", "audio+video"))
    shown = f"{100 * best['metrics']['accuracy']['mean']:.1f} %"
    expect(page.locator("[data-metric=accuracy] td >> nth=0")).to_contain_text(shown)
    page.wait_for_selector(".dv-run-calibration .dv-chart")
    page.wait_for_selector(".dv-run-curves .dv-chart")
    cell = page.locator("[data-cell]:not([disabled])").first
    cell.click()
    link = page.locator(".dv-people a").first
    assert "/session?" in (link.get_attribute("href") or "") and f"run={opened}" in (link.get_attribute("href") or "")
    address = page.url
    page.goto(address)  # as a colleague would, to whom it was sent
    expect(page.locator(".dv-people a").first).to_have_attribute("href", link.get_attribute("href") or "")
    page.click("text=Severity level")
    page.wait_for_selector(".dv-matrix th:has-text('moderate')")
    assert "cell=" in address and "cell=" not in page.url and "matrix=level" in page.url
    assert page.locator("img[src=x]").count() == 0
    page = listed(page, base)
    page.wait_for_selector(".dv-run-table")
    for one in (opened, own.name):
        page.check(f"[data-run='{one}'] input")
    page.click("#dv-compare")
    page.wait_for_selector(".dv-versus")
    expect(page.locator("[data-metric=accuracy] strong").first).to_have_text("0.0 pp")


@pytest.mark.browser
@needs_browser
def test_what_the_models_looked_at_leads_from_a_group_to_a_clip(watched: Watched, base: str, opened: str):
    page = watched.page
    page.goto(f"{base}/runs?run={opened}")
    look = page.locator(".dv-look")
    expect(look.first.locator(".dv-look-row")).to_have_count(7)  # three diagnoses, three levels, the scale
    expect(look).to_have_count(4)  # two tokens, two gates
    expect(look.first.locator(".dv-look-says")).to_contain_text("middle half of healthy controls")
    page.get_by_label("Against").select_option("group:ALS")
    expect(look.first.locator(".dv-look-says")).to_contain_text("middle half of ALS")
    expect(look.first.locator(".is-reference")).to_contain_text("ALS")
    assert "against=group%3AALS" in page.url
    page.locator(".dv-run-looked > details summary").click()
    expect(page.locator(".dv-look-table tbody tr")).to_have_count(7)
    page.get_by_label("Task").select_option("DDK_PA")
    expect(page.locator(".dv-look-says").first).to_contain_text("too few to compare with")
    strip = look.first.locator("svg").first
    strip.hover(position={"x": 5, "y": 10})
    lowest = look.first.locator(".dv-look-reading a").first.get_attribute("href") or ""
    strip.click(position={"x": 5, "y": 10})
    page.wait_for_url("**/session?**")
    assert page.url.endswith(lowest)
    expect(page.locator(".dv-name")).to_contain_text("Repeat /pa/")


@pytest.mark.browser
@needs_browser
def test_gates_beside_removal_lead_to_the_clips_that_disagree(watched: Watched, base: str, opened: str, client: TestClient):
    page = watched.page
    found = client.get(f"/studio/runs/{opened}/removal").json()
    page.goto(f"{base}/runs?run={opened}")
    face = page.locator(".dv-beside[data-sense=video]")
    expect(face.locator(".dv-look-says")).to_have_text(found["senses"][0]["sentence"])
    expect(face.locator("svg path[class^=dv-mark]")).to_have_count(len(found["clips"]))
    expect(page.locator(".dv-marks li")).to_have_count(4)  # three diagnoses, the ring
    expect(page.locator(".dv-subsets thead")).to_contain_text("Neither")
    page.get_by_text("Every clip as a table").click()
    expect(page.locator(".dv-removal details tbody tr")).to_have_count(len(found["clips"]))
    face.locator("svg").hover()
    page.get_by_label("Task").select_option("DDK_PA")
    expect(page.locator(".dv-beside").first.locator("svg path[class^=dv-mark]")).to_have_count(9)
    link = page.locator(".dv-apart a").first
    assert "Repeat /pa/" in link.inner_text()
    link.click()
    page.wait_for_url("**/session?**")
    expect(page.locator(".dv-name")).to_contain_text("Repeat /pa/")


@pytest.mark.browser
@needs_browser
def test_several_runs_are_deleted_and_brought_back_at_once(watched: Watched, base: str, own: Path, home: Path):
    others = [home / "runs" / name for name in ("20260102-000000-abcdef", "20260103-000000-abcdef")]
    for other in others:
        shutil.copytree(own, other)
    try:
        page = listed(watched.page, base)
        page.fill("#dv-run-filter", "v+a 2026")
        expect(page.locator(".dv-run-table tbody tr")).to_have_count(3)
        page.check("[aria-label='Choose all of these runs']")
        expect(page.locator("#dv-delete-chosen")).to_have_text("Delete 3")
        expect(page.locator("#dv-compare")).to_be_disabled()
        with Run(others[0]).locked():  # a worker takes one up before the press
            page.click("#dv-delete-chosen")
            expect(page.locator(".dv-toast")).to_contain_text("Deleted 2 runs.")
            expect(page.locator(".dv-toast")).to_contain_text("20260102-000000-abcdef: is being trained. Cancel it first.")
        assert [run.exists() for run in (own, *others)] == [False, True, False]
        page.click("#dv-undo")
        expect(page.locator(".dv-toast")).to_have_text("Brought back 2 runs.")
        expect(page.locator(".dv-run-table tbody tr")).to_have_count(3)
        assert all((run / "predictions.parquet").is_file() for run in (own, *others))
    finally:
        watched.page.goto("about:blank")  # else the page asks for runs that are cleared away here
        for other in others:
            shutil.rmtree(other, ignore_errors=True)
    # The refusal (409), and numbers that the page asked of a run just as it went (404).
    watched.troubles[:] = [said for said in watched.troubles if "404" not in said and "409" not in said]


@pytest.mark.browser
@needs_browser
def test_delete_and_undo_in_the_browser(watched: Watched, base: str, own: Path):
    page = listed(watched.page, base)
    page.click(f"[data-run='{own.name}'] >> text=Delete")
    page.wait_for_selector(f"[data-run='{own.name}']", state="detached")
    assert not own.exists()
    page.click("#dv-undo")
    page.wait_for_selector(f"[data-run='{own.name}']")
    assert own.is_dir()
    set_state(own, "failed", HOSTILE)
    page.goto(f"{base}/runs?run={own.name}")
    expect(page.locator(".dv-message")).to_have_text(HOSTILE)
