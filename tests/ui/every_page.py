"""Every page of the studio with the demonstration in it: where it lies, and how to tell that it is drawn."""

from __future__ import annotations

from typing import NamedTuple

from playwright.sync_api import Page

from divine.services import browse
from divine.services.reproductions import reproductions
from divine.services.runs import runs
from ui.cohorts import DEMONSTRATION
from ui.reports import key_of

NAMES = ("cohort", "session", "assess", "encoders", "train", "runs", "reports")

VIEWS = (*NAMES, "order", "tables", "figure")
"""Pages, and views of theirs that look like pages; the last two need a reproduction in the home."""


class Visit(NamedTuple):
    """A page to look at."""

    name: str
    path: str
    drawn: str
    """What is there once the page has its content."""


def visits() -> dict[str, Visit]:
    """Return pages and views by name, each with something of the demonstration to show."""
    index = browse.load_cohort(DEMONSTRATION).index
    speech = next(clip for clip in index.clips if clip.task == "DDK_PATAKA" and clip.group not in index.healthy)
    key, run = browse.clip_key(speech), runs()[-1].id  # the demonstration's run is the last
    found = (
        Visit("cohort", "/cohort", "#dv-cohort .dv-said:is(.is-right, .is-wrong)"),
        Visit("session", f"/session?clip={key}&run={run}", ".dv-se-view[data-state=ready] .dv-lane canvas"),
        Visit("assess", "/assess", "#dv-go"),
        Visit("encoders", f"/encoders?clip={key}", "#dv-encoders canvas"),
        Visit("train", "/train", "#dv-train form, #dv-train button"),
        Visit("order", "/train?work=tables", ".dv-train-tables .dv-amount"),
        Visit("runs", f"/runs?run={run}", "#dv-runs table:visible"),
        Visit("reports", f"/reports?run={run}&subject={key_of(speech.person)}", ".dv-desk-pages img"),
    )
    tables = [
        visit
        for one in reproductions()[:1]
        for visit in (
            Visit("tables", f"/runs?tables={one.id}&table=4", ".dv-paper-table td a"),
            Visit("figure", f"/runs?tables={one.id}&table=figure", ".dv-panel table"),
        )
    ]
    return {visit.name: visit for visit in (*found, *tables)}


def go(page: Page, base: str, visit: Visit) -> None:
    """Open a page and wait until it is drawn; ``assess`` assesses the bundled example."""
    page.goto(base + visit.path)
    page.wait_for_selector(visit.drawn, timeout=60_000)
    if visit.name == "assess":
        page.click("#dv-example")
        page.wait_for_selector("[data-state=done] .dv-notes:not([hidden])", timeout=60_000)
    page.wait_for_timeout(1500)
