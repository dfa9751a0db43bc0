"""Fixtures that every room's tests may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from divine.config import PROJECT
from tests import clips

SHARED = PROJECT.parent / "shared" / "data" / "clips"


@pytest.fixture(scope="session", autouse=True)
def _not_the_user_s_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a session's fixtures leave behind must not lie in the user's own home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIVINE_HOME", str(tmp_path_factory.mktemp("session")))
        yield


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """State of one file's tests: no run, job or estimate of another file is seen, whichever ran before on the same worker."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIVINE_HOME", str(folder))
        yield folder


def _shared(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not among the shared clips here")
    return path


@pytest.fixture(scope="session")
def smile() -> Path:
    """A real face that smiles, 7.0 s; not shipped."""
    return _shared("SMILE.mp4")


@pytest.fixture(scope="session")
def fox() -> Path:
    """A real face that speaks a sentence, 10.1 s; not shipped."""
    return _shared("QUICK_BROWN_FOX.mp4")


@pytest.fixture(scope="session")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 s of numbered frames at 25 frames a second, with a tone of 440 Hz at 48 kHz."""
    path = tmp_path_factory.mktemp("clips") / "numbered.mp4"
    return clips.numbered_clip(path, clips.even_times(2, 25), sound=clips.tone(2))


@pytest.fixture(scope="session")
def numbered_avi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 s of numbered frames at 50 frames a second in an AVI, with the same tone."""
    path = tmp_path_factory.mktemp("clips") / "numbered.avi"
    return clips.numbered_clip(path, clips.even_times(2, 50), sound=clips.tone(2), fps=50)


@pytest.fixture(scope="session")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 numbered frames at the times of ``clips.uneven_times(60, start_s=0.2)``, with a tone that starts at 0.1 s."""
    path = tmp_path_factory.mktemp("clips") / "uneven.mp4"
    return clips.numbered_clip(path, clips.uneven_times(60, start_s=0.2), sound=clips.tone(2, start_s=0.1))


@pytest.fixture(scope="session")
def webcam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A browser's recording: WebM, 40 numbered frames at ``clips.uneven_times(40)``, no length or count in its header."""
    path = tmp_path_factory.mktemp("clips") / "webcam.webm"
    return clips.live_webm(path, clips.uneven_times(40), sound=clips.tone(1.5))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is at hand, a skipped test is a failure: CI must not grow blind."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("CI: a test was skipped (see -rs); everything must run here.", red=True)
