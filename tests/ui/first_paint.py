"""How soon a page shows something of use: ``python -m tests.ui.first_paint [TIMES]``.

Each of the seven pages is opened ``TIMES`` times (5), every time in a browser profile that has cached nothing, on a studio of
its own that runs in another process and holds the demonstration. Prints, per page, the browser's first contentful paint and the
moment at which the page's own first useful element is on the screen: both medians in milliseconds from the start of the
navigation, and the worst of the second. Ends with status 1 if a page's median is above 2 s.

The studio has been asked for each page once before: what the very first visit after a start costs is printed apart.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator

from playwright.sync_api import Browser, Page

from tests.ui.every_page import Visit, visits
from tests.ui.running import chromium, free_port

LIMIT_MS = 2000.0
USEFUL = {
    "cohort": ".dv-row:not(.is-head) .dv-cell a",
    "session": ".dv-screen video",
    "assess": ".dv-drop",
    "encoders": "#dv-encoders tbody tr",
    "train": "#dv-launch",
    "runs": ".dv-metrics tbody tr",
    "reports": ".dv-desk-order select",
}
"""What one came for: the grid, the recording, the place to drop one, the list, the form, the numbers, the choice."""
WATCH = """(selector) => {
    const there = (one) => one.checkVisibility() && one.getBoundingClientRect().height > 0;
    const shown = () => [...document.querySelectorAll(selector)].some(there);
    const look = () => {
        // What is there when a frame is prepared is on the screen with the next one.
        if (shown()) requestAnimationFrame(() => { window.usefulAt = performance.now(); });
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"


def main(times: int) -> int:
    """Measure, print the table, and say whether the limit holds."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["DIVINE_HOME"] = home
        pages = visits().values()
        with server() as base, chromium() as browser:
            cold = {one.name: opened(browser, base, one, wait=True) for one in pages}
            print(
                f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {times} visits each, nothing cached in the browser\n"
            )
            print("| page | first paint, ms | first useful, ms | worst | first visit after a start |")
            print("|---|---|---|---|---|")
            good = True
            for one in pages:
                seen = [opened(browser, base, one) for _ in range(times)]
                paint, useful = (statistics.median(column) for column in zip(*seen, strict=True))
                worst = max(found for _, found in seen)
                print(f"| {one.name} | {paint:.0f} | {useful:.0f} | {worst:.0f} | {cold[one.name][1]:.0f} |", flush=True)
                good = good and useful <= LIMIT_MS
    return 0 if good else 1


def opened(browser: Browser, base: str, visit: Visit, *, wait: bool = False) -> tuple[float, float]:
    """Open a page in a fresh profile; return first contentful paint and first useful paint, ms from the navigation's start."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(f"({WATCH})({USEFUL[visit.name]!r})")
    page.goto(base + visit.path, wait_until="commit")
    useful = page.wait_for_function("() => window.usefulAt").json_value()
    if wait and visit.name != "assess":
        page.wait_for_selector(visit.drawn)
    paint = _paint(page)
    context.close()
    return paint, float(useful)


def _paint(page: Page) -> float:
    return float(page.evaluate(PAINTED))


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Serve the demonstration from a process of its own, once it has loaded its models."""
    port = free_port()
    script = "import sys, ui.server as s; s.serve(port=int(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", script, str(port)], stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/studio/session").close()
                break
            time.sleep(0.05)
        time.sleep(20)  # the models are loaded in the background
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
