"""Work on an open cohort that somebody asked for and may stop: look at every clip, or open every recording."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable
from typing import Literal, get_args

from divine.records import Check, DivineError, Quality
from divine.services import browse
from ui.cohorts import CohortError, Opened

log = logging.getLogger(__name__)

Work = Literal["quality", "recordings"]
_ONE_AT_A_TIME = threading.Lock()
"""Over all cohorts: looking at one clip uses every core already."""


def start(opened: Opened, what: str) -> None:
    """Begin in the background.

    Raises:
        CohortError: there is no such work, the cohort is not ready, or something is at work on it.
    """
    if what not in get_args(Work):
        raise CohortError("There is no such work: ask for quality or for recordings.")
    if opened.state != "ready" or opened.busy:
        raise CohortError(f"{opened.name}: something is at work on this cohort. Wait for it, or stop it.")
    opened.stopped.clear()
    opened.busy, opened.stage, opened.fraction = True, "waiting", 0.0
    run = _look_at_clips if what == "quality" else _open_recordings
    threading.Thread(target=_carefully, args=(run, opened), name=f"look-{opened.id[:6]}", daemon=True).start()


def _carefully(run: Callable[[Opened], None], opened: Opened) -> None:
    try:
        with _ONE_AT_A_TIME:
            run(opened)
    except Exception:  # the page shows what is known, and the log says the rest
        log.exception("cohort %s: work failed", opened.id)
        opened.busy, opened.stage = False, ""


def _open_recordings(opened: Opened) -> None:
    opened.look_into(probe=True)


def _look_at_clips(opened: Opened) -> None:
    """Judge the quality of every clip that nobody has looked at; one that cannot be opened has failed that check."""
    clips = [clip for clip in opened.index.clips if (clip.video or clip.audio) and opened.quality(clip) is None]
    what = "checking quality"
    with opened.working(what):
        for done, clip in enumerate(clips):
            tell = functools.partial(_tell, opened, what, done, len(clips))
            tell(0.0)
            try:
                found = browse.quality_of(clip, on_progress=tell)
            except DivineError as error:
                found = Quality((Check("can be opened", 0.0, "", False, str(error)),))
            opened.note_quality(clip, found)


def _tell(opened: Opened, what: str, done: int, total: int, fraction: float) -> None:
    opened.step(what, done + fraction, total)
