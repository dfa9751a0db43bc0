"""Encoders with tiny random weights, in a home of their own."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from divine.encoders import fetch, registry
from divine.encoders.convert import rewrite
from divine.records import Observation
from tests.encoders import published
from tests.encoders.observations import face, filmed, observation, voice

Made = Callable[[float, float], Observation]
"""Seconds and movements per second."""


@dataclasses.dataclass(frozen=True)
class Tiny:
    """What is published, and what was brought of it."""

    sources: Path
    home: Path

    def source(self, code: str) -> Path:
        """Return the published files of an encoder."""
        folder = self.sources / code
        return folder if folder.is_dir() else published.publish(code, folder)

    def folder(self, code: str) -> Path:
        """Return the folder that the encoder reads, brought on first use."""
        folder = self.home / "encoders" / code
        if code in published.CODES and not folder.is_dir():
            fetch.fetch(code, folder=self.source(code))
        return folder


def convert_here(pickle: Path, out: Path) -> int:
    """Convert in this process: the child, which is slow to start, has tests of its own."""
    rewrite(pickle, str(out), report=lambda fraction: None)
    return 0


@pytest.fixture(scope="session")
def _tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tiny, dict]:
    return Tiny(tmp_path_factory.mktemp("published"), tmp_path_factory.mktemp("tiny-home")), {}


@pytest.fixture
def tiny(_tiny: tuple[Tiny, dict], monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """Tiny weights, shared by all tests, which must not change them; encoders stay loaded between tests."""
    monkeypatch.setenv("DIVINE_HOME", str(_tiny[0].home))
    monkeypatch.setattr(registry, "_LOADED", _tiny[1])
    monkeypatch.setattr(fetch, "convert", convert_here)
    return _tiny[0]


@pytest.fixture
def own(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Gives a test its own copy of an encoder's folder, without its record, to do harm to."""
    monkeypatch.setattr(registry, "_LOADED", {})

    def copied(code: str) -> Path:
        source = tiny.folder(code)
        monkeypatch.setenv("DIVINE_HOME", str(tmp_path))
        folder = tmp_path / "encoders" / code
        shutil.copytree(source, folder)
        if code != "TR":  # which refuses to load without one
            (folder / "divine.json").unlink()
        return folder

    return copied


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make an observation with sound, landmarks, and a film of the face they belong to; a film once per session."""
    folder, kept = tmp_path_factory.mktemp("films"), {}

    def make(seconds: float, rate_hz: float) -> Observation:
        key = (seconds, rate_hz)
        if key not in kept:
            clip = filmed(folder / f"{seconds}-{rate_hz}.mp4", seconds, rate_hz=rate_hz)
            seen = observation(face(seconds, rate_hz=rate_hz), voice(seconds, rate_hz=rate_hz))
            kept[key] = dataclasses.replace(seen, clip=dataclasses.replace(seen.clip, video=clip.video))
        return kept[key]

    return make
