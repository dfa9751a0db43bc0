"""Encoders over a cohort: resumable, several clips at a time, with a list of what failed and why."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from divine.config import Limits
from divine.data.features import read_features
from divine.data.recording import open_entry
from divine.data.schema import ClipEntry, Index
from divine.features.batches import Pair
from divine.features.extract import Extracted, extract, keep, stored
from divine.records import DivineError, Features, Modality
from divine.store import Store, StoreError


class Failure(NamedTuple):
    """A clip of which one encoder, or all, made nothing."""

    clip: str
    why: str


class Extraction(NamedTuple):
    """What one pass over a cohort came to."""

    done: int
    """Clips that this pass observed."""
    kept: int
    """Clips that an earlier pass had finished."""
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class CohortFeatures:
    """The features of a cohort: files that it brought, or what encoders made of its media."""

    index: Index
    pair: Pair
    store: Store
    limits: Limits = Limits()

    def extract(
        self, *, workers: int | None = None, on_clip: Callable[[int, int], None] = lambda done, total: None
    ) -> Extraction:
        """Run the encoders over every clip that lacks something; ``on_clip`` is told how many of how many are finished.

        Media are decoded in child processes, so threads are enough to keep every core busy. An interrupt loses the clips
        under way and nothing else.

        Raises:
            StoreError: the store cannot be written.
        """
        clips = self.index.clips
        fresh, failures = 0, []
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            futures: dict[Future[tuple[bool, Extracted]], ClipEntry] = {pool.submit(self._ensure, clip): clip for clip in clips}
            try:
                for done, future in enumerate(as_completed(futures), start=1):
                    name = _address(futures[future])
                    try:
                        new, found = future.result()
                        fresh += new
                        failures += [Failure(name, why) for why in found.absent.values()]
                    except StoreError:
                        raise
                    except DivineError as error:
                        failures.append(Failure(name, str(error)))
                    on_clip(done, len(clips))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return Extraction(fresh, len(clips) - fresh - len({f.clip for f in failures}), tuple(sorted(failures)))

    def of(self, clip: ClipEntry) -> dict[str, Features]:
        """Return the features of one clip by code, without computing any; a modality that it lacks is left out."""
        try:
            found = stored(self.store, open_entry(clip).digest, self._encoded(clip)).features if _has_media(clip) else {}
            return found | self._given(clip)
        except StoreError:
            raise
        except DivineError:
            return {}  # extraction has listed it among the failures

    def __iter__(self) -> Iterator[dict[str, Features]]:
        return (self.of(clip) for clip in self.index.clips)

    def _ensure(self, clip: ClipEntry) -> tuple[bool, Extracted]:
        self._given(clip)
        wanted = self._encoded(clip)
        if not wanted or not _has_media(clip):
            return False, Extracted()
        opened = open_entry(clip)
        before = stored(self.store, opened.digest, wanted)
        missing = [code for code in wanted if code not in before]
        if not missing:
            return False, before
        from divine.observe import observe_clip  # training reads features without ever looking at a picture

        found = extract(observe_clip(opened, limits=self.limits, on_event=lambda event: None), missing)
        keep(self.store, opened.digest, found)
        return True, Extracted(before.features | found.features, before.absent | found.absent)

    def _encoded(self, clip: ClipEntry) -> Sequence[str]:
        """Return the codes that must be computed: those for which the cohort brought no file."""
        return [code for modality, code in self.pair.named if (modality, code) not in clip.features]

    def _given(self, clip: ClipEntry) -> dict[str, Features]:
        files = {code: clip.features.get((modality, code)) for modality, code in self.pair.named}
        found = {code: read_features(path) for code, path in files.items() if path is not None}
        return {code: Features(values, np.arange(len(values), dtype=float), code) for code, values in found.items()}


def modalities_of(index: Index) -> dict[str, Modality]:
    """Return the modality of every kind of features that a cohort brought as files."""
    return {name: modality for clip in index.clips for modality, name in clip.features}


def _has_media(clip: ClipEntry) -> bool:
    return clip.video is not None or clip.audio is not None


def _address(clip: ClipEntry) -> str:
    return f"{clip.person}/{clip.name}"
