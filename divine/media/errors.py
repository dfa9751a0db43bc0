"""The one family of errors of the media room; each message names the file and the remedy."""

from __future__ import annotations

from divine.records import DivineError


class MediaError(DivineError):
    """A recording cannot be read, or a file cannot be written."""


class LimitError(MediaError):
    """A recording is larger, longer or faster than the limits allow; nothing of it was decoded."""


class IsolationError(MediaError):
    """The child process that worked on a recording crashed, ran out of memory or time, or failed unexpectedly."""


def nonsense(name: str) -> IsolationError:
    """Make the error for an answer that no honest child gives."""
    return IsolationError(f"{name}: the process that read it answered nonsense. The file may be malicious: do not use it.")
