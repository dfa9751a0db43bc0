"""A recording in, landmarks out: decoding and looking happen in one isolated child, which returns tracks, never frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import cv2
from PIL import Image

from divine.config import Limits
from divine.face.ahead import ahead
from divine.face.errors import FaceError
from divine.face.sight import Follower
from divine.face.tracks import Tracks, landmarks_of
from divine.media import Home, run_isolated
from divine.media.frames import frames
from divine.records import Clip, Landmarks

Backend = Literal["mediapipe", "mesh", "fan"]
PICTURES = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")


def follower(backend: str) -> Follower:
    """Return a new follower.

    Raises:
        FaceError: there is no such backend, or what it needs is absent.
    """
    if backend == "mediapipe":
        from divine.face.pixels import Pixels

        return Pixels()
    if backend == "mesh":
        from divine.face.bare_mesh import BareMesh

        return BareMesh()
    if backend == "fan":
        from divine.face.fan import Fan

        return Fan()
    raise FaceError(f"{backend}: no such way to find landmarks. Choose mediapipe, mesh or fan.")


def track(
    clip: Clip,
    *,
    backend: Backend = "mediapipe",
    limits: Limits | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Landmarks:
    """Follow the main face through a clip.

    Args:
        clip: a probed recording with a picture.
        backend: ``mediapipe`` (mesh, then the pixels), ``mesh`` alone, or ``fan`` (2D-FAN, where its weights are present).
        limits: what the child may use.
        on_progress: takes the fraction done, 0 to 1.

    Raises:
        FaceError: no such backend, what it needs is absent, or no frame could be decoded.
        MediaError: the clip has no picture or cannot be read.
        IsolationError: the child crashed, or ran out of memory or time.
    """
    blocks: list[bytes] = []
    end = run_isolated(look, clip, backend, limits=limits, on_progress=on_progress, on_part=blocks.append)
    return landmarks_of(blocks, end, clip.name)


def track_image(path: Path, *, backend: Backend = "mediapipe", limits: Limits | None = None) -> Landmarks:
    """Find the main face of one still picture (PNG, JPEG, ...): landmarks of one frame.

    Raises:
        FaceError: the file is no picture or too large, or the backend is absent.
        IsolationError: the child crashed, or ran out of memory or time.
    """
    limits = limits or Limits()
    blocks: list[bytes] = []
    end = run_isolated(look_at_image, path, backend, limits.pixels, limits=limits, on_part=blocks.append)
    return landmarks_of(blocks, end, path.name)


def look(clip: Clip, backend: str, *, report: Home) -> bytes:
    """Follow a clip's face; runs in the child."""
    cv2.setNumThreads(1)
    see, total = follower(backend), clip.video.frames if clip.video else 0
    stream, tracks = frames(clip), Tracks(report.part)
    height = width = 0
    for frame in ahead(stream):
        tracks.append(frame.time_s, see(frame.image, frame.time_s))
        height, width = frame.image.shape[:2]
        report(min(tracks.count / max(total, 1), 1.0))
    if not tracks.count:
        raise FaceError(f"{clip.name}: no picture could be decoded, so there are no landmarks. Export the recording again.")
    return tracks.finish(see.name, width, height, notes=stream.notes, corrections=see.corrections())


def look_at_image(path: Path, backend: str, most_pixels: int, *, report: Home) -> bytes:
    """Find a still picture's face; runs in the child."""
    cv2.setNumThreads(1)
    unreadable = f"{path.name}: cannot be read as a picture. Use PNG or JPEG."
    try:
        Image.MAX_IMAGE_PIXELS = None  # its own alarm; ours is below
        with Image.open(path, formats=PICTURES) as header:
            width, height = header.size
    except (OSError, ValueError) as error:
        raise FaceError(unreadable) from error
    if width * height > most_pixels:
        raise FaceError(f"{path.name}: has {width} x {height} pixels, more than {most_pixels}. Make it smaller.")
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise FaceError(unreadable)
    report(0.5)
    see, tracks = follower(backend), Tracks(report.part)
    tracks.append(0.0, see(image, 0.0))
    return tracks.finish(see.name, image.shape[1], image.shape[0])
