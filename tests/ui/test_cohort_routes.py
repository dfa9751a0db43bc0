"""The Cohort page's routes: what they tell, whom they refuse, and that no path ever leaves them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from divine.config import home
from divine.evaluation.table import Predictions
from divine.models.config import DivineConfig
from divine.records import Check, Quality
from divine.services import browse
from divine.store import write_atomically
from divine.training.run import Run, Status
from divine.training.spec import RunSpec
from tests.ui.asking import BASE, finish, made
from tests.ui.cohorts import HOSTILE, write_manifest
from tests.ui.fake import FakeServices
from ui.cohort_routes import DEFAULT
from ui.cohorts import Opened
from ui.login import Login
from ui.security import Access

HOME = f"/studio/cohorts/{DEFAULT}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("secret-folder"), 3).parent


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[FastAPI]:
    app = made(FakeServices(seconds=0.02), data=folder)
    yield app
    app.state.sessions.close()


@pytest.fixture
def opened(app: FastAPI) -> Opened:
    return app.state.cohorts.default().wait(10)


def grid(client: TestClient) -> dict:
    answer = client.get(f"{HOME}/grid")
    assert answer.status_code == 200
    return answer.json()


def test_the_grid_holds_every_clip_and_no_path(client: TestClient, opened: Opened, folder: Path):
    facts = grid(client)
    assert len(facts["clips"]) == 27
    assert [one["key"] for one in facts["clips"]] == [browse.clip_key(entry) for entry in opened.index.clips]
    assert {subject[2] for subject in facts["subjects"]} == {HOSTILE, "P001", "P002"}
    rated = next(one for one in facts["clips"] if one["task"] == "NSM_BROW")
    assert rated["ratings"] == [{"rater": "R1", "scores": [2.0], "total": 2.0}]
    (problem,) = [one for one in facts["problems"] if one["severity"] == "error"]
    assert (problem["file"], problem["row"], problem["column"]) == ("manifest.csv", 12, "rating_speed_R1")
    assert [(one["name"], one["problems"]) for one in facts["clips"] if one["problems"]] == [("001_DDK_PA.wav", 1)]
    told = "".join(client.get(f"{HOME}{part}").text for part in ("", "/grid", "/runs")) + client.get("/studio/cohorts").text
    assert str(folder.parent) not in told


def test_nothing_answers_without_the_cookie(app: FastAPI, opened: Opened):
    stranger = TestClient(app, base_url=BASE)
    key = browse.clip_key(opened.index.clips[0])
    for method, path in [("GET", ""), ("POST", ""), ("GET", "/default"), ("GET", "/default/grid"), ("GET", "/default/runs"),
                         ("POST", "/default/work"), ("POST", f"/default/clips/{key}/assess")]:  # fmt: skip
        assert stranger.request(method, f"/studio/cohorts{path}", json={"path": "/etc", "what": "quality"}).status_code == 404


@pytest.mark.parametrize("name", ["x", "..", "%2e%2e", "..%2f..%2fetc", "/etc/passwd", "0" * 16, "\u202e"])
def test_an_unknown_cohort_or_clip_is_not_there(client: TestClient, opened: Opened, name: str):
    assert client.get(f"/studio/cohorts/{name}/grid").status_code == 404
    assert client.post(f"{HOME}/clips/{name}/assess").status_code in (404, 405)
    assert client.get(f"{HOME}/said", params={"run": name}).status_code == 404


def test_a_folder_is_opened_by_its_path_and_then_named_by_its_id(client: TestClient, tmp_path: Path):
    write_manifest(tmp_path, 3, hostile=False)
    answer = client.post("/studio/cohorts", json={"path": f" '{tmp_path}' "})
    assert answer.status_code == 201
    base = f"/studio/cohorts/{answer.json()['id']}"
    assert wait(client, base)["state"] == "ready"
    assert len(client.get(f"{base}/grid").json()["clips"]) == 27
    listed = {one["id"]: one for one in client.get("/studio/cohorts").json()["recent"]}
    assert listed[answer.json()["id"]]["name"] == tmp_path.name
    assert client.delete(base).status_code == 204
    assert client.get(base).status_code == 404


@pytest.mark.parametrize("text", ["", "here", "http://169.254.169.254/latest"])
def test_what_is_no_path_is_refused_with_a_reason(client: TestClient, text: str):
    answer = client.post("/studio/cohorts", json={"path": text})
    assert answer.status_code == 422
    assert "whole path" in answer.json()["error"]


@pytest.mark.parametrize("text", ["/etc/passwd", "/etc", "/nowhere/at/all", "/proc/self/mem"])
def test_what_is_no_cohort_fails_and_shows_nothing_of_it(client: TestClient, text: str):
    base = f"/studio/cohorts/{client.post('/studio/cohorts', json={'path': text}).json()['id']}"
    state = wait(client, base)
    assert state["state"] == "failed"
    assert "root:" not in state["message"]
    assert client.get(f"{base}/grid").status_code == 409
    assert client.post(f"{base}/work", json={"what": "quality"}).status_code == 409


def test_beyond_this_machine_nobody_types_paths(folder: Path, tmp_path: Path):
    app = made(FakeServices(), Access("0.0.0.0", login=Login("clinic", "correct horse battery")), data=folder)
    client = TestClient(app, base_url=BASE)
    client.auth = ("clinic", "correct horse battery")
    client.get("/studio/session")
    answer = client.post("/studio/cohorts", json={"path": str(tmp_path)})
    assert answer.status_code == 403
    assert "--data" in answer.json()["error"]
    assert not client.get("/studio/cohorts").json()["typing"]
    assert wait(client, HOME)["state"] == "ready"
    app.state.sessions.close()


def test_a_clip_of_the_cohort_is_assessed_where_it_lies(client: TestClient, opened: Opened, stranger: TestClient):
    entry = opened.index.clips[4]
    assert entry.audio is not None
    job = client.post(f"{HOME}/clips/{browse.clip_key(entry)}/assess").json()["job"]
    state = finish(client, job, ("assessment.json",))
    assert state["name"] == entry.name
    assert state["task"] == entry.task
    assert entry.audio.is_file()
    assert stranger.get(f"/studio/jobs/{job}").status_code == 404


def test_quality_is_told_once_known_and_forgotten_when_the_file_changes(client: TestClient, opened: Opened):
    entry = opened.index.clips[2]
    assert entry.audio is not None
    before = client.get(HOME).json()["revision"]
    opened.note_quality(
        entry, Quality((Check("sound", float("nan"), "dB", False, "Louder."), Check("duration", 2.0, "s", True, "")))
    )
    assert client.get(HOME).json()["revision"] > before
    expected = {"passed": False, "checks": 2, "failed": [{"name": "sound", "value": None, "unit": "dB", "advice": "Louder."}]}
    assert [one["quality"] for one in grid(client)["clips"]][2] == expected
    again = browse.KnownQuality(opened.path, opened.id).get(entry)
    assert again is not None
    assert again.checks[1] == Check("duration", 2.0, "s", True, "")
    assert np.isnan(again.checks[0].value)
    entry.audio.write_bytes(entry.audio.read_bytes() + b"changed")
    assert grid(client)["clips"][2]["quality"] is None


def test_checking_quality_looks_at_every_clip_and_can_be_stopped(client: TestClient, opened: Opened, monkeypatch):
    seen: list[str] = []

    def look(entry, *, on_progress):
        seen.append(entry.name)
        on_progress(0.5)
        if len(seen) == 5:
            assert client.delete(f"{HOME}/work").status_code == 204
        return Quality((Check("duration", 3.0, "s", True, ""),))

    monkeypatch.setattr(browse, "quality_of", look)
    assert client.post(f"{HOME}/work", json={"what": "dance"}).status_code == 409
    unseen = sum(one["quality"] is None for one in grid(client)["clips"])
    assert client.post(f"{HOME}/work", json={"what": "quality"}).status_code == 202
    idle(client)
    assert len(seen) == 5
    assert client.post(f"{HOME}/work", json={"what": "quality"}).status_code == 202
    idle(client)
    assert len(set(seen)) == unseen
    assert all(one["quality"] for one in grid(client)["clips"])


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of these tests stays out of the list that others look at."""
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path / "home"))


@pytest.mark.usefixtures("own_home")
def test_a_run_says_what_it_predicts_of_each_clip(client: TestClient, opened: Opened):
    place = Run(home() / "runs" / "voices")
    place.begin(replace(RunSpec(str(opened.path), "AC", DivineConfig.small()), folds=3, seeds=2))
    write_atomically(place.split_file, b"{}")
    place.set_status(Status("done", 1, 1, "", synthetic=False))
    write_atomically(place.folder / "predictions.parquet", _table(opened).to_parquet())
    (run,) = [one for one in client.get(f"{HOME}/runs").json() if one["id"] == "voices"]
    assert run["encoders"] == "AC"
    said = client.get(f"{HOME}/said", params={"run": "voices"}).json()
    entry = opened.index.clips[0]
    prediction, probability, total = said[browse.clip_key(entry)]
    assert set(said) == {browse.clip_key(one) for one in opened.index.clips}
    assert (prediction, probability) == ("HC", pytest.approx(0.5))  # the mean of 0.2 and 0.8 against 0.5 and 0.1
    assert total == pytest.approx(3.0)


def _table(opened: Opened) -> pd.DataFrame:
    """Two seeds that disagree."""
    probabilities = ({"ALS": 0.5, "HC": 0.2, "Stroke": 0.3}, {"ALS": 0.1, "HC": 0.8, "Stroke": 0.1})
    rows = [
        {"dataset": clip.dataset, "group": clip.group, "subject": clip.subject, "clip": clip.name,
         "task": clip.task, "part": "test",
         "fold": 0, "seed": seed, "system": "divine", "objective": "M", "encoders": "AC", "modalities": "audio",
         "target": clip.group, "prediction": max(given, key=given.__getitem__), "target_level": None, "predicted_level": "mild",
         "target_total": 2.0, "predicted_total": 2.0 + 2 * seed, "target_speed": 2.0, "predicted_speed": 2.0 + 2 * seed,
         "gate_audio": 0.5, "gate_video": np.nan, "attention_speed": 1.0}
        | {f"probability_{name}": p for name, p in given.items()}
        for clip in opened.index.clips for seed, given in enumerate(probabilities)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    Predictions(frame)
    return frame


def wait(client: TestClient, base: str) -> dict:
    deadline = time.monotonic() + 10
    while (state := client.get(base).json())["state"] == "loading":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    json.dumps(state, allow_nan=False)
    return state


def idle(client: TestClient) -> None:
    deadline = time.monotonic() + 10
    while client.get(HOME).json()["busy"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_is_planned_on_a_cohort_whose_folder_is_gone(client: TestClient, opened: Opened, folder: Path):
    order = {"cohort": "", "what": ["table4"], "folds": 3, "seeds": 1, "epochs": 1, "device": "cpu", "workers": None}
    assert client.post("/studio/train/tables/plan", json=order).status_code == 200
    away = folder.rename(folder.with_name("away"))
    try:
        refused = client.post("/studio/train/tables/plan", json=order)
        assert refused.status_code == 422 and "is not there" in refused.json()["detail"]
    finally:
        away.rename(folder)
