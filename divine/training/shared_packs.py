"""Features that many runs share: each encoder's are extracted once, packed once per task set, and linked into every run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from divine import encoders
from divine.data.schema import Index
from divine.encoders import EncoderError
from divine.features.batches import Pair
from divine.features.cohort import CohortFeatures, Failure, modalities_of
from divine.features.pack import Pack, PackError, pack, packed_in
from divine.records import Modality
from divine.store import Store, write_atomically


def why_absent(index: Index, code: str) -> str | None:
    """Say why a code's features cannot be had here; None where they can.

    Features that the cohort brings need no weights; others need weights and recordings.
    """
    if code in modalities_of(index):
        return None
    try:
        about = encoders.info(code)
    except EncoderError as error:
        return str(error)
    if not about.present:
        return f"weights absent: {code} needs {about.weights}. `divine encoders fetch {code}` brings them."
    has_media = any(clip.video is not None or (about.modality == "audio" and clip.audio is not None) for clip in index.clips)
    return None if has_media else f"{code}: the cohort has no recordings for it and brings no features of this name."


def extract_all(
    index: Index, codes: Sequence[str], store: Store, *, workers: int | None, on_clip: Callable[[int, int], None]
) -> tuple[Failure, ...]:
    """Run every encoder over the cohort, one of each modality at a time; what is finished is not done again.

    Raises:
        StoreError: the store cannot be written.
    """
    failures: list[Failure] = []
    passes = list(_pairs(index, codes))
    for number, pair in enumerate(passes):

        def tell(done: int, total: int, before: int = number) -> None:
            on_clip(before * total + done, len(passes) * total)

        failures += CohortFeatures(index, pair, store).extract(workers=workers, on_clip=tell).failures
    return tuple(failures)


def pack_of(index: Index, code: str, codes: Sequence[str], store: Store, folder: Path, *, max_steps: int) -> Pack:
    """Return one encoder's features of a task set's clips, packed; a pack that is there already is taken as it is.

    A video and an audio encoder of ``codes`` are packed in one pass, because every clip has to be opened to know its digest.

    Raises:
        PackError: no clip has any, or they differ in width.
    """
    modality = _modality(index, code)
    pair = next(pair for pair in _pairs(index, codes) if code in pair.codes)
    both = pack(CohortFeatures(index, pair, store), folder / str(pair), max_steps=max_steps)
    if modality not in both.dims:
        raise PackError(f"no clip has features of {code}: see the list of failures of the extraction.")
    return Pack(both.folder, {modality: both.dims[modality]})


def link(packs: Sequence[Pack], folder: Path) -> None:
    """Make one pack of several without copying: the run's folder stays whole when it is moved away.

    ``pack.json``, which vouches for the others, comes last.

    Raises:
        StoreError: the folder cannot be written.
    """
    if packed_in(folder) is not None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for one in packs:
        for modality in one.dims:
            for name in (f"{modality}.npy", f"{modality}_mask.npy"):
                (folder / name).unlink(missing_ok=True)
                try:
                    os.link(one.folder / name, folder / name)
                except OSError:  # another file system, or one without links
                    shutil.copyfile(one.folder / name, folder / name)
    dims = {modality: dim for one in packs for modality, dim in one.dims.items()}
    write_atomically(folder / "pack.json", json.dumps({"dims": dims}).encode())


def _pairs(index: Index, codes: Sequence[str]) -> Iterator[Pair]:
    by: dict[Modality, list[str]] = {"video": [], "audio": []}
    for code in dict.fromkeys(codes):
        by[_modality(index, code)].append(code)
    yield from (Pair(video, audio) for video, audio in zip_longest(by["video"], by["audio"]))


def _modality(index: Index, code: str) -> Modality:
    return modalities_of(index).get(code) or encoders.info(code).modality
