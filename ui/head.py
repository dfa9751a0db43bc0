"""Our part of a page's ``<head>``, put there by the server.

Gradio's ``head=`` is inserted by its script in the browser: the page is drawn before our colours are known, in the wrong ones
where they were chosen, and our styles are asked for last.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_END = b"</head>"


class WithHead:
    """Write ``head`` at the end of the head of each page."""

    def __init__(self, app: ASGIApp, head: str, pages: Iterable[str]) -> None:
        self.app = app
        self.head = head.encode()
        self.pages = frozenset(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in self.pages:
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def written(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if start is None or message.get("more_body", False):
                return
            whole = body.replace(_END, self.head + _END, 1)
            MutableHeaders(scope=start)["content-length"] = str(len(whole))
            await send(start)
            await send({"type": "http.response.body", "body": whole})

        await self.app(scope, receive, written)
