from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from divine import services
from tests.training.cohorts import write_cohort
from tests.ui.every_page import NAMES, VIEWS, go, visits
from tests.ui.running import studio, watch
from ui import shell

pytestmark = pytest.mark.browser
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="module")
def base(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    cohort = write_cohort(tmp_path_factory.mktemp("clinic"), per_group=3, codes=("KI", "AC"))
    out = services.reproduction_folder("20260101-000000-abcdef")
    services.reproduce("table4,figure3", cohort, out, folds=3, seeds=1, epochs=1, workers=1)
    with studio(services) as address:
        yield address


def test_every_page_is_visited():
    assert {f"/{name}" for name in NAMES} == set(shell.PATHS)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", VIEWS)
def test_a_page_is_sound_stays_here_and_is_accessible(base: str, browser: Browser, name: str, theme: str):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme)  # pyright: ignore
    watched = watch(context, base)
    go(watched.page, base, visits()[name])
    found = Axe().run(watched.page, options=RULES).response["violations"]
    broken = [
        f"{rule['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for rule in found
        for node in rule["nodes"]
    ]
    assert not broken, "\n".join(broken)
    assert watched.troubles == []
    assert watched.foreign == []
    context.close()
