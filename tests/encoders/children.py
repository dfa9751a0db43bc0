"""What tests have a child do in place of cutting crops."""

from __future__ import annotations

import os
import signal
import socket

from divine.media.isolate import Report
from divine.records import Clip


def die(clip: Clip, *arguments: object, report: Report) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def stop_early(clip: Clip, address: str, *arguments: object, report: Report) -> bytes:
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(address)
        channel.sendall(bytes(1000))
    return b""


def hang(clip: Clip, *arguments: object, report: Report) -> bytes:
    while True:
        signal.pause()
