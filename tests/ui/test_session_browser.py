"""The Session page in Debian's Chromium: one clock for picture, curves and sound; loops, pairs, runs, links; nothing leaves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import clips
from tests.ui.fake import FakeServices
from tests.ui.running import CHROMIUM, Watched, studio, watch
from tests.ui.session_cohort import ANNOTATED, APART_PX, FRAMES, RUN, Made
from tests.ui.session_frames import READY

expect.set_options(timeout=30_000)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def base(cohort: Made) -> Iterator[str]:
    with studio(FakeServices(), data=cohort.root) as base:
        yield base


def opened(page: Page, query: str) -> Page:
    page.goto(f"/session?{query}")
    page.wait_for_selector(READY)
    return page


def frame(page: Page, view: int = 0) -> int:
    return int(page.locator(".dv-screen canvas").nth(view).get_attribute("data-frame") or -1)


def wait_for_frame(page: Page, wanted: int, view: int = 0) -> None:
    page.wait_for_function(
        "([view, wanted]) => document.querySelectorAll('.dv-screen canvas')[view].dataset.frame === String(wanted)",
        arg=[view, wanted],
    )


def test_a_clip_is_shown_with_everything_that_is_known_of_it(watched: Watched, cohort: Made):
    page = opened(watched.page, f"clip={cohort.key(cohort.even)}")
    expect(page.locator(".dv-name")).to_contain_text("A001 · Repeat /pa/")
    expect(page.locator(".dv-name .dv-badge")).to_have_text("SYNTHETIC")
    expect(page.locator(".dv-notice")).to_have_text("Research use only. Not a diagnosis.")
    titles = page.locator(".dv-lane-head").all_inner_texts()
    assert any("Lip aperture" in one for one in titles)
    assert "Spectrogram" in titles[-1]
    expect(page.locator(".dv-repetitions h2")).to_have_text("2 repetitions")
    expect(page.locator(".dv-prediction .is-first")).to_contain_text("80.0 %")
    severity = page.locator(".dv-severity tfoot td")
    expect(severity).to_have_text(["11.0", "15", "20"])  # the model, SLP1, SLP2
    expect(page.locator(".dv-attention .dv-se-strips li p").first).to_contain_text(
        "too few to compare"
    )  # three healthy controls
    expect(page.locator(".dv-removal")).to_contain_text("Neither")
    expect(page.locator(".dv-tasks tbody tr")).to_have_count(2)
    expect(page.locator(".dv-tasks tr.is-here")).to_contain_text("Repeat /pa/")
    expect(page.locator(".dv-rating")).to_be_hidden()


def test_hand_annotations_stand_beside_the_trackers_points(watched: Watched, cohort: Made):
    page = opened(watched.page, f"clip={cohort.key(cohort.even)}")
    expect(page.locator(".dv-hand .dv-chip")).to_have_count(len(ANNOTATED))
    page.locator(".dv-name").click()
    for wanted in (*ANNOTATED, ANNOTATED[0]):
        page.keyboard.press("h")
        wait_for_frame(page, wanted)
    expect(page.locator(".dv-se-hand")).to_contain_text(f"{APART_PX:.1f} px apart")
    drawn = "document.querySelector('.dv-screen canvas').toDataURL()"
    with_crosses = page.evaluate(drawn)
    page.locator(".dv-se-hand input").uncheck()
    page.wait_for_function(f"(before) => {drawn} !== before", arg=with_crosses)


def test_a_repetition_is_looped_and_the_loop_ended(watched: Watched, cohort: Made):
    page = opened(watched.page, f"clip={cohort.key(cohort.even)}")
    page.locator(".dv-repetitions .dv-chip").first.click()
    times: list[float] = []
    for _ in range(40):
        times.append(page.evaluate("document.querySelector('.dv-screen video').currentTime"))
        page.wait_for_timeout(60)
    start, end = 0.8, 1.75  # around the peak at 1.25 s
    assert all(start <= one <= end for one in times[5:]), times
    assert any(later < before - 0.3 for before, later in pairwise(times)), "it never went back"
    expect(page.locator(".dv-se-block.is-on")).to_have_text("1")
    page.check("text=Show only this stretch")
    width = page.evaluate("document.querySelector('.dv-se-block.is-on').offsetWidth")
    assert width > 300
    page.click("text=End the loop")
    expect(page.locator(".dv-se-block.is-on")).to_have_count(0)
    # Any stretch: drag with Shift.
    page.locator(".dv-lane canvas").first.scroll_into_view_if_needed()
    box = page.locator(".dv-lane canvas").first.bounding_box()
    assert box is not None
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 200, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 30, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.locator(".dv-se-block.is-on")).to_have_text("your stretch")


def test_the_keyboard_goes_through_tasks_and_subjects_and_the_address_follows(watched: Watched, cohort: Made):
    page = opened(watched.page, f"clip={cohort.key(cohort.even)}")
    page.locator(".dv-name").click()
    page.keyboard.press("n")
    expect(page.locator(".dv-name")).to_contain_text("A001 · Open the mouth")
    page.wait_for_selector(READY)
    page.keyboard.press("End")
    wait_for_frame(page, FRAMES - 1)
    page.wait_for_url("**t=3.6*")
    assert f"clip={cohort.key(cohort.uneven)}" in page.url
    assert f"run={RUN}" in page.url
    page.reload()
    page.wait_for_selector(READY)
    wait_for_frame(page, FRAMES - 1)
    page.locator(".dv-name").click()
    page.keyboard.press("Shift+N")
    expect(page.locator(".dv-name")).to_contain_text("A002 · Open the mouth")
    page.keyboard.press("p")
    expect(page.locator(".dv-name")).to_contain_text("A002 · Repeat /pa/")
    page.go_back()
    expect(page.locator(".dv-name")).to_contain_text("A002 · Open the mouth")


def test_two_clips_play_together_or_each_for_itself(watched: Watched, cohort: Made):
    page = opened(watched.page, f"clip={cohort.key(cohort.even)}&beside={cohort.key(cohort.uneven)}")
    together = page.get_by_label("Play them")
    together.wait_for()
    expect(page.locator(".dv-se-title h2")).to_have_text(["A001 · Repeat /pa/", "A001 · Open the mouth"])
    page.locator("h1.dv-name").click()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
        page.wait_for_timeout(150)
    moment = frame(page) / 25
    times = cohort.times[cohort.uneven.name]
    wait_for_frame(page, int((times <= moment + 1e-6).sum()) - 1, view=1)
    together.select_option("apart")
    before = frame(page)
    page.locator(".dv-se-view").nth(1).locator(".dv-lane canvas").first.click(position={"x": 300, "y": 30})
    page.wait_for_timeout(300)
    assert frame(page) == before
    page.keyboard.press("Home")
    wait_for_frame(page, 0, view=1)
    page.get_by_label("Beside").select_option("")
    expect(page.locator(".dv-se-view")).to_have_count(1)
    assert "beside" not in page.url


def test_another_reference_group_changes_what_stands_behind_the_value(watched: Watched, cohort: Made):
    page = opened(watched.page, f"clip={cohort.key(cohort.even)}&run={RUN}")
    page.get_by_label("Against").select_option("everybody")
    expect(page.locator(".dv-attention .dv-se-strips li p").first).to_contain_text("of everybody else, and higher than")
    expect(page.locator(".dv-attention .dv-se-strips li").first.locator("circle")).to_have_count(5)
    page.locator(".dv-tasks .dv-se-link").nth(1).click()
    expect(page.locator(".dv-name")).to_contain_text("Open the mouth")


def test_a_hostile_cohort_of_sounds_is_text(browser: Browser, tmp_path: Path):
    hostile = "<img src=x onerror=alert(1)>${7*7}{{8*8}}"
    clips.wav(tmp_path / "a.wav", clips.tone(1.5))
    (tmp_path / "manifest.csv").write_text(f"subject,group,task,audio\n{hostile},{hostile},{hostile},a.wav\n")
    with studio(FakeServices(), data=tmp_path / "manifest.csv") as base:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=base)
        watched = watch(context, base)
        watched.page.on("dialog", lambda dialog: pytest.fail("a script ran"))
        page = opened(watched.page, "")
        expect(page.locator(".dv-name")).to_have_text(f"{hostile} · {hostile}")
        expect(page.locator(".dv-facts").first).to_contain_text("no picture")
        expect(page.locator(".dv-lane")).to_have_count(4)  # pitch, intensity, waveform, spectrogram
        expect(page.locator(".dv-prediction")).to_contain_text("No run was made of this cohort yet")
        page.locator(".dv-lane canvas").last.click(position={"x": 300, "y": 30})
        page.wait_for_function("document.querySelector('.dv-player audio').currentTime > 0.2")
        assert page.locator("img[src=x]").count() == 0
        assert (watched.troubles, watched.foreign) == ([], [])
        context.close()


def test_links_that_lead_nowhere_say_what_to_do(watched: Watched, base: str, cohort: Made):
    page = watched.page
    page.goto("/session?cohort=0000000000000000")
    expect(page.locator(".dv-failure")).to_contain_text("no such cohort")
    page.goto("/session?clip=nothing")
    expect(page.locator(".dv-failure")).to_contain_text("no such clip")
    page.click("text=The first clip")
    expect(page.locator(".dv-name")).to_contain_text("A001")
    page.goto(f"/session?clip={cohort.key(cohort.even)}&run=%3Cimg%20src%3Dx%3E")
    expect(page.locator(".dv-prediction")).to_contain_text("no such run")
    assert page.locator("img[src=x]").count() == 0
    # A refusal is a failed request, and Chromium says so of its own.
    refused = [one for one in watched.troubles if "status of 404" in one or "status of 422" in one]
    assert len(refused) == 2
    watched.troubles[:] = [one for one in watched.troubles if one not in refused]
