"""Frame accuracy of the player in Debian's Chromium: the number in the picture against the number that the page names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from divine.data.schema import ClipEntry
from tests.ui.fake import FakeServices
from tests.ui.running import CHROMIUM, studio, watch
from tests.ui.session_cohort import FRAMES, Made
from tests.ui.session_frames import READY, click_curves, seek_frames

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def page(browser: Browser, cohort: Made) -> Iterator[Page]:
    with studio(FakeServices(), data=cohort.root) as base:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=base)
        watched = watch(context, base)
        watched.page.set_default_timeout(60_000)
        yield watched.page
        context.close()
        assert watched.troubles == []
        assert watched.foreign == []


def opened(page: Page, cohort: Made, entry: ClipEntry) -> np.ndarray:
    page.goto(f"/session?clip={cohort.key(entry)}")
    page.wait_for_selector(READY)
    return cohort.times[entry.name]


@pytest.mark.parametrize("rate", ["even", "uneven"])
def test_no_wrong_frame_in_200_seeks(page: Page, cohort: Made, rate: str):
    opened(page, cohort, getattr(cohort, rate))
    # Each differs from the one before: a seek to where one is raises no event.
    wanted = np.cumsum(np.random.default_rng(7).integers(1, FRAMES, 200)) % FRAMES
    seen = seek_frames(page, wanted.tolist())
    wrong = [(int(asked), *found) for asked, found in zip(wanted, seen, strict=True) if found != (asked, asked)]
    assert wrong == []
    assert len(seen) == 200


@pytest.mark.parametrize("rate", ["even", "uneven"])
def test_a_click_on_a_curve_shows_the_frame_of_that_moment(page: Page, cohort: Made, rate: str):
    times = opened(page, cohort, getattr(cohort, rate))
    # The lanes' clock runs to the end of the recording; the last frame is on from its own time until then.
    length = page.evaluate("document.querySelector('.dv-screen video').duration")
    parts = [0.5, 0.11, 0.93, 0.37, 0.72, 0.05]
    for lane in (0, page.locator(".dv-lane canvas").count() - 1):  # a curve, and the spectrogram
        seen = click_curves(page, parts, lane)
        for part, (picture, named, _) in zip(parts, seen, strict=True):
            assert picture == named
            moment = part * length
            # A pixel is some milliseconds wide, and the plot may end a little after the picture.
            assert times[named] - 0.02 <= moment <= (times[named + 1] if named + 1 < FRAMES else length) + 0.02
