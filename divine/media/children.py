"""Children of the fork server (``divine.media.forkserver``): it is started on first use, and again if it was killed."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

from divine.media import forkserver
from divine.media.errors import IsolationError

PRELOAD = ("av", "cv2", "numpy", "soxr", "safetensors.numpy", "ai_edge_litert.interpreter")
"""What children decode, look and answer with: imported once, in the fork server."""

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); from divine.media.forkserver import main; main()"


def prepare(*modules: str) -> None:
    """Start the fork server, without waiting, and have it import ``modules`` too: the first recording finds it warm."""
    _FORK_SERVER.order(modules)


@contextlib.contextmanager
def child(module: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield the channel and the status of a new child; on the way out it is killed if need be, and reaped."""
    channel, its_channel = socket.socketpair()
    status, its_status = socket.socketpair()
    with channel, status:
        with its_channel, its_status:
            _FORK_SERVER.order((module,), its_channel, its_status)
        try:
            yield channel, status
        finally:
            status.settimeout(5)
            with contextlib.suppress(OSError):
                status.shutdown(socket.SHUT_WR)  # the fork server takes it as: kill
                while status.recv(forkserver.RETURN_CODE.size):
                    pass


class Handle:
    """The parent's end of the fork server: started on first use, started again if it was killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def order(self, modules: tuple[str, ...], *ends: socket.socket) -> None:
        """Have ``modules`` imported, then, where two ends are given, a child forked that holds them.

        Raises:
            IsolationError: the fork server does not start.
        """
        path = [entry for entry in sys.path if isinstance(entry, str)]
        message = json.dumps({"path": path, "modules": [*PRELOAD, *modules]}).encode()
        with self._lock:
            for _ in range(2):
                orders = self._orders or self._start()
                with contextlib.suppress(ConnectionError):  # it was killed since: once more
                    socket.send_fds(orders, [message], [end.fileno() for end in ends])
                    return
                self._stop()
        raise IsolationError("The process that reads recordings does not start. Restart the program.")

    def _start(self) -> socket.socket:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # One arena and no thread pools at import: the fork server stays single-threaded, and address space stays small.
        environment = os.environ | {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-c", _BOOT, str(theirs.fileno()), json.dumps(sys.path, default=str)]
        with theirs:
            self._process = subprocess.Popen(
                command,
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        return self._orders

    def _stop(self) -> None:
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if self._process is not None:
            self._process.kill()  # it holds nothing, and may be in the middle of an import
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the fork server, and with it every child."""
        with self._lock:
            self._stop()

    def forget(self) -> None:
        """Start afresh in a forked copy of this process, which shares the socket but is not the parent."""
        self._lock = threading.Lock()
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if self._process is not None:
            self._process.returncode = 0  # not ours to wait for
            self._process = None


_FORK_SERVER = Handle()
atexit.register(_FORK_SERVER.close)
os.register_at_fork(after_in_child=_FORK_SERVER.forget)
