"""A file on disk to ``Clip``, frames and ``Sound``, in an isolated child; and back to a file.

Frames are read inside a child: ``from divine.media.frames import frames``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from divine.media.children import prepare
    from divine.media.errors import IsolationError, LimitError, MediaError
    from divine.media.isolate import Home, Report, run_isolated
    from divine.media.parcel import Parcel, pack, unpack
    from divine.media.probe import open_clip
    from divine.media.sound import read_sound
    from divine.media.view import viewing_copy
    from divine.media.write import write_video

_HOME = {
    "Home": "isolate",
    "IsolationError": "errors",
    "LimitError": "errors",
    "MediaError": "errors",
    "Parcel": "parcel",
    "Report": "isolate",
    "open_clip": "probe",
    "pack": "parcel",
    "prepare": "children",
    "read_sound": "sound",
    "run_isolated": "isolate",
    "unpack": "parcel",
    "viewing_copy": "view",
    "write_video": "write",
}
__all__ = [
    "Home",
    "IsolationError",
    "LimitError",
    "MediaError",
    "Parcel",
    "Report",
    "open_clip",
    "pack",
    "prepare",
    "read_sound",
    "run_isolated",
    "unpack",
    "viewing_copy",
    "write_video",
]


def __getattr__(name: str) -> Any:
    """Import a public name where it is first used: codecs take half a second to load."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
