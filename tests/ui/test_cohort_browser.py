"""The Cohort page in Debian's Chromium: list, filter, move by keyboard, open a clip; hostile names are text; 2,000 clips."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.cohorts import HOSTILE, TASKS, write_manifest
from tests.ui.fake import FakeServices, write_sound
from tests.ui.running import CHROMIUM, Watched, studio, watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine"),
]

SUBJECTS = 223
"""2,007 clips."""
LISTED = ".dv-cohort[aria-busy=false] .dv-row:not(.is-head):not([hidden])"
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("cohort"), SUBJECTS).parent


@pytest.fixture(scope="module")
def base(folder: Path) -> Iterator[str]:
    with studio(FakeServices(seconds=0.02), data=folder) as address:
        yield address


@pytest.fixture
def watched(browser: Browser, base: str) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    watched = watch(context, base)
    yield watched
    context.close()
    assert watched.foreign == []
    assert watched.troubles == []


def opened(page: Page, base: str, query: str = "") -> Page:
    page.goto(f"{base}/cohort{query}")
    page.wait_for_selector(LISTED)
    return page


TYPE = """(text) => {
    const field = document.querySelector("#dv-filter-text");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def test_two_thousand_clips_list_and_filter_within_a_second(watched: Watched, base: str):
    """In processor time of the page's own thread: what a clock would show on a machine with nothing else to do."""
    page = watched.page
    meter = page.context.new_cdp_session(page)
    meter.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    meter.send("Performance.enable")

    def spent() -> float:
        page.wait_for_timeout(300)  # for what follows an event: style, layout, painting
        found = {one["name"]: one["value"] for one in meter.send("Performance.getMetrics")["metrics"]}
        return found["TaskDuration"]

    opened(page, base)
    shown = page.locator(".dv-shown")
    expect(shown).to_have_text(f"All {9 * SUBJECTS} clips, {SUBJECTS} subjects")
    for text, count in (("p11", "90 of 2007 clips"), ("", "All 2007 clips")):
        before = spent()
        page.evaluate(TYPE, text)
        assert spent() - before < 1
        expect(shown).to_contain_text(count)
    before = spent()
    page.select_option("#dv-filter-task", "=DDK_PA")
    assert spent() - before < 1
    expect(shown).to_contain_text("223 of 2007 clips")
    page.select_option("#dv-filter-task", "")
    before = spent()
    page.evaluate(LIST)
    assert spent() - before < 1


LIST = """async () => {
    const { Cohort } = await import("/studio/static/cohort_model.js");
    const { Grid } = await import("/studio/static/cohort_grid.js");
    const facts = await (await fetch("/studio/cohorts/default/grid")).json();
    new Grid(document.querySelector(".dv-grid"), () => {}).build(new Cohort(facts));
}"""


def test_cells_are_made_as_they_come_into_sight(watched: Watched, base: str):
    page = opened(watched.page, base)
    page.wait_for_load_state("networkidle")  # the rows are made anew once more when the predictions are in
    assert page.locator(".dv-cell").count() < 9 * 60
    last = page.locator(".dv-row").last
    last.scroll_into_view_if_needed()
    expect(last.locator(".dv-cell a")).to_have_count(9)
    expect(last.locator("a").first).to_have_attribute("aria-label", re.compile("^P221, .* rated by R1 and R2"))


def test_hostile_names_are_text_everywhere(watched: Watched, base: str):
    page = opened(watched.page, base, "?q=onerror")
    expect(page.locator(".dv-row:not(.is-head):visible .dv-who b")).to_have_text(HOSTILE)
    expect(page.locator(".dv-panel h2")).to_have_text(HOSTILE)
    assert page.locator("#dv-cohort img").count() == 0
    assert "49" not in page.locator(".dv-panel h2").inner_text()


def test_filters_narrow_count_and_stay_in_the_address(watched: Watched, base: str):
    page = opened(watched.page, base)
    page.select_option("#dv-filter-group", "=Stroke")
    expect(page.locator(".dv-shown")).to_have_text("666 of 2007 clips, 74 subjects")
    expect(page.locator("#dv-filter-task option").nth(1)).to_have_text("“Buy Bobby a puppy” (BBP_NORMAL) (74)")
    page.select_option("#dv-filter-rated", "=one")
    expect(page.locator(".dv-shown")).to_have_text(
        "75 of 2007 clips, 74 subjects"
    )  # brows, and the clip whose one rating was left out
    link = page.url
    assert "group=Stroke" in link
    page = opened(page, base, link.removeprefix(f"{base}/cohort"))
    expect(page.locator(".dv-shown")).to_have_text("75 of 2007 clips, 74 subjects")
    page.select_option("#dv-filter-rated", "")
    page.check("#dv-filter-problems")
    expect(page.locator(".dv-shown")).to_have_text("1 of 2007 clips, 1 subject")
    expect(page.locator(".dv-row:not(.is-head):visible b")).to_have_text("P001")
    page.fill("#dv-filter-text", "nobody")
    expect(page.locator(".dv-shown")).to_contain_text("0 of 2007 clips")
    page.click(".dv-shown button")
    expect(page.locator(".dv-shown")).to_contain_text("All 2007 clips")
    assert "group" not in page.url


def test_the_keyboard_moves_among_cells_and_opens_one(watched: Watched, base: str):
    page = opened(watched.page, base)
    focused = "document.activeElement.dataset.row + ' ' + document.activeElement.dataset.column"
    page.locator(".dv-name-button").first.focus()
    for key, place in (
        ("ArrowDown", "1 0"), ("ArrowRight", "1 1"), ("End", "1 9"), ("ArrowRight", "1 9"), ("PageDown", "9 9"),
        ("Home", "9 0"),        ("ArrowRight", "9 1"), ("Control+ArrowDown", f"{SUBJECTS - 1} 1"), ("Control+ArrowUp", "0 1"),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert page.evaluate(focused) == place, key
    assert page.locator(".dv-grid [tabindex='0']").count() == 1
    expect(page.locator(".dv-panel details[open] summary")).to_contain_text("BBP_NORMAL")
    page.keyboard.press("ArrowDown")
    name = page.locator(".dv-panel h2").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/session?**")
    assert "clip=" in page.url
    expect(page.locator("#dv-session")).to_contain_text(name)


def test_the_panel_shows_both_raters_and_leads_to_an_assessment(watched: Watched, base: str):
    page = opened(watched.page, base, "?q=P004")
    panel = page.locator(".dv-panel")
    expect(panel.locator("p").first).to_have_text("Stroke · 44 years · female")
    panel.locator("summary", has_text="DDK_PATAKA").click()
    expect(panel.locator("details[open] tbody tr").first).to_have_text("Speed23")
    expect(panel.locator("details[open]")).to_contain_text("004_DDK_PATAKA.wav")
    panel.locator("details[open] a", has_text="Assess").click()
    page.wait_for_url("**/assess?id=*")
    page.wait_for_selector("[data-state=done] .dv-notes:not([hidden])")
    expect(page.locator(".dv-name")).to_have_text("004_DDK_PATAKA.wav")
    expect(page.locator(".dv-facts")).to_contain_text("DDK_PATAKA")


def test_problems_say_where_and_what_to_do(watched: Watched, base: str):
    page = opened(watched.page, base)
    row = page.locator(".dv-problems tbody tr", has_text="rating 9")
    expect(row.locator("td")).to_have_text(
        [
            "left out",
            "manifest.csv",
            "12",
            "rating_speed_R1",
            "rating 9 lies outside the scale 1 to 5; it was left out",
            "Correct the cell.",
        ]
    )


def test_opening_every_recording_finds_the_damaged_ones(watched: Watched, base: str, tmp_path: Path):
    write_manifest(tmp_path, 3, hostile=False)
    write_sound(tmp_path / "000_DDK_PA.wav")
    page = opened(watched.page, base)
    page.locator(".dv-path input").fill(str(tmp_path))
    page.keyboard.press("Enter")
    page.wait_for_url("**/cohort?cohort=*")
    page.click("#dv-open-all")
    expect(page.locator(".dv-problems tbody tr", has_text="Until then the clip cannot be used.")).to_have_count(26)
    page.locator(".dv-name-button", has_text="P000").click()
    page.locator(".dv-panel summary", has_text="/pa/").click()
    expect(page.locator(".dv-panel details[open]")).to_contain_text("0:03.0")
    page.check("#dv-filter-problems")
    expect(page.locator(".dv-shown")).to_contain_text("26 of 27 clips")


def test_a_folder_is_opened_by_its_path_and_a_wrong_one_says_why(watched: Watched, base: str, tmp_path: Path):
    page = opened(watched.page, base)
    field = page.locator(".dv-path input")
    field.fill(str(tmp_path / "absent"))
    page.keyboard.press("Enter")
    expect(page.locator(".dv-trouble")).to_contain_text("absent: there is no such folder")
    write_manifest(tmp_path, 3, hostile=False)
    field.fill(str(tmp_path))
    page.keyboard.press("Enter")
    page.wait_for_url("**/cohort?cohort=*")
    expect(page.locator(".dv-shown")).to_have_text("All 27 clips, 3 subjects")
    assert str(tmp_path) not in page.url
    assert str(tmp_path.parent) not in page.content()
    assert [link.get_attribute("href") for link in page.locator(".dv-top nav a").all()][1].startswith("/session?cohort=")
    watched.troubles[:] = [said for said in watched.troubles if "422" not in said]


def test_what_is_not_there_says_so(watched: Watched, base: str):
    page = watched.page
    page.goto(f"{base}/cohort?cohort=0123456789abcdef")
    expect(page.locator(".dv-failure")).to_contain_text("This cohort is not here")
    page.click(".dv-failure a")
    expect(page.locator(".dv-name")).to_contain_text("SYNTHETIC")
    page.goto(f"{base}/assess?clip=0123")
    expect(page.locator(".dv-failure")).to_contain_text("The cohort has no such clip")
    watched.troubles[:] = [said for said in watched.troubles if "404" not in said]


def test_quality_appears_while_it_is_being_checked(
    watched: Watched, base: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    from divine.records import Check, Quality
    from divine.services import browse

    def look(entry: Any, *, on_progress: Any) -> Quality:
        return Quality((Check("voice", 0.1, "s", entry.task != "DDK_PA", "Hardly any voice is heard."),))

    monkeypatch.setattr(browse, "quality_of", look)
    write_manifest(tmp_path, 3, hostile=False)
    page = opened(watched.page, base)
    page.locator(".dv-path input").fill(str(tmp_path))
    page.keyboard.press("Enter")
    page.wait_for_url("**/cohort?cohort=*")
    page.wait_for_selector(LISTED)
    page.click("#dv-check-quality")
    expect(page.locator(".dv-cell .is-pass")).to_have_count(24)
    expect(page.locator(".dv-cell .is-warn")).to_have_count(3)
    expect(page.locator("#dv-check-quality")).to_be_hidden()
    page.select_option("#dv-filter-quality", "=failed")
    expect(page.locator(".dv-shown")).to_have_text("3 of 27 clips, 3 subjects")
    page.locator(".dv-panel summary", has_text="/pa/").click()
    expect(page.locator(".dv-panel details[open]")).to_contain_text("voice: 0.100 s. Hardly any voice is heard.")
    assert len(TASKS) == 9
