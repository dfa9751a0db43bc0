"""Who owns what: a random token per browser session, signed by this process, in a cookie out of reach of scripts and sites."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from fastapi import HTTPException, Request


class Owners:
    """Hands out and recognises owners. A token of an earlier process is no owner: its recordings are gone."""

    def __init__(self, port: int) -> None:
        self._key = secrets.token_bytes(32)
        # Cookies of one host are shared between its ports: two studios must not overwrite each other's.
        self.cookie = f"divine_{port}"

    def of(self, request: Request | None) -> str | None:
        """Return the owner that a request belongs to; Gradio may hand a call on without its request."""
        if request is None:
            return None
        token, _, signature = request.cookies.get(self.cookie, "").partition(".")
        return token if token and hmac.compare_digest(signature.encode(), self._sign(token).encode()) else None

    def require(self, request: Request) -> str:
        """Return the owner of a request.

        Raises:
            HTTPException: 404, as for everything that is not the asker's.
        """
        owner = self.of(request)
        if owner is None:
            raise HTTPException(404, "Not found.")
        return owner

    def greeting(self, request: Request) -> str | None:
        """Return the ``Set-Cookie`` that gives a newcomer a token; None for one who has it."""
        if self.of(request) is not None:
            return None
        token = secrets.token_urlsafe(24)
        return f"{self.cookie}={token}.{self._sign(token)}; HttpOnly; SameSite=Strict; Path=/"

    def _sign(self, token: str) -> str:
        return hmac.new(self._key, token.encode(), hashlib.sha256).hexdigest()
