"""Encoders over a cohort: resumable, several clips at a time, with a table of what failed and why."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from divine import encoders
from divine.compute import ComputeError, Workers, in_process
from divine.config import Limits
from divine.data.schema import ClipEntry, Index
from divine.encoders import EncoderError
from divine.features.batches import Pair, Several
from divine.features.clips import ClipFeatures, Failure, Made
from divine.features.failures import Table, table_path, write_table
from divine.records import DivineError, Features, Modality
from divine.store import Store

GROUP = 4
"""Clips that a worker takes at once for a network, which on a GPU is quicker over several."""


class Extraction(NamedTuple):
    """What one pass over a cohort came to."""

    done: int
    """Clips that this pass observed."""
    kept: int
    """Clips that an earlier pass had finished, and those that came with features."""
    failures: tuple[Failure, ...]
    table: Path
    """The failures as JSON; beside it as CSV."""


@dataclass(frozen=True)
class CohortFeatures:
    """The features of a cohort: files that it brought, or what encoders made of its media."""

    index: Index
    pair: Pair | Several
    store: Store
    limits: Limits = Limits()

    def extract(
        self,
        *,
        workers: Workers | int | None = None,
        on_clip: Callable[[int, int], None] = lambda done, total: None,
    ) -> Extraction:
        """Run the encoders over every clip that lacks something; ``on_clip`` is told how many of how many are finished.

        By default, or given a number, in threads of this process: media are decoded in children, so threads keep every
        core busy. An interrupt, or a worker that dies, loses the clips under way and nothing else.

        Raises:
            EncoderError: an encoder cannot run here.
            StoreError: the store cannot be written.
            ComputeError: the workers cannot do it, or are gone.
        """
        clips = self.index.clips
        self._check_weights()
        at_work = in_process(workers) if workers is None or isinstance(workers, int) else workers
        at_work.check(_places(clips))
        self.store.tidy()
        network = any(encoders.info(code).weights for _, code in self._computed())
        done = fresh = kept = 0
        failures: list[Failure] = []
        for group in at_work.each(self._clips.make, _groups(clips, GROUP if network else 1)):
            for made in _of_each(group.item, group.outcome):
                fresh += made.fresh
                kept += not made.fresh and not made.failures
                failures += made.failures
                done += 1
                on_clip(done, len(clips))
        table = table_path(self.store, self.index.root, self.pair)
        found = Extraction(fresh, kept, tuple(sorted(failures)), table)
        write_table(table, Table(str(self.index.root), self.pair.codes, len(clips), fresh, kept, found.failures))
        return found

    def of(self, clip: ClipEntry) -> dict[str, Features]:
        """Return the features of one clip by code, without computing any; a modality that it lacks is left out."""
        return self._clips.of(clip)

    def __iter__(self) -> Iterator[dict[str, Features]]:
        return (self.of(clip) for clip in self.index.clips)

    @functools.cached_property
    def _clips(self) -> ClipFeatures:
        return ClipFeatures(self.pair.named, self.store, self.limits)

    def _computed(self) -> Sequence[tuple[Modality, str]]:
        """Return the encoders that some clip needs: the others' features all came as files."""
        filmed = [clip for clip in self.index.clips if clip.video is not None or clip.audio is not None]
        return [(kind, code) for kind, code in self.pair.named if any((kind, code) not in clip.features for clip in filmed)]

    def _check_weights(self) -> None:
        for _, code in self._computed():
            if not encoders.info(code).present:
                raise EncoderError(
                    f"{code}: its weights ({encoders.info(code).weights}) are not here. Run `divine encoders fetch {code}`."
                )


def modalities_of(index: Index) -> dict[str, Modality]:
    """Return the modality of every kind of features that a cohort brought as files."""
    return {name: modality for clip in index.clips for modality, name in clip.features}


def _groups(clips: Iterable[ClipEntry], size: int) -> Iterator[tuple[ClipEntry, ...]]:
    waiting = iter(clips)
    while group := tuple(islice(waiting, size)):
        yield group


def _of_each(group: tuple[ClipEntry, ...], outcome: tuple[Made, ...] | DivineError) -> tuple[Made, ...]:
    """Return what came of each clip of a group; where its workers died, that.

    Raises:
        DivineError: what concerns more than these clips.
    """
    if isinstance(outcome, ComputeError):
        return tuple(Made(False, (Failure(f"{clip.person}/{clip.name}", "", str(outcome)),)) for clip in group)
    if isinstance(outcome, DivineError):
        raise outcome
    return outcome


def _places(clips: Sequence[ClipEntry]) -> list[Path]:
    """Name a few files of a cohort, which workers elsewhere must see too."""
    return [path for clip in clips[:3] for path in (clip.video, clip.audio, *clip.features.values()) if path is not None]
