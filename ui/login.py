"""The login of a studio that other machines can reach: one name and password, HTTP Basic, with limited attempts."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus

from divine.records import DivineError

SHORTEST_PASSWORD = 12
ATTEMPTS, WINDOW_S = 5, 60.0
"""Wrong attempts of one address within a window after which it waits."""


class LoginError(DivineError):
    """The login that was configured cannot be used."""


@dataclass(frozen=True)
class Login:
    """A name and its password, which never shows in a log."""

    name: str
    password: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Login:
        """Read ``name:password``.

        Raises:
            LoginError: there is no name, or the password is short.
        """
        name, _, password = text.partition(":")
        if not name or len(password) < SHORTEST_PASSWORD:
            raise LoginError(f"DIVINE_LOGIN: write name:password, with a password of {SHORTEST_PASSWORD} characters or more.")
        return cls(name, password)


class Doorkeeper:
    """Compare what a request offers with the login; slow a guesser down."""

    def __init__(self, login: Login) -> None:
        self._expected = f"{login.name}:{login.password}".encode()
        self._failures: dict[str, deque[float]] = {}

    def check(self, client: tuple[str, int] | None, authorization: str | None) -> HTTPStatus | None:
        """Return None to let a request in, else the status to answer it with."""
        address = client[0] if client else ""
        failures = self._recent(address)
        if len(failures) >= ATTEMPTS:
            return HTTPStatus.TOO_MANY_REQUESTS
        if authorization is None:
            return HTTPStatus.UNAUTHORIZED
        if hmac.compare_digest(_decoded(authorization), self._expected):
            self._failures.pop(address, None)
            return None
        failures.append(time.monotonic())
        self._failures[address] = failures
        return HTTPStatus.UNAUTHORIZED

    def _recent(self, address: str) -> deque[float]:
        since = time.monotonic() - WINDOW_S
        for known in list(self._failures):
            failures = self._failures[known]
            while failures and failures[0] < since:
                failures.popleft()
            if not failures:
                del self._failures[known]
        return self._failures.get(address, deque())


def _decoded(authorization: str) -> bytes:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
