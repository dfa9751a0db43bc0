"""The libraries that published encoders need, which the studio alone does not."""

from __future__ import annotations

import importlib.util

from divine.encoders.registry import EncoderError

COMMAND = "python3 -m divine.bootstrap encoders"


def require(code: str, *names: str) -> None:
    """Check that libraries are installed, without importing them.

    Raises:
        EncoderError: one is not.
    """
    absent = [name for name in names if importlib.util.find_spec(name) is None]
    if absent:
        raise EncoderError(f"{code}: needs {' and '.join(absent)}, not installed here. Run `{COMMAND}`.")
