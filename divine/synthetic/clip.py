"""One synthetic recording: gesture, film and voice, written as a video that says SYNTHETIC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from divine.media.write import write_video
from divine.synthetic.face import MARK, FaceCamera
from divine.synthetic.gesture import make_gesture
from divine.synthetic.subject import OVERLAP, Overlap, Subject
from divine.synthetic.tracks import Truth
from divine.synthetic.voice import synthesise

COMMENT = f"{MARK}: rendered face and voice by divine.synthetic; not a patient"


@dataclass(frozen=True, eq=False)
class SyntheticClip:
    """A recording and everything that is true of it."""

    path: Path
    subject: str
    task: str
    truth: Truth
    times_s: Float[np.ndarray, " t"]
    points_px: Float[np.ndarray, "t 68 2"]
    width: int
    height: int


def frame_times(fps: float, seconds: float, jitter: float, rng: np.random.Generator) -> Float[np.ndarray, " t"]:
    """Return presentation times; ``jitter`` displaces each by up to that share of a frame, below one half."""
    count = max(1, int(seconds * fps))
    times = np.arange(count) / fps
    times[1:] += rng.uniform(-jitter, jitter, count - 1) / fps
    return times


def render_clip(
    subject: Subject,
    task: str,
    seed: int,
    out: Path,
    *,
    fps: float = 50.0,
    seconds: float = 7.0,
    size: tuple[int, int] = (640, 480),
    sample_rate_hz: int = 16_000,
    jitter: float = 0.0,
    overlap: Overlap = OVERLAP,
) -> SyntheticClip:
    """Record a subject's task to a video file with sound.

    Args:
        subject: who is recorded.
        task: one of ``divine.synthetic.tasks.TASKS``.
        seed: of this recording; the same arguments give the same file.
        out: ``.mp4``, ``.mkv`` or ``.avi``; it appears only when it is whole.
        fps: frames per second.
        seconds: length.
        size: width and height in pixels, both even.
        sample_rate_hz: of the sound.
        jitter: uneven frame times, as a share of a frame (0 to 0.45); an AVI rounds them away.
        overlap: how much recordings of one person differ.

    Raises:
        MediaError: the file cannot be written.
    """
    gesture = make_gesture(subject, task, seed, seconds, overlap)
    camera = FaceCamera(subject.face, size, seed)
    times = frame_times(fps, seconds, jitter, np.random.default_rng([subject.seed, seed, 5]))
    points: list[np.ndarray] = []

    def pictures() -> Iterator[tuple[float, UInt8[np.ndarray, "h w 3"]]]:
        for frame in camera.film(gesture, times):
            points.append(frame.points_px)
            yield frame.time_s, frame.picture

    rate = fps if out.suffix.lower() == ".avi" else None
    write_video(out, pictures(), sound=synthesise(subject, gesture, seed, sample_rate_hz), fps=rate, comment=COMMENT)
    return SyntheticClip(out, subject.key, task, gesture.truth, times, np.stack(points), *size)
