"""A run launched in the browser goes on through reload, closed tab and killed studio; the page shows how it really stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from divine import services
from tests.training.cohorts import write_cohort
from tests.ui.fake import FakeServices
from tests.ui.running import CHROMIUM, Watched, free_port, server, studio, watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("clinic"), per_group=3, tasks=("DDK_PA",), ratings=False)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs of other tests, and how long they took, must not be seen here, whichever tests this worker ran before."""
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path / "home"))


@pytest.fixture
def base(cohort: Path, own_home: None) -> Iterator[str]:
    with studio(FakeServices(), data=cohort) as address:
        yield address


@pytest.fixture
def watched(browser: Browser, base: str) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = watch(context, base)
    yield watched
    context.close()
    assert watched.foreign == []


def opened(page: Page, base: str, query: str = "") -> Page:
    page.set_default_timeout(120_000)
    page.goto(f"{base}/train{query}")
    page.wait_for_selector("#dv-launch")
    page.wait_for_selector(".dv-outcome > *")
    return page


# Enough small models that the work is still in its middle after a page or two was loaded, on any machine.
SEEDS, MODELS = 40, 120


def ask_for_little(page: Page) -> None:
    """Ask for many small models, so that there is a middle of the work to look at."""
    page.uncheck("[name=systems][value=divine]")
    page.check("[name=systems][value=fcn]")
    page.uncheck("[name=video][value=V]")
    page.check("[name=objective][value=C]")
    page.fill("#dv-seeds", str(SEEDS))
    page.fill("#dv-workers", "1")
    expect(page.locator(".dv-amount")).to_contain_text(f"{MODELS} models", timeout=60_000)


def test_what_cannot_be_launched_says_why_before(watched: Watched, base: str):
    page = opened(watched.page, base)
    expect(page.locator(".dv-amount")).to_contain_text("15 models to train")
    expect(page.locator(".dv-outcome")).to_contain_text("not known yet")
    expect(page.locator("[name=video][value=TA]")).to_be_disabled()
    expect(page.locator(".dv-absent-encoders")).to_contain_text("divine encoders fetch")
    page.check("[name=objective][value=R]")
    expect(page.locator(".dv-objections")).to_contain_text("no ratings: severity cannot be learned")
    expect(page.locator("#dv-launch")).to_be_disabled()
    page.uncheck("[name=objective][value=R]")
    page.check("[name=systems][value=fcn]")
    expect(page.locator(".dv-objections")).to_contain_text("fcn reads one encoder")
    page.uncheck("[name=systems][value=fcn]")
    page.check("[name=video][value=KI]")
    expect(page.locator(".dv-objections")).to_contain_text("KI: the cohort has no recording of a face")
    page.uncheck("[name=video][value=KI]")
    page.check("[name=tasks][value=non-speech]")
    expect(page.locator(".dv-objections")).to_contain_text("no clip of the cohort belongs to the task set")
    page.uncheck("[name=tasks][value=all]")
    page.uncheck("[name=tasks][value=non-speech]")
    expect(page.locator(".dv-objection")).to_contain_text("Choose at least one set of recordings.")
    page.check("[name=tasks][value=all]")
    page.select_option("#dv-folds", "10")
    expect(page.locator(".dv-objections")).to_contain_text("has 3 subjects, and 10 are needed")
    page.select_option("#dv-folds", "3")
    expect(page.locator(".dv-amount")).to_contain_text("15 models")
    expect(page.locator("#dv-launch")).to_be_enabled()
    assert services.jobs() == () and watched.troubles == []


def test_launched_in_the_browser_it_outlives_tab_and_studio(browser: Browser, cohort: Path):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with server(cohort, port) as process:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = opened(watch(context, address).page, address)
        ask_for_little(page)
        page.click("#dv-launch")
        page.wait_for_selector(".dv-train-now[data-state=running]")
        (job,) = services.jobs()
        assert page.get_attribute(".dv-train-now", "data-job") == job.id and f"job={job.id}" in page.url
        page.wait_for_selector(".dv-cell[data-state=done]")
        page.reload()
        page.wait_for_selector(f".dv-train-now[data-job='{job.id}'] .dv-cell[data-state=done]")
        assert page.locator(".dv-cell").count() == MODELS
        address_of_job = page.url
        context.close()
        process.kill()
        process.wait()
    trained = services.job(job.id)
    assert trained.status.state == "running" and trained.status.done < MODELS
    with server(cohort, port):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = watch(context, address).page
        page.set_default_timeout(120_000)
        page.goto(address_of_job)
        page.wait_for_selector(f".dv-train-now[data-job='{job.id}'][data-state=done]")
        assert page.locator(".dv-cell[data-state=done]").count() == MODELS
        expect(page.locator(".dv-train-now a")).to_have_attribute("href", f"/runs?run={job.id}")
        context.close()
    assert services.job(job.id).status.state == "done"


def test_cancel_keeps_what_is_finished_and_resume_goes_on(watched: Watched, base: str):
    page = opened(watched.page, base)
    ask_for_little(page)
    page.click("#dv-launch")
    page.wait_for_selector(".dv-train-now[data-state=running] .dv-cell[data-state=done]")
    page.click(".dv-train-now >> text=Cancel")
    page.wait_for_selector(".dv-train-now[data-state=interrupted]")
    expect(page.locator(".dv-train-now .dv-callout")).to_contain_text("Cancelled")
    expect(page.locator(".dv-train-now .dv-state")).to_have_text("Cancelled")
    expect(page.locator(".dv-jobs tbody tr")).to_contain_text(f"3 folds × {SEEDS} seeds, at most 50 epochs · training")
    job = page.get_attribute(".dv-train-now", "data-job")
    assert job is not None
    finished = list((services.run_folder(job) / "members").glob("*/predictions.parquet"))
    before = {path: path.stat().st_mtime_ns for path in finished}
    assert 0 < len(before) < MODELS and page.locator(".dv-cell[data-state=training]").count() == 0
    page.click(".dv-train-now >> text=Resume")
    page.wait_for_selector(".dv-train-now[data-state=done]")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    ask_for_little(opened(page, base))
    expect(page.locator(".dv-outcome")).to_contain_text(f"{MODELS} members of 1 earlier run")
    page.click(f"tr[data-job='{job}'] >> text=Remove")
    page.wait_for_selector(f"tr[data-job='{job}']", state="detached")
    assert job not in [one.id for one in services.jobs()] and services.run_folder(job).is_dir()
    assert watched.troubles == []


def test_everything_that_a_sweep_may_vary_and_features_alone(watched: Watched, base: str):
    page = opened(watched.page, base)
    page.click(".dv-computing summary")
    expect(page.locator("#dv-precision")).to_be_visible()
    page.check("[name=tasks][value=speech]")
    page.check("[name=modalities][value=video]")
    page.check("[name=systems][value=concat]")
    expect(page.locator("#dv-precision")).to_be_hidden()
    page.fill("#dv-epochs", "1")
    page.fill("#dv-seeds", "1")
    # two systems, two sets of tasks, two of what training is given, three folds
    expect(page.locator(".dv-amount")).to_contain_text("24 models")
    page.click("#dv-features")
    page.wait_for_selector(".dv-train-now[data-state=done] >> text=features V,A")
    page.click("#dv-launch")
    page.wait_for_selector(".dv-train-now >> text=sweep of divine, concat")
    expect(page.locator(".dv-asked")).to_contain_text(
        "V × A · diagnosis · all tasks / speech tasks · face and voice / face only"
    )
    expect(page.locator(".dv-asked")).to_contain_text("3 folds × 1 seed · at most 1 epoch")
    sweep, features = services.jobs()
    assert features.order.kind == "extract" and features.status.state == "done"
    page.click(".dv-train-now >> text=Cancel")
    page.wait_for_selector(".dv-train-now[data-state=interrupted]")
    asked = sweep.order.arguments
    assert (asked["tasks"], asked["train_modalities"]) == (["all", "speech"], ["audio+video", "video"])
    assert (asked["epochs"], asked["objectives"], asked["seeds"]) == (1, ["C"], 1)
    assert watched.troubles == []


def test_how_a_run_is_computed_reaches_its_job(watched: Watched, base: str):
    page = opened(watched.page, base)
    page.uncheck("[name=systems][value=divine]")
    page.check("[name=systems][value=logistic]")
    page.check("[name=baselines][value=random-forest]")
    page.fill("#dv-seeds", "1")
    page.fill("#dv-epochs", "7")
    page.click(".dv-computing summary")
    page.select_option("#dv-engine", "members")
    page.select_option("#dv-precision", "bfloat16")
    page.click("#dv-launch")
    page.wait_for_selector(".dv-train-now[data-state=done]")
    expect(page.locator(".dv-asked")).to_contain_text("bfloat16 · one by one · beside majority, random-forest")
    (job,) = services.jobs()
    spec = json.loads((services.run_folder(job.id) / "spec.json").read_text())
    assert spec["training"]["max_epochs"] == 7
    assert (spec["baselines"], spec["precision"]) == (["majority", "random-forest"], "bfloat16")
