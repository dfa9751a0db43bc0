"""Assessments in the background: order, cancel, failure, what is kept and when it is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from divine.records import AudioStream, Clip, DivineError
from tests.ui.asking import BASE, assess, finish, made, start, upload
from tests.ui.fake import FRAMES, FakeServices
from ui import sessions as rules
from ui.jobs import Job, Order
from ui.pages import assess as page
from ui.sessions import Sessions
from ui.workspace import Workspace, shown_name

HOSTILE = "<img src=x onerror=alert(1)>${7*7}{{8*8}}.mp4"


@pytest.fixture(autouse=True)
def _fresh(services: FakeServices, app: FastAPI):
    """Every test begins with a service that works and leaves nothing waiting."""
    for name in ("error", "held", "lost"):
        setattr(services, name, FakeServices.__dataclass_fields__[name].default)
    services.hold = threading.Event()
    yield
    services.hold.set()


def wait_until(truth, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def test_a_recording_becomes_a_result_under_the_name_that_the_user_knows(
    client: TestClient, clip: Path, services: FakeServices
):
    job = assess(client, clip, HOSTILE, task="DDK_PA")
    state = finish(client, job, ("media.mp4", "track.bin", "frames.bin"))
    assert state["name"] == HOSTILE
    assert state["clip"]["video"]["width"] == 320
    assert state["face"]["found"] == FRAMES
    assert services.tasks[-1] == "DDK_PA"
    result = client.get(f"/studio/jobs/{job}/assessment.json")
    assert result.json()["clip"]["name"] == HOSTILE
    assert result.json()["diagnosis"]["prediction"] == "stroke"
    measured = client.get(f"/studio/jobs/{job}/measured.json").json()
    assert {"title", "formula", "help", "unit", "source"} <= measured["measures"][0].keys()
    saved = client.get(f"/studio/jobs/{job}/assessment.json?download=1")
    assert saved.headers["content-disposition"].startswith("attachment")
    assert "<" not in saved.headers["content-disposition"]
    assert saved.json() == result.json()
    printed = client.get(f"/studio/jobs/{job}/report.pdf?download=1")
    assert printed.headers["content-disposition"].startswith("attachment")
    assert printed.content.startswith(b"%PDF")


def test_the_upload_is_deleted_as_soon_as_nothing_needs_it(client: TestClient, clip: Path, services: FakeServices):
    finish(client, assess(client, clip), ("media.mp4",))
    wait_until(lambda: not services.seen[-1].parent.exists())


def test_a_media_route_answers_ranges(client: TestClient, clip: Path):
    job = assess(client, clip)
    finish(client, job, ("media.mp4",))
    whole = client.get(f"/studio/jobs/{job}/media.mp4")
    assert whole.headers["content-type"] == "video/mp4"
    part = client.get(f"/studio/jobs/{job}/media.mp4", headers={"range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert client.get(f"/studio/jobs/{job}/media.mp4", headers={"range": "bytes=999999999-"}).status_code == 416


def test_sound_alone_is_played_and_judged(client: TestClient, sound: Path):
    job = assess(client, sound)
    state = finish(client, job, ("media.wav",))
    assert state["clip"]["modalities"] == ["audio"]
    assert "track.bin" not in state["parts"]
    assert client.get(f"/studio/jobs/{job}/media.wav").content[:4] == b"RIFF"


def test_a_separate_sound_goes_with_its_recording(client: TestClient, clip: Path, sound: Path):
    picture = upload(client, clip.read_bytes(), "a.mp4").json()["id"]
    voice = upload(client, sound.read_bytes(), "b.wav").json()["id"]
    state = finish(client, start(client, picture, voice)["job"])
    assert state["sound_name"] == "b.wav"
    assert state["clip"]["audio"]["origin"] == "given"


def test_an_error_is_told_with_the_user_s_name_and_no_path_of_ours(client: TestClient, clip: Path, services: FakeServices):
    services.error = "{name}: holds no face. Record it again."
    state = finish(client, assess(client, clip, "mine.mp4"))
    assert state["state"] == "failed"
    assert state["error"] == "mine.mp4: holds no face. Record it again."


def test_an_error_of_ours_is_told_without_its_insides(
    client: TestClient, clip: Path, services: FakeServices, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(services, "_measured", lambda clip: 1 / 0)
    state = finish(client, assess(client, clip))
    assert state["state"] == "failed"
    assert "division" not in state["error"]
    assert "log" in state["error"]


def test_a_picture_that_cannot_be_shown_does_not_spoil_the_result(
    client: TestClient, clip: Path, services: FakeServices, monkeypatch: pytest.MonkeyPatch
):
    def refuse(clip: Clip, out: Path, *, on_progress=None) -> np.ndarray:
        raise DivineError(f"{clip.name}: cannot be copied.")

    monkeypatch.setattr(services, "viewing_copy", refuse)
    job = assess(client, clip, "mine.mp4")
    state = finish(client, job)
    wait_until(lambda: client.get(f"/studio/jobs/{job}").json()["picture_error"] == "mine.mp4: cannot be copied.")
    assert state["state"] == "done"


def test_one_at_a_time_in_order_and_cancel_frees_the_place(
    client: TestClient, stranger: TestClient, clip: Path, services: FakeServices
):
    services.held = True
    first, second = assess(client, clip), assess(stranger, clip)
    wait_until(lambda: client.get(f"/studio/jobs/{first}").json()["stage"] == "landmarks")
    waiting = stranger.get(f"/studio/jobs/{second}").json()
    assert (waiting["state"], waiting["ahead"]) == ("queued", 1)
    services.held = False
    assert client.post(f"/studio/jobs/{first}/cancel").status_code == 204
    assert finish(client, first)["state"] == "cancelled"
    assert finish(stranger, second)["state"] == "done"


def test_a_waiting_assessment_is_cancelled_without_ever_starting(client: TestClient, clip: Path, services: FakeServices):
    services.held = True
    first, second = assess(client, clip), assess(client, clip)
    wait_until(lambda: client.get(f"/studio/jobs/{first}").json()["state"] == "running")
    client.post(f"/studio/jobs/{second}/cancel")
    begun = len(services.seen)
    services.hold.set()
    finish(client, first)
    assert client.get(f"/studio/jobs/{second}").json()["state"] == "cancelled"
    wait_until(lambda: len(services.seen) == begun)


def test_one_browser_cannot_fill_the_queue(client: TestClient, stranger: TestClient, clip: Path, services: FakeServices):
    services.held = True
    jobs = [assess(client, clip) for _ in range(rules.WAITING_PER_OWNER)]
    taken = upload(client, clip.read_bytes(), "more.mp4").json()["id"]
    assert "still wait" in start(client, taken)["error"]
    other = assess(stranger, clip)
    services.hold.set()
    for job in jobs:
        finish(client, job)
    assert finish(stranger, other)["state"] == "done"


def test_delete_deletes(client: TestClient, clip: Path, app: FastAPI):
    job = assess(client, clip)
    finish(client, job, ("media.mp4",))
    folder = app.state.sessions._jobs[job].folder
    assert folder.exists()
    assert client.delete(f"/studio/jobs/{job}").status_code == 204
    assert not folder.exists()
    assert client.get(f"/studio/jobs/{job}/media.mp4").status_code == 404


def test_a_removed_upload_is_gone(client: TestClient, app: FastAPI):
    taken = upload(client, b"x", "a.mp4").json()["id"]
    before = len(list(app.state.sessions.workspace.root.iterdir()))
    assert client.delete(f"/studio/uploads/{taken}").status_code == 204
    assert len(list(app.state.sessions.workspace.root.iterdir())) == before - 1
    assert "error" in start(client, taken)


def test_the_example_is_marked_and_stays(clip: Path, services: FakeServices, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "EXAMPLE", clip)
    app = made(services)
    client = TestClient(app, base_url=BASE)
    client.get("/studio/session")
    answer = client.post("/gradio_api/run/assess_example", json={"data": [""]})
    state = finish(client, json.loads(answer.json()["data"][0])["job"], ("media.mp4",))
    assert state["example"]
    app.state.sessions.close()
    assert clip.exists()


@pytest.mark.parametrize(
    "selection", ["", "[]", "null", "{", '{"recording": 3}', '{"recording": {"a": 1}}', '{"recording": "../x"}']
)
def test_a_strange_selection_starts_nothing(client: TestClient, selection: str):
    answer = client.post("/gradio_api/run/assess", json={"data": [selection, "DDK_PA", ""]})
    assert "Choose a recording" in json.loads(answer.json()["data"][0])["error"]


@pytest.fixture
def area(tmp_path: Path) -> Sessions:
    return Sessions(FakeServices(seconds=0.01), Workspace(1000, tmp_path))


def order(tmp_path: Path, owner: str = "me") -> Order:
    recording = tmp_path / "recording.mp4"
    recording.write_bytes(b"x")
    return Order(owner, "a.mp4", recording, None, "", None, False, ())


def test_what_nobody_looks_at_expires_and_closing_deletes_everything(area: Sessions, tmp_path: Path):
    job = area.submit(order(tmp_path))
    wait_until(lambda: job.over)
    area.expire(idle_s=3600)
    assert area.get("me", job.id) is job
    area.expire(idle_s=-1)
    assert area.get("me", job.id) is None
    assert not job.folder.exists()
    area.close()
    assert not area.workspace.root.exists()


def test_a_killed_studio_s_area_is_deleted_by_the_next(tmp_path: Path):
    code = f"from pathlib import Path; from ui.workspace import Workspace; print(Workspace(9, Path({str(tmp_path)!r})).root)"
    left = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    living = tmp_path / f"divine-studio-{os.getppid()}-living"
    living.mkdir()
    assert Path(left).exists()
    Workspace(9, tmp_path)
    assert not Path(left).exists()
    assert living.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\clips\\a.mp4", "a.mp4"),
        ("../../a.mp4", "a.mp4"),
        ("a\nb\x00.mp4", "a b .mp4"),
        ("  ", "recording"),
        (HOSTILE, HOSTILE),
    ],
)
def test_a_shown_name_is_one_line_without_folders(name: str, shown: str):
    assert shown_name(name) == shown


def test_a_clip_keeps_all_but_its_name(tmp_path: Path):
    clip = Clip("recording.mp4", "0" * 64, 1.0, None, AudioStream(tmp_path, "aac", 8000, 1, 0.0, "embedded"), ("a note",))
    job = Job("id", order(tmp_path), tmp_path)
    assert job.renamed(clip) == replace(clip, name="a.mp4")
