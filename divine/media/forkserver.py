"""The small process from which every decoding child is forked: warm, single-threaded, and never shown a recording.

It imports what the children will need once (a fork then takes milliseconds), waits for orders on one socket, and reaps.
An order is a JSON message ``{"path": [...], "modules": [...]}``; with two sockets attached it asks for a child:

* ``channel``: parent to child, the pickled job; child to parent, messages of kind, length and bytes. A child has
  handled hostile bytes, so what comes back is numbers, JSON and opaque bytes: it is never unpickled.
* ``status``: the fork server writes how the child ended; when the parent shuts it, or dies, the child is killed.

A child dies with its fork server (``PR_SET_PDEATHSIG``), the fork server with its parent (end of file on its socket).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import pickle
import resource
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Iterable
from typing import NoReturn

from divine.records import DivineError

ORDER_BYTES = 1 << 16
HEADER = struct.Struct("<cQ")
RETURN_CODE = struct.Struct("<i")
FRACTION = struct.Struct("<d")
PROGRESS, PART, RESULT, ERROR, MEMORY, BUG = b"P", b"T", b"R", b"E", b"M", b"B"

_REPORT_EVERY_S = 0.05
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38


def send(channel: socket.socket, kind: bytes, payload: bytes) -> None:
    """Send one message."""
    channel.sendall(HEADER.pack(kind, len(payload)))
    channel.sendall(payload)


def receive_exactly(channel: socket.socket, count: int) -> bytes:
    """Receive ``count`` bytes.

    Raises:
        EOFError: the other side closed before.
    """
    parts: list[bytes] = []
    while count:
        part = channel.recv(min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


class Reporter:
    """What a child's function talks home with.

    Called with the fraction done, 0 to 1, as often as it likes: the parent hears 20 a second. What is finished can be sent
    ahead of the result, so that a child need not hold what a long recording comes to.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._last_s = 0.0

    def __call__(self, fraction: float) -> None:
        now_s = time.monotonic()
        if now_s - self._last_s >= _REPORT_EVERY_S:
            self._last_s = now_s
            send(self._channel, PROGRESS, FRACTION.pack(fraction))

    def part(self, content: bytes) -> None:
        """Send a part of what is asked for; the parent hears of every one, in order."""
        send(self._channel, PART, content)


def _confine(memory_bytes: int, parent_pid: int) -> None:
    """Limit memory, forbid core dumps (they would hold a patient's face) and new privileges, and die with the parent."""
    libc = ctypes.CDLL(None)
    for option, value in ((_PR_SET_PDEATHSIG, signal.SIGKILL), (_PR_SET_DUMPABLE, 0), (_PR_SET_NO_NEW_PRIVS, 1)):
        libc.prctl(option, value, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before the first prctl could tell
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _work(channel: socket.socket, parent_pid: int) -> None:
    """Receive the job, do it, and send exactly one result or error."""
    try:
        _, length = HEADER.unpack(receive_exactly(channel, HEADER.size))
        job = pickle.loads(receive_exactly(channel, length))  # noqa: S301  our own parent's
        memory_bytes, (environment, folder), module, name, arguments = job
        os.environ.update(environment)
        os.chdir(folder)
        _confine(memory_bytes, parent_pid)
        function = getattr(importlib.import_module(module), name)
        result = function(*pickle.loads(arguments), report=Reporter(channel))  # noqa: S301
        send(channel, RESULT, result)
    except EOFError:
        return
    except DivineError as error:
        send(channel, ERROR, json.dumps([type(error).__name__, str(error)]).encode())
    except MemoryError:
        send(channel, MEMORY, b"")
    except BaseException as error:
        what = f"{type(error).__name__}: {error}"
        send(channel, BUG, json.dumps([what, traceback.format_exc()]).encode())


class ForkServer:
    """The loop: orders in, children out, endings reported."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._children: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        for end in (self._wake_reader, self._wake_writer):
            end.setblocking(False)

    def serve(self) -> None:
        """Work until the parent closes its end, then kill what is left."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches us too; the parent decides
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._wake_writer.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._orders, selectors.EVENT_READ)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._wake_reader:
                    with contextlib.suppress(BlockingIOError):
                        self._wake_reader.recv(4096)
                    self._reap()
                elif key.fileobj is self._orders:
                    if not self._obey():
                        for pid in self._children:
                            os.kill(pid, signal.SIGKILL)
                        return
                elif key.data in self._children:  # the parent has given up on this child
                    self._selector.unregister(key.fileobj)
                    os.kill(key.data, signal.SIGKILL)

    def _obey(self) -> bool:
        """Carry out one order; False at the end of file."""
        message, descriptors, _, _ = socket.recv_fds(self._orders, ORDER_BYTES, 2)
        if not message:
            return False
        order = json.loads(message)
        sys.path[:] = order["path"]
        _import(order["modules"])
        if descriptors:
            channel, status = (socket.socket(fileno=descriptor) for descriptor in descriptors)
            self._fork(channel, status)
        return True

    def _fork(self, channel: socket.socket, status: socket.socket) -> None:
        parent_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_child(channel, status, parent_pid)
        channel.close()
        self._children[pid] = status
        self._selector.register(status, selectors.EVENT_READ, pid)

    def _become_child(self, channel: socket.socket, status: socket.socket, parent_pid: int) -> NoReturn:
        """Let go of everything but the channel, work, and leave without any clean-up of the fork server's."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for end in (self._orders, self._wake_reader, self._wake_writer, status, *self._children.values()):
                end.close()
            silence = os.open(os.devnull, os.O_RDWR)  # codecs and interpreters chatter; a child speaks by its channel
            for standard in (0, 1, 2):
                os.dup2(silence, standard)
            _work(channel, parent_pid)
        finally:
            os._exit(0)

    def _reap(self) -> None:
        while self._children:
            pid, wait_status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            status = self._children.pop(pid)
            with contextlib.suppress(KeyError):  # already unregistered: the parent gave up on it
                self._selector.unregister(status)
            with contextlib.suppress(OSError):  # the parent may be gone
                status.sendall(RETURN_CODE.pack(os.waitstatus_to_exitcode(wait_status)))
            status.close()


def _import(modules: Iterable[str]) -> None:
    """Import what children will need, once; a module that fails here fails again in the child, where it is reported."""
    for module in modules:
        if module not in sys.modules:
            with contextlib.suppress(Exception):
                importlib.import_module(module)
            gc.collect()
            gc.freeze()  # a collection in a child then leaves these pages shared


def main() -> None:
    """Serve on the socket whose number is the first argument."""
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        ForkServer(orders).serve()
