"""Work on an untrusted recording in a child process: a codec that crashes, hangs or eats memory costs one clip.

A child comes from a warm fork server (``divine.media.forkserver``), has limits of address space and wall time, and
answers with progress and one result as bytes (JSON, safetensors), never pickle.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from divine.config import Limits
from divine.media import forkserver
from divine.media.children import child
from divine.media.errors import IsolationError, MediaError, nonsense
from divine.records import Clip, DivineError

Report = Callable[[float], None]
"""Takes the fraction done, 0 to 1."""


@runtime_checkable
class Home(Protocol):
    """The way home from a child: takes the fraction done, and parts of what is asked for."""

    def __call__(self, fraction: float) -> None: ...

    def part(self, content: bytes) -> None:
        """Send a part ahead of the result."""
        ...


_HEARTBEAT_S = 0.25


def run_isolated(
    function: Callable[..., bytes],
    recording: Clip | Path,
    *args: Any,
    limits: Limits | None = None,
    on_progress: Report | None = None,
    on_part: Callable[[bytes], None] | None = None,
) -> bytes:
    """Call ``function(recording, *args, report=...)`` in a child process and return its bytes.

    ``function`` stands at the top level of an importable module; its ``report: Report`` takes the fraction done, as often
    as it likes. One that declares ``report: Home`` may send parts of its answer ahead; ``on_part`` takes them, in order.
    ``on_progress`` is called in this thread with the latest fraction, at least four times a second even when
    the child is silent; what it raises ends the child and passes through. A first call takes about a second, later ones
    milliseconds; any thread may call.

    Raises:
        DivineError: the function raised it: the same class, the same message.
        IsolationError: the child crashed, ran out of memory or time, or raised what is no ``DivineError``.
    """
    limits = limits or Limits()
    module, name = function.__module__, function.__qualname__
    if module == "__main__" or "." in name:
        raise TypeError(f"{module}.{name}: a child can only call a function at the top level of an importable module")
    surroundings = (dict(os.environ), _folder())  # as they are now, not as they were when the fork server started
    job = pickle.dumps((limits.child_memory_bytes, surroundings, module, name, pickle.dumps((recording, *args))))
    with child(module) as (channel, status):
        return _Conversation(recording.name, channel, status, limits, on_progress, on_part).hold(job)


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed; then no path can be relative to it
        return "/"


class _Conversation:
    """One job with one child, within its time."""

    def __init__(
        self,
        name: str,
        channel: socket.socket,
        status: socket.socket,
        limits: Limits,
        on_progress: Report | None,
        on_part: Callable[[bytes], None] | None,
    ) -> None:
        self._name = name
        self._channel = channel
        self._status = status
        self._limits = limits
        self._on_progress = on_progress
        self._on_part = on_part
        self._sent_ahead = 0
        self._fraction = 0.0
        self._deadline_s = time.monotonic() + limits.child_seconds

    def hold(self, job: bytes) -> bytes:
        """Hand the job over and listen until the child has answered."""
        try:
            forkserver.send(self._channel, b"J", job)
            self._channel.settimeout(_HEARTBEAT_S)
            return self._listen()
        except (EOFError, ConnectionError) as error:
            raise IsolationError(f"{self._name}: {self._how_it_ended()}") from error
        except (struct.error, ValueError) as error:  # what no honest child sends
            raise nonsense(self._name) from error

    def _listen(self) -> bytes:
        while True:
            kind, length = forkserver.HEADER.unpack(self._receive(forkserver.HEADER.size))
            if length > self._limits.child_memory_bytes:
                raise ValueError(length)
            payload = self._receive(length)
            if kind == forkserver.RESULT:
                return payload
            if kind == forkserver.PART and self._on_part is not None:
                self._sent_ahead += length
                if self._sent_ahead > self._limits.child_memory_bytes:  # as large as a result may be, in all
                    raise ValueError(self._sent_ahead)
                self._on_part(payload)
                continue
            if kind != forkserver.PROGRESS:
                raise self._error(kind, payload)
            (fraction,) = forkserver.FRACTION.unpack(payload)
            if fraction != fraction:
                raise ValueError(fraction)
            self._fraction = min(max(fraction, 0.0), 1.0)
            self._tell()

    def _receive(self, count: int) -> bytes:
        """Receive ``count`` bytes, telling the caller of every quarter of a second that passes in silence."""
        parts: list[bytes] = []
        while count:
            if time.monotonic() > self._deadline_s:
                raise IsolationError(
                    f"{self._name}: not finished after {self._limits.child_seconds:g} s, so it was stopped. "
                    "Cut the recording into shorter clips, or convert it to MP4 (H.264)."
                )
            try:
                part = self._channel.recv(min(count, 1 << 20))
            except TimeoutError:
                self._tell()
                continue
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._fraction)

    def _error(self, kind: bytes, payload: bytes) -> DivineError:
        """Rebuild the error that the child named: a class that this process knows, and a message."""
        if kind == forkserver.MEMORY:
            return IsolationError(f"{self._name}: {self._too_large()}")
        named = json.loads(payload)
        if not isinstance(named, list) or len(named) != 2:
            raise ValueError(named)
        what, message = map(str, named)
        if kind == forkserver.ERROR:
            return _known_errors().get(what, MediaError)(message)
        error = IsolationError(
            f"{self._name}: reading it failed in a way nobody foresaw ({what}). Convert it to MP4 (H.264, AAC) and try "
            "again; please report this as a defect."
        )
        error.add_note(message)
        return error

    def _too_large(self) -> str:
        return (
            f"reading it needs more memory than the {self._limits.child_memory_bytes / 2**30:.3g} GiB allowed, so it was "
            "stopped. Scale its picture down or cut it into shorter clips; if it is small, it is damaged: export it again."
        )

    def _how_it_ended(self) -> str:
        """Say what became of a child that closed its channel without an answer."""
        self._status.settimeout(5)
        try:
            (code,) = forkserver.RETURN_CODE.unpack(forkserver.receive_exactly(self._status, forkserver.RETURN_CODE.size))
        except (EOFError, OSError):
            return "the process that reads recordings was ended from outside. Try again."
        if code == -signal.SIGKILL:  # neither we nor the codec: the kernel, short of memory
            return self._too_large()
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return f"it crashed the decoder ({how}). The file is damaged or malicious: record or export it again."


def _known_errors() -> dict[str, type[DivineError]]:
    """Every class of error that this process has defined for itself, by name."""
    known: dict[str, type[DivineError]] = {}
    waiting: list[type[DivineError]] = [DivineError]
    while waiting:
        kind = waiting.pop()
        known[kind.__name__] = kind
        waiting.extend(kind.__subclasses__())
    return known
