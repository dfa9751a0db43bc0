"""A clip → what it shows: its sound, and the landmarks of its face. The only place where media become numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from divine.config import Limits
from divine.face.track import track
from divine.media import open_clip, read_sound
from divine.records import Clip, Event, Observation, Progress, Stage


def observe(recording: Path, *, audio: Path | None, limits: Limits, on_event: Callable[[Event], None]) -> Observation:
    """Open a recording, listen to it and follow its face; each in a child process with limits.

    Raises:
        MediaError: the recording cannot be read.
        FaceError: the tracker cannot run.
    """
    on_event(Progress("open", 0.0))
    clip = open_clip(recording, audio=audio, limits=limits)
    on_event(clip)
    observation = observe_clip(clip, limits=limits, on_event=on_event)
    on_event(observation)
    return observation


def observe_clip(clip: Clip, *, limits: Limits, on_event: Callable[[Event], None]) -> Observation:
    """Listen to an opened clip and follow its face."""

    def telling(stage: Stage) -> Callable[[float], None]:
        return lambda fraction: on_event(Progress(stage, fraction))

    sound = landmarks = None
    if clip.audio is not None:
        sound = read_sound(clip, limits=limits, on_progress=telling("sound"))
        on_event(Progress("sound", 1.0))
    if clip.video is not None:
        landmarks = track(clip, limits=limits, on_progress=telling("landmarks"))
        on_event(Progress("landmarks", 1.0))
    return Observation(clip, landmarks, sound)
