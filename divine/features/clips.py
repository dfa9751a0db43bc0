"""The features of single clips: what is there of them, and how the rest is made. What workers carry out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from divine.config import Limits
from divine.data.errors import DataError
from divine.data.features import read_features
from divine.data.recording import open_entry
from divine.data.schema import ClipEntry
from divine.features.extract import Extracted, encode, keep, stored
from divine.records import Clip, DivineError, Features, Modality, Observation
from divine.store import Store, StoreError


class Failure(NamedTuple):
    """A clip of which one encoder made nothing, or all of them where none is named."""

    clip: str
    encoder: str
    why: str


class Made(NamedTuple):
    """What one pass came to for one clip: small enough to travel; the features are in the store."""

    fresh: bool
    """Whether the clip was observed."""
    failures: tuple[Failure, ...] = ()


@dataclass
class _Job:
    """A clip at work."""

    address: str
    clip: Clip | None = None
    missing: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True)
class ClipFeatures:
    """The features of clips by some encoders: files that their cohort brought, or what encoders made of media."""

    named: tuple[tuple[Modality, str], ...]
    """Encoders, each with its modality."""
    store: Store
    limits: Limits = Limits()

    def of(self, clip: ClipEntry) -> dict[str, Features]:
        """Return the features of one clip by code, without computing any; a modality that it lacks is left out."""
        given, _ = _read_given(clip, self.named)
        wanted = self.encoded(clip)
        try:
            made = stored(self.store, open_entry(clip).digest, wanted).features if wanted and _has_media(clip) else {}
        except StoreError:
            raise
        except DivineError:
            made = {}  # extraction has listed it among the failures
        return made | given

    def encoded(self, clip: ClipEntry) -> tuple[str, ...]:
        """Return the codes that must be computed: those for which the cohort brought no file."""
        return tuple(code for modality, code in self.named if (modality, code) not in clip.features)

    def make(self, clips: Sequence[ClipEntry], *, together: int | None = None) -> tuple[Made, ...]:
        """Make what clips lack, and keep each as soon as it is made.

        Args:
            clips: some.
            together: how many go through an encoder at once; on a GPU all of them, else one by one, if None.

        Raises:
            EncoderError: an encoder cannot run here.
            StoreError: the store cannot be written.
        """
        jobs = [self._job(clip) for clip in clips]
        fresh = [bool(job.missing) for job in jobs]
        for modality in ("video", "audio"):
            codes = [code for kind, code in self.named if kind == modality]
            for some in _split(jobs, codes, together):
                self._carry_out(modality, codes, some)
        return tuple(Made(one, tuple(job.failures)) for one, job in zip(fresh, jobs, strict=True))

    def _job(self, clip: ClipEntry) -> _Job:
        """Open a clip and see what is missing."""
        job = _Job(f"{clip.person}/{clip.name}")
        _, damaged = _read_given(clip, self.named)
        job.failures += [Failure(job.address, code, why) for code, why in damaged.items()]
        wanted = self.encoded(clip)
        try:
            if wanted and _has_media(clip):
                job.clip = open_entry(clip)
                before = stored(self.store, job.clip.digest, wanted)
                job.missing |= {code for code in wanted if code not in before}
                job.failures += [Failure(job.address, code, why) for code, why in before.absent.items()]
        except StoreError:
            raise
        except DivineError as error:
            job.failures.append(Failure(job.address, "", str(error)))
        return job

    def _carry_out(self, modality: Modality, codes: Sequence[str], jobs: Sequence[_Job]) -> None:
        """Observe one side of some clips, and run its encoders over them."""
        seen = [(job, job.clip, _observed(job.clip, modality, self.limits)) for job in jobs if job.clip is not None]
        for code in codes:
            lacking = [one for one in seen if code in one[0].missing]
            whole = [one[2] for one in lacking if isinstance(one[2], Observation)]
            outcomes: Iterator[Features | DivineError] = iter(encode(code, whole) if whole else ())
            for job, clip, observation in lacking:
                outcome = observation if isinstance(observation, DivineError) else next(outcomes)
                found = Extracted()
                found.note(code, outcome)
                keep(self.store, clip.digest, found)
                job.failures += [Failure(job.address, code, why) for why in found.absent.values()]


def _read_given(clip: ClipEntry, named: Sequence[tuple[Modality, str]]) -> tuple[dict[str, Features], dict[str, str]]:
    """Read the files of features that a clip brought; return what they hold by code, and why the damaged ones hold nothing."""
    found, damaged = {}, {}
    for code, path in [(code, path) for modality, code in named if (path := clip.features.get((modality, code))) is not None]:
        try:
            values = read_features(path)
        except DataError as error:
            damaged[code] = str(error)
        else:
            found[code] = Features(values, np.arange(len(values), dtype=float), code)
    return found, damaged


def _observed(clip: Clip, modality: Modality, limits: Limits) -> Observation | DivineError:
    """Look at a clip, or listen to it; its other side is left alone."""
    from divine.observe import observe_clip  # training reads features without ever looking at a picture

    half = dataclasses.replace(clip, audio=None) if modality == "video" else dataclasses.replace(clip, video=None)
    try:
        return observe_clip(half, limits=limits, on_event=lambda event: None)
    except StoreError:
        raise
    except DivineError as error:
        return error


def _split(jobs: Sequence[_Job], codes: Sequence[str], together: int | None) -> Iterator[Sequence[_Job]]:
    """Yield the jobs that lack one of the codes, as many at a time as should go through an encoder together."""
    lacking = [job for job in jobs if job.missing.intersection(codes)]
    if len(lacking) > 1 and together is None:
        from divine.encoders.device import batch_size

        together = batch_size(1, len(lacking))
    step = together or 1
    yield from (lacking[first : first + step] for first in range(0, len(lacking), step))


def _has_media(clip: ClipEntry) -> bool:
    return clip.video is not None or clip.audio is not None
