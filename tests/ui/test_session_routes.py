"""The Session page's routes: what they say, what they refuse, and that no path or name of a browser's reaches a file."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.ui.asking import BASE, made
from tests.ui.fake import FakeServices
from tests.ui.session_cohort import ANNOTATED, APART_PX, FRAMES, RUN, Made


@pytest.fixture(scope="module")
def app(cohort: Made) -> Iterator[FastAPI]:
    app = made(FakeServices(), data=cohort.root)
    yield app
    app.state.sessions.close()


def roster(client: TestClient) -> dict[str, Any]:
    for _ in range(400):
        found = client.get("/studio/session/default").json()
        if found["state"] != "loading":
            return found
        time.sleep(0.05)
    raise AssertionError("the cohort was not read")


def opened(client: TestClient, cohort: str, key: str) -> dict[str, Any]:
    client.post(f"/studio/session/{cohort}/{key}")
    for _ in range(1200):
        found = client.get(f"/studio/session/{cohort}/{key}").json()
        if found["state"] in ("done", "failed") and found["view_state"] in ("done", "failed"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"the clip was not opened: {found}")


def test_the_roster_names_everybody_and_no_path(client: TestClient, cohort: Made):
    found = roster(client)
    first = found["subjects"][0]
    assert (first["id"], first["group"], [clip["task"] for clip in first["clips"]]) == ("A001", "ALS", ["DDK_PA", "NSM_OPEN"])
    assert found["synthetic"] is True
    assert [one["id"] for one in found["runs"]] == [RUN]
    assert str(cohort.root.parent) not in json.dumps(found)


def test_a_clip_brings_its_parts_on_one_clock(client: TestClient, cohort: Made):
    where, key = roster(client)["id"], cohort.key(cohort.even)
    found = opened(client, where, key)
    assert (found["state"], found["error"], found["view_error"]) == ("done", "", "")
    assert found["ratings"][1] == {"rater": "SLP2", "scores": [4.0] * 5, "total": 20.0}
    grid = client.get(f"/studio/cohorts/{where}/grid").json()["clips"]
    looked_at = {one["key"] for one in grid if one["quality"]}  # whoever opened it has looked at it
    assert key in looked_at
    assert cohort.key(cohort.other("N003", "DDK_PA")) not in looked_at
    base = f"/studio/session/{where}/{key}"
    times = np.frombuffer(client.get(f"{base}/frames.bin").content, "<f8")
    np.testing.assert_allclose(times, cohort.times[cohort.even.name], atol=1e-4)
    track = client.get(f"{base}/track.bin").content
    assert struct.unpack_from("<4sI", track) == (b"DVT1", FRAMES)
    sound = client.get(f"{base}/sound.bin").content
    magic, columns, rows, start, column, top, floor, span = struct.unpack_from("<4sIIfffff", sound)
    assert (magic, start, top, span) == (b"DVS1", 0.0, 8000.0, 70.0)
    assert len(sound) == 32 + 2 * columns + rows * columns
    assert columns * column == pytest.approx(3.0, abs=0.05)
    levels = np.frombuffer(sound, np.uint8, rows * columns, 32 + 2 * columns).reshape(rows, columns)
    loudest = int(levels[:, columns // 2].argmax())
    assert loudest * top / rows == pytest.approx(440, abs=32)  # the tone of these clips
    level = floor + levels[loudest, columns // 2] / 255 * span
    assert level == pytest.approx(20 * np.log10(0.5), abs=1.0)
    hand = client.get(f"{base}/hand.json").json()
    assert [one["frame"] for one in hand] == list(ANNOTATED)
    assert hand[0]["error_px"] == pytest.approx(APART_PX, abs=0.01)
    peaks = [one["peak_s"] for one in client.get(f"{base}/repetitions.json").json()]
    assert peaks == pytest.approx([1.25, 2.25], abs=0.02)  # the fake mouth opens once a second; the first opening is cut
    assert {"lip_aperture", "f0"} <= {one["name"] for one in client.get(f"{base}/measured.json").json()["curves"]}
    part = client.get(f"{base}/media.mp4", headers={"range": "bytes=0-99"})
    assert (part.status_code, len(part.content), part.headers["content-type"]) == (206, 100, "video/mp4")


def test_what_a_run_says(client: TestClient, cohort: Made):
    base = f"/studio/session/{roster(client)['id']}/{cohort.key(cohort.even)}/run"
    found = client.get(f"{base}/{RUN}").json()
    assert dict(zip(found["classes"], found["probabilities"], strict=True)) == pytest.approx({"ALS": 0.8, "HC": 0.2})
    assert (found["prediction"], found["seeds"], found["against"], found["synthetic"]) == ("ALS", 2, "healthy", True)
    assert [(one["task"], one["ratings"][0]["total"]) for one in found["tasks"]] == [("DDK_PA", 15.0), ("NSM_OPEN", 15.0)]
    assert [one["modalities"] for one in found["removal"]["answers"]] == [["video", "audio"], ["video"], ["audio"], []]
    worth = {one["modality"]: one["probability"] for one in found["removal"]["contributions"]}
    assert sum(worth.values()) == pytest.approx(0.8 - 0.5, abs=1e-6)
    assert [one["name"] for one in found["gates"]] == ["video", "audio"]
    assert found["attention"][0]["others"] == sorted(found["attention"][0]["others"])
    assert client.get(f"{base}/{RUN}", params={"against": "group:HC' OR 1"}).json()["against"] == "healthy"
    refused = client.get(f"{base}/nowhere")
    assert refused.status_code == 422
    assert "no such run" in refused.json()["error"]


@pytest.mark.parametrize(
    "part", ["../media.mp4", "%2e%2e%2fmedia.mp4", "etc/passwd", "MEDIA.MP4", "media.mp4.partial", "store"]
)
def test_only_named_parts_exist(client: TestClient, cohort: Made, part: str):
    where, key = roster(client)["id"], cohort.key(cohort.even)
    opened(client, where, key)
    assert client.get(f"/studio/session/{where}/{key}/{part}").status_code == 404


@pytest.mark.parametrize("where", ["../../etc", "%2Fetc", "0" * 16, "default%00", "DEFAULT"])
def test_unknown_cohorts_and_clips_are_not_found(client: TestClient, cohort: Made, where: str):
    assert client.get(f"/studio/session/{where}").status_code == 404
    assert client.post(f"/studio/session/default/{where}").status_code == 404
    assert client.get(f"/studio/session/default/{cohort.key(cohort.other('N001', 'DDK_PA'))}").status_code == 404  # not opened


def test_a_stranger_without_the_pages_cookie_is_refused(app: FastAPI, cohort: Made):
    bare = TestClient(app, base_url=BASE)
    assert bare.get("/studio/session/default").status_code == 404
    assert bare.post(f"/studio/session/default/{cohort.key(cohort.even)}").status_code == 404


def test_a_damaged_recording_says_what_to_do_and_names_no_folder(client: TestClient, cohort: Made):
    entry = cohort.other("A003", "DDK_PA")
    assert entry.video is not None
    entry.video.write_bytes(b"no video")
    found = opened(client, roster(client)["id"], cohort.key(entry))
    assert (found["state"], found["view_state"]) == ("failed", "failed")
    assert entry.video.name in found["error"]
    assert str(Path(cohort.root).parent) not in found["error"] + found["view_error"]
