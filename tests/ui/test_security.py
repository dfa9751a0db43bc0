"""Each promise of the studio's guard, asked from outside."""

from __future__ import annotations

import base64
import errno
import http.server
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.ui.asking import BASE, assess, finish, made, start, upload
from tests.ui.fake import FakeServices
from ui.jobs import PARTS
from ui.login import Login, LoginError
from ui.security import CALL_BYTES, Access, AccessError
from ui.server import serve
from ui.shell import PATHS

PASSWORD = "correct horse battery"


def every_route(routes: list[Any]) -> Iterator[tuple[str, str]]:
    """List method and path of every route, those of mounted and included applications too."""
    for route in routes:
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if inner:
            prefix = getattr(getattr(route, "include_context", None), "prefix", "") or getattr(route, "path", "") or ""
            for method, path in every_route(inner):
                yield method, path if path.startswith(prefix) else prefix + path
        else:
            for method in getattr(route, "methods", None) or {"GET"}:
                yield method, getattr(route, "path", "")


def filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "x", path) or "/"


OPEN = {
    "/", *PATHS, "/studio/session", "/config", "/config/", "/theme.css", "/manifest.json", "/favicon.ico", "/robots.txt",
    "/gradio_api/info", "/gradio_api/info/",
}  # fmt: skip
"""What answers a stranger who comes without a login where none is set: pages, their parts, and nothing of anybody's."""

SHARED = {
    "/studio/cohorts", "/studio/encoders", "/studio/reports/runs", "/studio/runs", "/studio/tables", "/studio/train/options",
    "/studio/train/tables", "/studio/work",
}  # fmt: skip
"""What belongs to the studio and not to one browser session: its cohorts, runs, tables and work. A page must be open for it."""


def test_every_route_is_known_and_answers_a_stranger_only_with_the_page(app: FastAPI):
    routes = {(method, filled(path)) for method, path in every_route(app.routes)}
    paths = {path for _, path in routes}
    assert {"/studio/jobs/x/x", "/studio/uploads", "/gradio_api/upload", "/gradio_api/file=x", "/assess"} <= paths
    stranger = TestClient(app, base_url=BASE, follow_redirects=False, raise_server_exceptions=False)
    answering = set()
    for method, path in sorted(routes):
        if "heartbeat" in path or "queue/data" in path or "startup" in path:
            continue  # streams without an end, asked below
        status = stranger.request(method, path).status_code
        assert status < 500 or path.startswith("/gradio_api/run"), (method, path, status)
        if status < 400:
            answering.add(path)
    assert answering <= OPEN | SHARED


@pytest.mark.parametrize("path", sorted(SHARED))
def test_what_all_sessions_share_is_not_for_one_that_opened_no_page(app: FastAPI, path: str):
    assert TestClient(app, base_url=BASE, follow_redirects=False).get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/upload", "/gradio_api/file=/etc/passwd", "/gradio_api/file/etc/passwd", "/gradio_api/proxy=http://127.0.0.1/",
     "/gradio_api/stream/x/0/1/playlist.m3u8", "/gradio_api/deep_link", "/monitoring", "/monitoring/summary", "/login",
     "/token", "/gradio_api/runs", "/gradio_api/vibe-code", "/gradio_api/component_server", "/gradio_api/process_recording",
     "/svelte/x", "/gradio_api/openapi.json", "/openapi.json", "/docs", "/gradio_api/user", "/gradio_api/call/assess",
     "/gradio_api/cancel"],
)  # fmt: skip
def test_what_the_studio_does_not_use_of_gradio_does_not_exist(client: TestClient, path: str):
    for method in ("GET", "POST"):
        assert client.request(method, path).status_code == 404


@pytest.fixture(scope="module")
def locked() -> Iterator[FastAPI]:
    app = made(FakeServices(), Access("0.0.0.0", login=Login("clinic", PASSWORD)))
    yield app
    app.state.sessions.close()


def credentials(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"clinic:{password}".encode()).decode()}


def test_with_a_login_every_route_asks_for_it(locked: FastAPI):
    stranger = TestClient(locked, base_url=BASE, follow_redirects=False)
    for method, path in sorted({(method, filled(path)) for method, path in every_route(locked.routes)}):
        answer = stranger.request(method, path)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert stranger.get("/assess", headers=credentials(PASSWORD)).status_code == 200


def test_guessing_is_slowed_down(locked: FastAPI):
    guesser = TestClient(locked, base_url=BASE, client=("198.51.100.7", 1))
    statuses = [guesser.get("/assess", headers=credentials(f"guess {number}")).status_code for number in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert guesser.get("/assess", headers=credentials(PASSWORD)).status_code == 429
    assert TestClient(locked, base_url=BASE).get("/assess", headers=credentials(PASSWORD)).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "clinic.example"])
def test_other_machines_are_not_served_without_a_login(host: str):
    with pytest.raises(AccessError, match="DIVINE_LOGIN"):
        Access(host)
    assert Access(host, login=Login("clinic", PASSWORD)).login


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AccessError, match="--port"):
        serve(port=taken.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_this_machine_is_served_without_one(host: str):
    assert Access(host).loopback


@pytest.mark.parametrize("text", ["", "clinic", "clinic:", ":long enough password", "clinic:short"])
def test_a_poor_login_is_refused(text: str):
    with pytest.raises(LoginError):
        Login.parse(text)
    assert PASSWORD not in repr(Login("clinic", PASSWORD))


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example", "[::2]"]
)
def test_a_foreign_name_is_refused(client: TestClient, host: str):
    assert client.get("/assess", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1:9999", "[::1]:7860", "LOCALHOST"])
def test_our_names_are_answered(client: TestClient, host: str):
    assert client.get("/assess", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:7860", "file://", ""]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_foreign_origin_is_refused(client: TestClient, origin: str, method: str):
    for path in ("/studio/uploads", "/gradio_api/run/assess", "/assess"):
        answer = client.request(method, path, headers={"origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_our_origin_is_served(client: TestClient):
    assert client.get("/assess", headers={"origin": BASE}).status_code == 200


def test_what_another_site_embeds_is_refused_and_its_link_brings_no_new_owner(app: FastAPI):
    visitor = TestClient(app, base_url=BASE)
    embedded = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert visitor.get("/studio/static/base.css", headers=embedded).status_code == 403
    followed = visitor.get("/assess", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    assert followed.status_code == 200
    assert "set-cookie" not in followed.headers


def test_the_owner_s_cookie_is_out_of_reach(app: FastAPI):
    cookie = TestClient(app, base_url=BASE).get("/assess").headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    again = TestClient(app, base_url=BASE, cookies={"divine_7860": "invented.signature"})
    assert again.get("/studio/jobs/x").status_code == 404
    assert "set-cookie" in again.get("/assess").headers


@pytest.mark.parametrize(
    "path", ["/assess", "/studio/session", "/studio/jobs/x", "/nowhere", "/config", "/studio/static/base.css"]
)
def test_every_answer_is_protected(client: TestClient, path: str):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    if path.startswith("/studio/"):
        assert policy.startswith("default-src 'none'")
        assert "sandbox" in policy
    else:
        assert policy.startswith("default-src 'self'")
    assert not re.search(r"https?:|\*", policy)


def test_an_error_of_ours_is_protected_and_says_nothing_of_itself(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(app.state.sessions, "get", lambda owner, job: 1 / 0)
    answer = client.get("/studio/jobs/x")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_full_disk_is_told(client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    workspace = app.state.sessions.workspace
    before = set(workspace.root.iterdir())

    class Full(type(workspace.root)):
        def open(self, *arguments: Any, **options: Any) -> Any:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(workspace, "folder", lambda: Full(workspace.root) / "x")
    answer = upload(client, b"x", "a.mp4")
    assert answer.status_code == 422
    assert "a.mp4: cannot be stored (No space left on device)" in answer.json()["error"]
    assert set(workspace.root.iterdir()) == before


ESCAPES = [
    "../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "//etc/passwd",
    "..\\..\\etc\\passwd", "%00", "media.mp4%00.json", "MEDIA.MP4", "media.mp4/", "media.mp4.partial", "..",
]  # fmt: skip


@pytest.mark.parametrize("escape", ESCAPES)
def test_no_path_leads_out(client: TestClient, clip: Path, escape: str, tmp_path: Path):
    job = assess(client, clip)
    finish(client, job)
    for path in (
        f"/studio/jobs/{job}/{escape}",
        f"/studio/jobs/{escape}",
        f"/studio/static/{escape}",
        f"/static/{escape}",
        f"/assets/{escape}",
    ):
        answer = client.get(path)
        assert "root:" not in answer.text
        assert answer.status_code in (404, 403, 307, 405) or "/studio/jobs/" not in path, (path, answer.status_code)


def test_a_name_never_becomes_a_path(client: TestClient, app: FastAPI, tmp_path: Path):
    for name in ("../../evil.mp4", "/etc/cron.d/evil", "..\\evil.mp4", "-rf.mp4", "a\nb.mp4", "x" * 5000, ""):
        answer = upload(client, b"x", name)
        assert answer.status_code == 201
        assert "/" not in answer.json()["name"]
        assert len(answer.json()["name"]) <= 200
    root = app.state.sessions.workspace.root
    assert root.stat().st_mode & 0o777 == 0o700
    names = {name for _, _, files in os.walk(root) for name in files}  # a walk minds no folder that is tidied away meanwhile
    assert {name for name in names if name.startswith("recording")} <= {"recording", "recording.mp4"}
    assert not list(root.parent.glob("evil*"))


def test_nobody_reaches_another_session_s_recording(client: TestClient, stranger: TestClient, clip: Path):
    taken = upload(client, clip.read_bytes(), "mine.mp4").json()["id"]
    assert stranger.delete(f"/studio/uploads/{taken}").status_code == 404
    assert "error" in start(stranger, taken)
    job = start(client, taken)["job"]
    finish(client, job, ("media.mp4", "track.bin"))
    for method, path in [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), *[("GET", f"/{part}") for part in PARTS]]:
        assert stranger.request(method, f"/studio/jobs/{job}{path}").status_code == 404
    assert client.get(f"/studio/jobs/{job}/media.mp4").status_code == 200
    without = TestClient(client.app, base_url=BASE)
    assert without.get(f"/studio/jobs/{job}").status_code == 404


def test_an_upload_larger_than_the_limit_is_refused_and_leaves_nothing(client: TestClient, app: FastAPI):
    root = app.state.sessions.workspace.root
    before = set(root.iterdir())
    assert upload(client, b"x" * 200_001, "big.mp4").status_code == 413

    def stream() -> Iterator[bytes]:  # says no length beforehand
        for _ in range(5):
            yield b"x" * 50_000

    answer = client.post("/studio/uploads", content=stream(), headers={"x-file-name": "big.mp4"})
    assert answer.status_code == 413
    assert "big.mp4" in answer.json()["error"]
    assert upload(client, b"", "empty.mp4").status_code == 422
    assert client.post("/studio/uploads", content=b"x", headers={"content-length": "many"}).status_code in (400, 413)
    assert set(root.iterdir()) == before


def test_a_call_larger_than_any_of_ours_is_refused(client: TestClient):
    assert client.post("/gradio_api/run/assess", content=b"x" * (CALL_BYTES + 1)).status_code == 413
    silent = (b"x" * 100_000 for _ in range(4))  # says no length beforehand
    assert client.post("/gradio_api/run/assess", content=silent).status_code == 413
    assert client.post("/gradio_api/run/assess", content=b"not json").status_code == 400
    assert client.post("/gradio_api/run/assess", content=b"[" * 100_000).status_code == 400


@pytest.fixture
def target() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that must not be asked for anything."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            del arguments

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("nested", [False, True])
def test_the_studio_fetches_nothing_for_anyone(client: TestClient, target: tuple[str, list[str]], nested: bool):
    address, asked = target
    for place in (address, "http://169.254.169.254/latest/meta-data/", "/etc/passwd"):
        file: Any = {"path": place, "url": place, "meta": {"_type": "gradio.FileData"}}
        body = {"data": [[{"deep": file}] if nested else file, ""], "fn_index": 0, "session_hash": "x"}
        for path in ("/gradio_api/run/assess", "/gradio_api/queue/join"):
            assert client.post(path, json=body).status_code == 400
    assert asked == []


def test_nothing_is_counted_kept_or_sent(client: TestClient, clip: Path, monkeypatch: pytest.MonkeyPatch):
    reached: list[Any] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        reached.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    config = client.get("/config").json()
    assert not config["analytics_enabled"]
    assert not config.get("run_history")
    assert not config.get("enable_monitoring")
    fresh = made(FakeServices(seconds=0.01))
    fresh.state.sessions.close()
    finish(client, assess(client, clip))
    assert [address for address in reached if not str(address[0]).startswith("127.")] == []
