"""TEST encoders: tiny random features in the place of encoders whose weights are not here, so that a whole study can be tried.

They mean nothing, and say so in their names: ``TEST-DS`` stands for ``DS``.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from divine.data.schema import SYNTHETIC_MARK, ClipEntry, Index
from divine.features.batches import Pair
from divine.features.cohort import CohortFeatures, modalities_of
from divine.records import Modality
from divine.store import Store, write_atomically
from divine.training.errors import TrainingError

PREFIX = "TEST-"
DIM = 8
_BASES: dict[Modality, str] = {"video": "KI", "audio": "AC"}


def stand_in(code: str) -> str:
    """Name the stand-in of a code."""
    return PREFIX + code


def write_stand_ins(
    index: Index, codes: dict[str, Modality], store: Store, folder: Path, *, workers: int | None = None
) -> Path:
    """Write the cohort as a manifest of features: those it has, and a stand-in for each of ``codes``; return the manifest.

    A stand-in is a random projection to eight numbers per step of the modality's own features: the embedded encoder's, or the
    first that the cohort brings. A manifest that is there is taken as it is.

    Raises:
        TrainingError: no clip has features that could be projected.
    """
    manifest = folder / "manifest.csv"
    if manifest.is_file():
        return manifest
    brought = modalities_of(index)
    bases: dict[Modality, str] = {
        m: next((name for name, its in brought.items() if its == m), code) for m, code in _BASES.items()
    }
    features = CohortFeatures(index, Pair(bases["video"], bases["audio"]), store)
    features.extract(workers=workers)
    wanted: list[tuple[Modality, str]] = [(modality, stand_in(code)) for code, modality in codes.items()]
    rows = []
    for number, (clip, found) in enumerate(zip(index.clips, features, strict=True)):
        row = _who(clip, index)
        for modality, base in bases.items():
            if base not in found:
                continue
            values = np.nan_to_num(found[base].values.astype(np.float32))
            row |= _file(folder, number, modality, base, values)
            for code in (name for its, name in wanted if its == modality):
                row |= _file(folder, number, modality, code, _project(values, code))
        rows.append(row)
    heads = list(dict.fromkeys(name for row in rows for name in row))
    if not any(name.startswith("features_") for name in heads):
        raise TrainingError(f"{index.root.name}: no clip has features to make TEST encoders of. Extract KI or AC first.")
    out = io.StringIO()
    writer = csv.DictWriter(out, heads, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for row in rows if any(name.startswith("features_") for name in row))
    if index.synthetic:
        write_atomically(folder / SYNTHETIC_MARK, b"Rendered, never recorded.\n")
    write_atomically(manifest, out.getvalue().encode())
    return manifest


def _project(values: np.ndarray, code: str) -> np.ndarray:
    rng = np.random.default_rng(zlib.crc32(code.encode()))
    weights = rng.normal(size=(values.shape[1], DIM)) / np.sqrt(values.shape[1])
    return np.tanh(np.arcsinh(values) @ weights).astype(np.float32)


def _file(folder: Path, number: int, modality: Modality, code: str, values: np.ndarray) -> dict[str, str]:
    name = f"features/{number:04d}-{code}.npy"
    (folder / "features").mkdir(parents=True, exist_ok=True)
    np.save(folder / name, values)
    return {f"features_{modality}_{code}": name}


def _who(clip: ClipEntry, index: Index) -> dict[str, str]:
    row = {name: getattr(clip, name) for name in ("dataset", "group", "subject", "session", "task")}
    known = {"age": clip.age, "sex": clip.sex, "split": clip.split}
    row |= {name: str(value) for name, value in known.items() if value is not None}
    for rating in clip.ratings:
        scores: Sequence[tuple[str, float | None]] = list(zip(index.items, rating.scores, strict=True))
        row |= {f"rating_{item}_{rating.rater}": str(score) for item, score in scores if score is not None}
    return row
