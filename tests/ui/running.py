"""A studio on a free port, in a thread, and a Chromium that looks at it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from tests.ui.asking import made
from ui.contract import Services
from ui.security import Access

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


@contextlib.contextmanager
def studio(services: Services, **options: Any) -> Iterator[str]:
    """Serve a studio; yields its address."""
    port = free_port()
    app = made(services, Access(port=port), **options)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started, "the studio did not start"
    address = f"http://127.0.0.1:{port}"
    # FastAPI builds Gradio's routes for the first who asks, under filters of warnings that all threads share: alone it is safe.
    urllib.request.urlopen(f"{address}/assess").close()
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(10)


@contextlib.contextmanager
def server(data: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve a studio in a process of its own, that can be killed."""
    script = "import sys, pathlib, ui.server as s; s.serve(port=int(sys.argv[1]), data=pathlib.Path(sys.argv[2]))"
    process = subprocess.Popen([sys.executable, "-c", script, str(port), str(data)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    try:
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/studio/session").close()
                break
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Watched:
    """A page, what went wrong on it, and what it asked of other machines."""

    page: Page
    troubles: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def watch(context: BrowserContext, base: str) -> Watched:
    """Open a page that keeps what goes wrong, and lets no request leave the studio."""
    watched = Watched(context.new_page())
    watched.page.set_default_timeout(15_000)

    def check(route: Route) -> None:
        if route.request.url.startswith((base, "blob:", "data:")):
            route.continue_()
        else:
            watched.foreign.append(route.request.url)
            route.abort()

    watched.page.route("**/*", check)
    watched.page.on("console", lambda said: watched.troubles.append(said.text) if said.type in ("error", "warning") else None)
    watched.page.on("pageerror", lambda error: watched.troubles.append(str(error)))
    return watched
