"""A small cohort in Toronto NeuroFace's layout with numbered frames, hand annotations, ratings and a run of chosen answers.

Landmarks are put into the store beforehand: what a tracker sees in a barcode is no matter here.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

# What the two threads of a studio would import side by side: under the tests' checks of shapes Python 3.11 cannot.
import divine.face.track
import divine.measuring
import divine.media.view
import divine.voice.picture  # noqa: F401
from divine.config import home
from divine.data.load import load
from divine.data.schema import ClipEntry, Index, Rating
from divine.data.tnf_write import Rated, landmarks_path, mark_synthetic, video_path, write_landmarks, write_ratings
from divine.records import Landmarks
from divine.services import browse, session
from tests import clips
from tests.explain.made_run import write_run
from tests.ui.fake import landmarks_of

FRAMES = 75
ANNOTATED = (10, 40)
APART_PX = 3.0
RUN = "chosen-answers"
PEOPLE = {"ALS": ("A001", "A002", "A003"), "HC": ("N001", "N002", "N003")}
TASKS = ("DDK_PA", "NSM_OPEN")


class Made(NamedTuple):
    """The cohort, and where its parts are."""

    root: Path
    index: Index
    even: ClipEntry
    uneven: ClipEntry
    times: dict[str, np.ndarray]
    """Frame times by clip name."""

    def key(self, entry: ClipEntry) -> str:
        return browse.clip_key(entry)

    def other(self, subject: str, task: str) -> ClipEntry:
        return next(one for one in self.index.clips if (one.subject, one.task) == (subject, task))


def make(root: Path) -> Made:
    """Write the cohort, its landmarks and its run. A001 speaks at an even frame rate and opens the mouth at an uneven one."""
    times = {"DDK_PA": np.arange(FRAMES) / 25, "NSM_OPEN": _uneven(FRAMES)}
    source = {task: clips.numbered_clip(root.parent / f"{task}.mp4", times[task], sound=clips.tone(3)) for task in TASKS}
    found: dict[str, np.ndarray] = {}
    for group, people in PEOPLE.items():
        rated = []
        for person in people:
            for task in TASKS:
                path = video_path(root, group, person, "02", task, ".mp4")
                path.parent.mkdir(parents=True, exist_ok=True)
                # The same recording twice would be two people who may be one: an empty box at its end makes it another.
                path.write_bytes(source[task].read_bytes() + b"\x00\x00\x00\x0cfree" + person.encode())
                found[path.name] = times[task]
                score = 1.0 if group == "HC" else 3.0
                rated.append(Rated(path.name, person, (Rating("SLP1", (score,) * 5), Rating("SLP2", (score + 1,) * 5))))
        write_ratings(root, group, rated)
    hand = video_path(root, "ALS", "A001", "02", "DDK_PA", ".mp4")
    face = landmarks_of(FRAMES, times["DDK_PA"]).points_px[list(ANNOTATED)]
    write_landmarks(landmarks_path(root, "ALS", hand), np.array(ANNOTATED), face + np.array([APART_PX, 0.0]))
    mark_synthetic(root, "Numbered frames of a test.")
    write_run(home() / "runs" / RUN, root, _answer, levels={"ALS": "severe"})
    made = Made(root, load(root).index, *(None, None), found)  # type: ignore[arg-type]
    made = made._replace(even=made.other("A001", "DDK_PA"), uneven=made.other("A001", "NSM_OPEN"))
    for entry, task in ((made.even, "DDK_PA"), (made.uneven, "NSM_OPEN")):
        opened = session.open_recording(entry)
        session.keep_landmarks(opened, _moving(times[task]))
    return made


def _uneven(count: int) -> np.ndarray:
    """Return times in whole milliseconds, with gaps of a phone in changing light."""
    gaps = np.random.default_rng(1).choice([0.02, 0.033, 0.05, 0.09], count)
    return np.round(np.cumsum(gaps) - gaps[0], 3)


def _moving(times: np.ndarray) -> Landmarks:
    return landmarks_of(len(times), times)


def _answer(clip: ClipEntry, setting: str, fold: int, seed: int) -> dict[str, object]:
    person, ill = int(clip.subject[1:]), clip.group == "ALS"
    als = (0.7 if ill else 0.2) + {"audio+video": 0.1, "video": 0.0, "audio": 0.05}[setting] + (0.02 if seed else -0.02)
    items = ("symmetry", "range_of_motion", "speed", "variability", "fatigue")
    scores = {f"predicted_{name}": 2.0 + place / 10 for place, name in enumerate(items)}
    attention = {f"attention_{name}": (0.1 + place / 20 + person / 100) for place, name in enumerate(items)}
    return {
        "prediction": "ALS" if als > 0.5 else "HC",
        "probability_ALS": als,
        "probability_HC": 1 - als,
        "predicted_total": sum(scores.values()),
        "gate_video": 0.6 + person / 100 if "video" in setting else 0.0,
        "gate_audio": 0.3 if "audio" in setting else 0.0,
        **scores,
        **attention,
    }
