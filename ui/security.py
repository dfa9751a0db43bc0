"""Who may reach the studio, and what every answer carries: a pure ASGI middleware around the whole application.

Recordings of faces and voices cannot be made anonymous, so the studio answers its own machine only unless a login is set. A
page of another site that a browser has open must not be able to use it either: requests under a foreign name (DNS rebinding)
or from a foreign origin are refused before anything reads them.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from divine.records import DivineError
from ui.login import Doorkeeper, Login
from ui.owners import Owners

CALL_BYTES = 256 * 1024
"""The most that a request may carry, other than an upload, which has a limit of its own."""

UPLOADS = "/studio/uploads"

_GRADIO_OPEN = ("/assets/", "/static/", "/theme.css", "/config", "/manifest.json", "/favicon.ico", "/robots.txt")
_GRADIO_CALLS = (
    "/gradio_api/run/",
    "/gradio_api/queue/join",
    "/gradio_api/queue/data",
    "/gradio_api/heartbeat/",
    "/gradio_api/info",
    "/gradio_api/startup-events",
)
"""What the studio uses of Gradio. Its uploads, files, proxy, streams, deep links and monitoring are answered 404."""

_SELF = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob: data:; font-src 'self' data:; "
_CLOSED = "object-src 'none'; frame-ancestors 'none'; form-action 'self'"
_PAGE_POLICY = (
    _SELF + "script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; base-uri 'self'; " + _CLOSED
)
"""Gradio's pages hold inline scripts and compile templates, hence the two ``unsafe`` words; nothing foreign is ever loaded."""
_OWN_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"

_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
}


_DOOR = {
    HTTPStatus.UNAUTHORIZED: "Name and password, please.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts: wait a minute.",
}


log = logging.getLogger(__name__)


class AccessError(DivineError):
    """The studio may not be served this way."""


@dataclass(frozen=True)
class Access:
    """Where the studio listens, and who may enter.

    Raises:
        AccessError: it would be reachable from other machines without a login.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    login: Login | None = None

    def __post_init__(self) -> None:
        if not self.loopback and self.login is None:
            raise AccessError(
                f"{self.host}: the studio would be open to other machines without a login. Leave out --host to serve this "
                "machine only, or set DIVINE_LOGIN=name:password (12 characters or more) first."
            )

    @property
    def loopback(self) -> bool:
        return self.host == "localhost" or (_is_address(self.host) and ipaddress.ip_address(self.host).is_loopback)

    def names(self, host: str) -> bool:
        """Say whether ``host`` (without a port) is a name of this studio.

        Beyond loopback any address is taken beside the machine's own name: rebinding needs a name.
        """
        if host in {"localhost", "127.0.0.1", "::1", self.host}:
            return True
        return not self.loopback and (_is_address(host) or host in {socket.gethostname().lower(), socket.getfqdn().lower()})


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Guard:
    """Check host, origin, login, path and size of each request; put the protective headers on each answer."""

    def __init__(self, app: ASGIApp, access: Access, owners: Owners, pages: Iterable[str], upload_bytes: int) -> None:
        self.app = app
        self.access = access
        self.owners = owners
        self.pages = frozenset(pages)
        self.upload_bytes = upload_bytes
        self.door = Doorkeeper(access.login) if access.login else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        path, headers = scope["path"], Headers(scope=scope)
        send = self._with_headers(send, path, self._greeting(scope, path, headers))
        refusal = self._refusal(scope, path, headers)
        if refusal is None and scope["method"] not in {"GET", "HEAD"} and not path.startswith(UPLOADS):
            body = await _read(receive, headers)
            refusal = _body_refusal(body)
            receive = _replay(body or b"", receive)
        if refusal is None:
            refusal = await self._served(scope, receive, send)
        if refusal is not None:
            await _answer(send, *refusal, login=self.door is not None)

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> tuple[HTTPStatus, str] | None:
        """Let the application answer; an error of ours must not become an answer without headers."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception:
            if begun:
                raise
            log.exception("a request failed")
            return HTTPStatus.INTERNAL_SERVER_ERROR, "The studio made an error of its own; its log has the details."
        return None

    def _refusal(self, scope: Scope, path: str, headers: Headers) -> tuple[HTTPStatus, str] | None:
        host = headers.get("host", "")
        if not self.access.names(_hostname(host)):
            return HTTPStatus.MISDIRECTED_REQUEST, "The studio does not answer under this name."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return HTTPStatus.FORBIDDEN, "Another site may not use the studio."
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"} and headers.get("sec-fetch-mode") != "navigate":
            return HTTPStatus.FORBIDDEN, "Another site may not use the studio."
        if self.door is not None:
            status = self.door.check(scope.get("client"), headers.get("authorization"))
            if status is not None:
                return status, _DOOR[status]
        if not self._known(path):
            return HTTPStatus.NOT_FOUND, "Not found."
        if path.startswith(UPLOADS) and _length(headers) > self.upload_bytes:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The file is larger than {self.upload_bytes / 1024**3:.3g} GiB."
        return None

    def _known(self, path: str) -> bool:
        return path == "/" or path in self.pages or path.startswith(("/studio/", *_GRADIO_OPEN, *_GRADIO_CALLS))

    def _greeting(self, scope: Scope, path: str, headers: Headers) -> str | None:
        # A link on another site is followed without our strict cookie: that reader may be an owner, who must not get a new one.
        if headers.get("sec-fetch-site") == "cross-site" or (path not in self.pages and path != "/studio/session"):
            return None
        return self.owners.greeting(Request(scope))

    def _with_headers(self, send: Send, path: str, cookie: str | None) -> Send:
        own = path.startswith("/studio/")

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers["content-security-policy"] = _OWN_POLICY if own else _PAGE_POLICY
                if cookie is not None and message["status"] < HTTPStatus.BAD_REQUEST:
                    headers.append("set-cookie", cookie)
                if path.startswith("/studio/static/"):
                    headers["cache-control"] = "no-cache"
                elif not path.startswith(("/assets/", "/static/")):
                    headers["cache-control"] = "no-store"
            await send(message)

        return wrapped


def _hostname(host: str) -> str:
    """Take the port off a ``Host`` header; IPv6 stands in brackets."""
    return (urlsplit(f"//{host}").hostname or "") if host.isprintable() and "/" not in host and "@" not in host else ""


def _length(headers: Headers) -> float:
    """Return the announced length; 0 where none is, infinity where it is no number."""
    text = headers.get("content-length", "0")
    return int(text) if text.isdecimal() else float("inf")


async def _read(receive: Receive, headers: Headers) -> bytes | None:
    """Read the body of a call; None when it is larger than any call of ours."""
    if _length(headers) > CALL_BYTES:
        return None
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > CALL_BYTES:
            return None
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _body_refusal(body: bytes | None) -> tuple[HTTPStatus, str] | None:
    if body is None:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large."
    try:
        if body and _names_a_file(json.loads(body)):
            # Gradio would fetch the address that such an object names, or copy the path.
            return HTTPStatus.BAD_REQUEST, "Files are taken at /studio/uploads only."
    except (ValueError, RecursionError):
        return HTTPStatus.BAD_REQUEST, "The request is not JSON."
    return None


def _names_a_file(value: object) -> bool:
    if isinstance(value, dict):
        meta = value.get("meta")
        return (isinstance(meta, dict) and "_type" in meta) or any(_names_a_file(item) for item in value.values())
    return isinstance(value, list) and any(_names_a_file(item) for item in value)


async def _answer(send: Send, status: HTTPStatus, text: str, *, login: bool) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status is HTTPStatus.UNAUTHORIZED and login:
        headers.append((b"www-authenticate", b'Basic realm="DIVINE", charset="UTF-8"'))
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        headers.append((b"retry-after", b"60"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
