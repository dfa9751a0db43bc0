"""What becomes of memory that this process has freed."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_BLOCK = 32 * 1024**2
"""More than this glibc always maps anew."""
_LARGEST_REST = 1024**3


def keep_freed_memory() -> None:
    """Let blocks of up to 32 MB be used again, where glibc would return each to the system and have it zeroed page by page.

    Training takes and frees the same few megabytes thousands of times, and over a quarter of an epoch went into fresh pages
    (docs/systems.md). The process stays as large as it once was. Without glibc this does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_BLOCK)
        mallopt(_M_TRIM_THRESHOLD, _LARGEST_REST)
