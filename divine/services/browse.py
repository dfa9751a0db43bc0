"""What pages ask of a cohort: load it, look into its files, what runs say of its clips, whether a clip is fit to be judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from divine.config import home
from divine.data.judged import Judged
from divine.data.keys import clip_key, key_of
from divine.demonstration import COHORT, QUALITY
from divine.records import OnStep, Quality

if TYPE_CHECKING:
    from divine.data.schema import ClipEntry, Loaded
    from divine.services.runs import RunEntry

__all__ = [
    "COHORT",
    "ClipSaid",
    "KnownQuality",
    "clip_key",
    "key_of",
    "load_cohort",
    "look_into",
    "quality_of",
    "runs_on",
    "said_by",
]


class ClipSaid(NamedTuple):
    """What a run says of one clip whose subject its models never saw, averaged over its seeds."""

    prediction: str
    probability: float
    """Of ``prediction``."""
    total: float | None
    """Expected total of the rated items; None in a run without ratings."""


def load_cohort(data: Path, *, frame_base: int = 1) -> Loaded:
    """Load a cohort's index without opening any recording.

    Raises:
        DivineError: there is nothing that can be loaded.
    """
    from divine.data.load import load

    return load(data, frame_base=frame_base)


def look_into(loaded: Loaded, *, probe: bool = False, on_step: OnStep = lambda what, done, total: None) -> Loaded:
    """Read every annotation and feature file of a loaded cohort; with ``probe``, open every recording too."""
    from divine.data.check import check

    return check(loaded, probe=probe, on_clip=lambda done, total: on_step("checking", done, total))


def runs_on(data: Path) -> tuple[RunEntry, ...]:
    """List the finished runs on a cohort, the newest first."""
    from divine.services.runs import runs

    wanted = manifest_of(data)
    return tuple(one for one in runs() if one.state == "done" and one.spec and manifest_of(Path(one.spec.data)) == wanted)


def said_by(run: Path) -> Mapping[str, ClipSaid]:
    """Return what a finished run says of each clip that it tested, by the clip's key.

    Raises:
        DivineError: the run is not finished, or its table is damaged.
    """
    from divine.explain.held_out import held_out
    from divine.training.run import Run

    place = Run(run)
    found = held_out(place.predictions(), place.spec().system)
    said: dict[str, ClipSaid] = {}
    for where, settings in found.said.items():
        fullest = settings[max(settings, key=len)]
        probability = float(fullest.probabilities[found.classes.index(fullest.prediction)])
        said[key_of(*where.person, where.clip)] = ClipSaid(fullest.prediction, probability, fullest.total)
    return said


def quality_of(entry: ClipEntry, *, on_progress: Callable[[float], None] = lambda fraction: None) -> Quality:
    """Look at a clip and say whether it is fit to be judged; what takes long is kept, so its session then opens at once.

    Args:
        entry: of a cohort's index.
        on_progress: takes the fraction done; what it raises ends the work.

    Raises:
        DivineError: the recording cannot be used; the message says what to do.
    """
    from divine.services.session import tracks_of

    return tracks_of(entry, on_progress=lambda part, done: on_progress(done)).measured.quality


class KnownQuality:
    """What is known of the quality of a cohort's clips: what was found here, and what is shipped with the demonstration."""

    def __init__(self, data: Path, cohort_id: str) -> None:
        self._here = Judged(home() / "quality" / f"{cohort_id}.json")
        self._shipped = Judged(QUALITY) if data == COHORT.resolve() else None

    def get(self, entry: ClipEntry) -> Quality | None:
        """Return what is known of a clip; None where nobody has looked, or its files have changed since."""
        here = self._here.get(entry)
        return here if here is not None or self._shipped is None else self._shipped.get(entry)

    def put(self, entry: ClipEntry, quality: Quality) -> None:
        """Remember what was found of a clip.

        Raises:
            StoreError: the home cannot be written.
        """
        self._here.put(entry, quality)
        self._here.save()


def manifest_of(data: Path) -> Path:
    """Return the manifest that a folder means, as ``load`` does; any other path as it is."""
    from divine.data.load import MANIFESTS

    found = (data / f"manifest{suffix}" for suffix in MANIFESTS)
    return next((one for one in found if data.is_dir() and one.is_file()), data)
