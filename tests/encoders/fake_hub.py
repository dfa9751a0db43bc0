"""A hub on this machine: serves folders as repositories, as far as fetching asks."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

REVISION = "0123456789abcdef0123456789abcdef01234567"


LARGE = 100_000
"""From here on the hub knows a file's digest."""


def _listed(path: Path, name: str) -> dict[str, object]:
    content = path.read_bytes()
    about: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": "0"}
    if len(content) > LARGE:
        about["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return about


class Hub:
    """What is served, and what was asked for."""

    def __init__(self, repositories: dict[str, Path]) -> None:
        self.repositories = repositories
        self.sent: list[tuple[str, int]] = []
        """Name of a file and the byte from which it was asked for."""
        self.break_after: int | None = None
        """Close the connection after so many bytes of a large file."""
        self.flip = False
        """Send one wrong bit of every large file."""


@contextlib.contextmanager
def serving(repositories: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Serve repositories, and have huggingface_hub ask here."""
    hub = Hub(repositories)

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = self.path.split("?")[0]
        for repository, folder in self.served.repositories.items():
            if path.startswith(f"/api/models/{repository}"):
                names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
                files = [_listed(folder / name, name) for name in names]
                self._send(json.dumps({"id": repository, "sha": REVISION, "siblings": files}).encode(), {}, body=body)
                return
            prefix = f"/{repository}/resolve/{REVISION}/"
            if path.startswith(prefix) and (folder / path.removeprefix(prefix)).is_file():
                self._file(path.removeprefix(prefix), (folder / path.removeprefix(prefix)).read_bytes(), body=body)
                return
        self._send(b"{}", {"X-Error-Code": "RepoNotFound"}, status=404, body=body)

    def _file(self, name: str, content: bytes, *, body: bool) -> None:
        etag = hashlib.sha256(content).hexdigest()
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": REVISION, "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if body:
            self.served.sent.append((name, start))
        if self.served.flip and len(content) > LARGE:
            content = content[:-1] + bytes([content[-1] ^ 1])
        stop = self.served.break_after
        if body and stop is not None and len(content) - start > stop and len(content) > LARGE:
            self._send(content[start:], headers, status=206 if start else 200, body=True, only=stop)
            self.close_connection = True
            return
        self._send(content[start:], headers, status=206 if start else 200, body=body)

    def _send(self, content: bytes, headers: dict[str, str], *, status: int = 200, body: bool, only: int | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            with contextlib.suppress(ConnectionError):  # the reader may have gone
                self.wfile.write(content[:only])
                self.wfile.flush()
