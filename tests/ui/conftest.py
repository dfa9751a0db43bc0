from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from tests.ui.asking import BASE, made
from tests.ui.fake import FakeServices, write_clip, write_sound
from tests.ui.running import Watched, chromium, watch
from tests.ui.session_cohort import Made, make


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def watched(browser: Browser, base: str) -> Iterator[Watched]:
    """A page of the module's studio ``base``; whatever goes wrong on it, or leaves the machine, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=base)
    watched = watch(context, base)
    watched.page.set_default_timeout(60_000)
    yield watched
    context.close()
    assert watched.foreign == []
    assert watched.troubles == []


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "A004_02_DDK_PA_color.mp4")


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sound(tmp_path_factory.mktemp("sounds") / "voice.wav")


@pytest.fixture(scope="module")
def cohort(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Numbered frames of six people, with a run of chosen answers in the home."""
    return make(tmp_path_factory.mktemp("numbered") / "cohort")


@pytest.fixture(scope="module")
def services() -> FakeServices:
    return FakeServices(seconds=0.02)


@pytest.fixture(scope="module")
def app(services: FakeServices) -> Iterator[FastAPI]:
    app = made(services, upload_bytes=200_000)
    yield app
    app.state.sessions.close()


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """A browser that has opened the page."""
    client = TestClient(app, base_url=BASE, follow_redirects=False)
    client.get("/studio/session")
    return client


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """Another browser that has opened the page."""
    client = TestClient(app, base_url=BASE, follow_redirects=False)
    client.get("/studio/session")
    return client
