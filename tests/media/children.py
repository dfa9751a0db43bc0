"""What the tests of ``run_isolated`` have a child do."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

from divine.media.errors import LimitError
from divine.media.forkserver import ERROR, send
from divine.media.isolate import Home, Report


def echo(path: Path, *args: object, report: Report) -> bytes:
    report(0.5)
    return json.dumps([path.name, *args]).encode()


def limits_seen(path: Path, *, report: Report) -> bytes:
    return json.dumps([resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_CORE)[0]]).encode()


def surroundings(path: Path, *, report: Report) -> bytes:
    return json.dumps([os.environ.get("DIVINE_TEST"), str(Path.cwd())]).encode()


def raise_limit(path: Path, *, report: Report) -> bytes:
    raise LimitError(f"{path.name}: too long")


def raise_bug(path: Path, *, report: Report) -> bytes:
    return json.dumps({}["absent"]).encode()


def abort(path: Path, *, report: Report) -> bytes:
    os.abort()


def segfault(path: Path, *, report: Report) -> bytes:
    ctypes.string_at(0)
    return b""


def leave(path: Path, *, report: Report) -> bytes:
    sys.exit(0)


def killed(path: Path, *, report: Report) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def eat_memory(path: Path, *, report: Report) -> bytes:
    hoard = []
    while True:
        hoard.append(bytearray(1 << 24))


def hang(path: Path, *, report: Report) -> bytes:
    path.write_text(str(os.getpid()))
    while True:
        time.sleep(3600)


def chatter(path: Path, *, report: Report) -> bytes:
    path.write_text(str(os.getpid()))
    while True:
        report(0.25)
        time.sleep(0.01)


def odd_error(path: Path, *, report: Report) -> bytes:
    send(report._channel, ERROR, b"null")  # type: ignore[attr-defined]
    time.sleep(3600)
    return b""


def nonsense(path: Path, *, report: Report) -> bytes:
    report._channel.sendall(b"\xff" * 64)  # type: ignore[attr-defined]
    time.sleep(3600)
    return b""


def babble(path: Path, *, report: Report) -> bytes:
    """Announce more than ever comes."""
    report._channel.sendall(b"R" + (1 << 20).to_bytes(8, "little") + b"abc")  # type: ignore[attr-defined]
    time.sleep(3600)
    return b""


def large(path: Path, size: int, *, report: Report) -> bytes:
    return bytes(size)


def in_parts(path: Path, count: int, *, report: Home) -> bytes:
    """Send some parts ahead of the result."""
    for number in range(count):
        report.part(bytes([number]) * 1000)
        report(number / count)
    return b"end"


def endless_parts(path: Path, *, report: Home) -> bytes:
    """Send parts for ever."""
    while True:
        report.part(bytes(2**24))
