"""The Encoders page in Debian's Chromium, on a cohort with two runs of chosen answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from divine.config import home
from divine.data.schema import ClipEntry
from tests.explain.made_run import write_run
from tests.ui.fake import FakeServices
from tests.ui.running import CHROMIUM, Watched, studio
from tests.ui.session_cohort import RUN, Made

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine"),
]
expect.set_options(timeout=30_000)
SECOND = "second-answers"


def answer(clip: ClipEntry, setting: str, fold: int, seed: int) -> dict[str, object]:
    """Sure of the truth to 60 %, whoever it is, but to 95 % of A002."""
    sure = 0.95 if clip.subject == "A002" else 0.6
    als = sure if clip.group == "ALS" else 1 - sure
    said: dict[str, object] = {"prediction": clip.group, "probability_ALS": als, "probability_HC": 1 - als}
    return said | {"gate_video": 0.5, "gate_audio": 0.5}


@pytest.fixture(scope="module")
def base(cohort: Made) -> Iterator[str]:
    write_run(home() / "runs" / SECOND, cohort.root, answer)
    with studio(FakeServices(), data=cohort.root) as base:
        yield base


def test_two_encoders_on_a_clip_agree_over_time(watched: Watched, cohort: Made):
    page = watched.page
    page.goto(f"/encoders?clip={cohort.key(cohort.even)}&one=KI&other=AC")
    expect(page.locator(".dv-enc-map canvas")).to_have_count(2)
    line = page.locator(".dv-enc-line svg")
    expect(line).to_have_attribute("aria-label", re.compile("^Agreement over time; least at "))
    expect(page.locator(".dv-enc-said tbody tr")).to_have_count(2)
    expect(page.locator(".dv-enc-said tbody tr").first).not_to_contain_text("…")


def test_two_runs_are_paired_subject_by_subject_with_their_test(watched: Watched):
    page = watched.page
    page.goto(f"/encoders?first={RUN}&second={SECOND}")
    paired = page.locator("[data-metric=probability_of_truth]")
    # the first gives ALS 80 % and healthy controls 70 % (100 - 20 - 10): 20 and 10 points more, but 15 less of A002
    expect(paired.locator("li")).to_have_count(6)
    expect(paired.locator("li").first).to_contain_text("+20.0")
    expect(paired.locator("li").last).to_contain_text("A002")
    expect(paired.locator("li").last).to_contain_text("−15.0")
    expect(paired.locator("p")).to_contain_text("surer of the truth in 5 of 6 subjects; median difference +10.0 points")
    expect(paired.locator("p")).to_contain_text("Wilcoxon over subjects, p =")
    assert page.locator("[data-metric=error_of_total]").count() == 0  # nobody's total is known to both
    link = page.url
    page.goto(link)
    expect(paired.locator("li")).to_have_count(6)


def test_the_grid_has_the_papers_number_below_and_says_what_is_absent(watched: Watched):
    page = watched.page
    page.goto("/encoders")
    grid = page.locator(".dv-enc-grid")
    expect(grid.locator("tbody tr")).to_have_count(6)
    expect(grid.locator("tbody td")).to_have_count(42)  # six by six, and the embedded encoder of the voice
    expect(grid.locator("tbody tr", has_text="KI").locator("td").first).to_contain_text("83.26")
    page.get_by_label("Metric").select_option("mae_total")
    expect(page.locator("[data-part=grid]")).to_contain_text("the two are never subtracted")
