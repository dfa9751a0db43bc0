"""What a browser does, as plain requests."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.testclient import TestClient

from ui.contract import Services
from ui.server import create_app

BASE = "http://127.0.0.1:7860"


def made(services: Services, *arguments: Any, **options: Any) -> FastAPI:
    """Build the studio inside an event loop: without one Gradio makes several, and never closes them."""

    async def build() -> FastAPI:
        return create_app(services, *arguments, **options)

    with ThreadPoolExecutor(1) as apart:  # Playwright's own loop may hold this thread
        return apart.submit(asyncio.run, build()).result()


def upload(client: TestClient, content: bytes, name: str) -> Any:
    return client.post("/studio/uploads", content=content, headers={"x-file-name": quote(name)})


def start(client: TestClient, recording: str, sound: str | None = None, task: str = "", model: str = "") -> dict[str, str]:
    """Press Assess: the call that the page's button makes."""
    chosen = {"recording": recording} | ({"sound": sound} if sound else {})
    answer = client.post("/gradio_api/run/assess", json={"data": [json.dumps(chosen), task, model]})
    assert answer.status_code == 200, answer.text
    return json.loads(answer.json()["data"][0])


def assess(client: TestClient, path: Path, name: str | None = None, task: str = "") -> str:
    """Upload and start; returns the job's id."""
    taken = upload(client, path.read_bytes(), name or path.name)
    assert taken.status_code == 201, taken.text
    return start(client, taken.json()["id"], task=task)["job"]


def finish(client: TestClient, job: str, parts: tuple[str, ...] = (), seconds: float = 10) -> dict[str, Any]:
    """Wait until a job is over and the named parts are there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state = client.get(f"/studio/jobs/{job}").json()
        if state["state"] in ("failed", "cancelled") or (state["state"] == "done" and set(parts) <= set(state["parts"])):
            return state
        time.sleep(0.01)
    raise AssertionError(f"not over after {seconds} s: {state}")
