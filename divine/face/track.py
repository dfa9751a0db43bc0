"""A recording in, landmarks out: decoding and looking happen in one isolated child, which returns tracks, never frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from divine.config import Limits
from divine.face.errors import FaceError
from divine.face.sight import Follower, Sight
from divine.media import parcel
from divine.media.frames import frames
from divine.media.isolate import run_isolated
from divine.records import Clip, Landmarks

Backend = Literal["mediapipe", "mesh", "fan"]


def follower(backend: Backend) -> Follower:
    """Return a new follower.

    Raises:
        FaceError: there is no such backend, or what it needs is absent.
    """
    if backend == "mesh":
        from divine.face.bare_mesh import BareMesh

        return BareMesh()
    if backend == "mediapipe":
        from divine.face.pixels import Pixels

        return Pixels()
    raise FaceError(f"{backend}: no such way to find landmarks. Choose mediapipe, mesh or fan.")


def track(
    clip: Clip,
    *,
    backend: Backend = "mediapipe",
    limits: Limits = Limits(),  # noqa: B008  frozen
    on_progress: Callable[[float], None] | None = None,
) -> Landmarks:
    """Follow the main face through a clip.

    Args:
        clip: a probed recording with a picture.
        backend: ``mediapipe`` (mesh, then the pixels), ``mesh`` alone, or ``fan`` (2D-FAN, where its weights are present).
        limits: what the child may use.
        on_progress: takes the fraction done, 0 to 1.

    Raises:
        FaceError: no such backend, or what it needs is absent.
        MediaError: the clip has no picture or cannot be read.
        IsolationError: the child crashed, or ran out of memory or time.
    """
    return unpack(run_isolated(look, clip, backend, limits=limits, on_progress=on_progress), clip.name)


def track_image(path: Path, *, backend: Backend = "mediapipe", limits: Limits = Limits()) -> Landmarks:  # noqa: B008
    """Find the main face of one still picture (PNG, JPEG, ...): landmarks of one frame.

    Raises:
        FaceError: the file is no picture, or the backend is absent.
        IsolationError: the child crashed, or ran out of memory or time.
    """
    return unpack(run_isolated(look_at_image, path, backend, limits=limits), path.name)


def look(clip: Clip, backend: Backend, *, report: Callable[[float], None]) -> bytes:
    """Follow a clip's face; runs in the child."""
    cv2.setNumThreads(1)
    see = follower(backend)
    total = clip.video.frames if clip.video else 0
    times, sights, stream = [], [], frames(clip)
    size = (0, 0)
    for frame in stream:
        sights.append(see(frame.image, frame.time_s))
        times.append(frame.time_s)
        size = frame.image.shape[:2]
        report(min(len(times) / max(total, 1), 1.0))
    return pack(see.name, times, sights, size, stream.notes)


def look_at_image(path: Path, backend: Backend, *, report: Callable[[float], None]) -> bytes:
    """Find a still picture's face; runs in the child."""
    cv2.setNumThreads(1)
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise FaceError(f"{path.name}: cannot be read as a picture. Use PNG or JPEG.")
    report(0.5)
    see = follower(backend)
    return pack(see.name, [0.0], [see(image, 0.0)], image.shape[:2], ())


def pack(backend: str, times_s: list[float], sights: list[Sight], size: tuple[int, int], notes: tuple[str, ...]) -> bytes:
    """Serialise what was seen."""
    if not sights:
        raise FaceError("no picture could be decoded, so there are no landmarks. Export the recording again.")
    faces = np.array([sight.faces for sight in sights], dtype=np.int32)
    found = np.array([np.isfinite(sight.points_px[0, 0]) for sight in sights])
    return parcel.pack(
        {
            "times_s": np.array(times_s, dtype=np.float64),
            "points_px": np.stack([sight.points_px for sight in sights]).astype(np.float32),
            "confidence": np.stack([sight.confidence for sight in sights]).astype(np.float32),
            "pose_deg": np.stack([sight.pose_deg for sight in sights]).astype(np.float32),
            "faces": faces,
        },
        {"backend": backend, "width": size[1], "height": size[0], "notes": [*notes, *remarks(faces, found)]},
    )


def remarks(faces: np.ndarray, found: np.ndarray) -> tuple[str, ...]:
    """Say what a user should know of the tracking."""
    notes = []
    if faces.max() > 1:
        share = float((faces > 1).mean())
        notes.append(f"{faces.max()} faces were seen (more than one in {share:.0%} of the frames): the main one was followed.")
    if not found.all():
        notes.append(f"no face found in {int((~found).sum())} of {len(found)} frames ({(~found).mean():.0%}).")
    return tuple(notes)


def unpack(packed: bytes, name: str) -> Landmarks:
    """Read what ``pack`` wrote of the recording ``name``."""
    arrays, about = parcel.unpack(packed, name)
    return Landmarks(**arrays, **{**about, "notes": tuple(about["notes"])})
