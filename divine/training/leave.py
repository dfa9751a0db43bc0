"""What a trained member leaves: checkpoint, history and, last, the predictions that say it is finished."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from divine import encoders
from divine.data.schema import Part
from divine.data.splits import Fold
from divine.features.pack import MODALITIES
from divine.models.batch import Batch
from divine.records import CheckpointCard, Modality
from divine.store import write_atomically
from divine.training.checkpoint import Checkpoint, EncoderRef, save
from divine.training.latents import report_latents
from divine.training.loop import Fitted
from divine.training.predict import predict
from divine.training.rows import clip_columns, prediction_columns
from divine.training.work import JUDGED, SETTINGS, Work, rows_of


def folder(run: Path, fold: Fold) -> Path:
    """Return where a member lies."""
    return run / "members" / f"f{fold.fold}s{fold.seed}"


def is_finished(run: Path, fold: Fold) -> bool:
    """Say whether a member is there whole: its predictions are written last."""
    return (folder(run, fold) / "predictions.parquet").is_file()


def leave(work: Work, fold: Fold, fitted: Fitted) -> None:
    """Judge a member's test and validation clips and write everything.

    Raises:
        StoreError: the run's folder cannot be written.
    """
    place, validation = folder(work.run, fold), rows_of(work, fold, "validation")
    save(_checkpoint(work, fitted, fold), place)
    write_atomically(place / "history.parquet", _history(fitted, fold).to_parquet())
    table = pd.concat([_judge(work, fitted, fold, part, rows_of(work, fold, part)) for part in JUDGED], ignore_index=True)
    write_atomically(place / "predictions.parquet", table.to_parquet())
    latents = report_latents(fitted, (work.pack.batch(rows) for rows in _chunks(validation)))
    tell = teller(work.run / "events.jsonl", fold)
    tell(event="finished", epochs=len(fitted.history), latents=[one._asdict() for one in latents])


def _checkpoint(work: Work, fitted: Fitted, fold: Fold) -> Checkpoint:
    def reference(modality: Modality, code: str) -> EncoderRef:
        given = any((modality, code) in clip.features for clip in work.index.clips)
        return EncoderRef(modality, code, "given" if given else encoders.info(code).revision)

    references = tuple(reference(modality, code) for modality, code in work.pair.named if modality in work.pack.dims)
    trained_on = f"{work.index.root.name}, {len(fold.train)} subjects of fold {fold.fold}, seed {fold.seed}"
    card = CheckpointCard(f"{work.spec.system} {work.spec.encoders}", trained_on, work.index.synthetic)
    return Checkpoint(fitted.model, fitted.moments, references, work.cutoffs, card)


def _history(fitted: Fitted, fold: Fold) -> pd.DataFrame:
    return pd.DataFrame(
        {"fold": fold.fold, "seed": fold.seed, "epoch": one.number, "validation": one.validation, "best": one.best}
        | {name: float(value) for name, value in one.train._asdict().items()}
        for one in fitted.history
    )


def _judge(work: Work, fitted: Fitted, fold: Fold, part: Part, rows: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        line for setting in SETTINGS for chunk in _chunks(rows) for line in _lines(work, fitted, fold, part, chunk, setting)
    )


def _chunks(rows: np.ndarray) -> list[np.ndarray]:
    """Split rows into as few chunks of at most 256 as will do; at least one."""
    return np.array_split(rows, max(1, -(-len(rows) // 256)))


def _lines(
    work: Work, fitted: Fitted, fold: Fold, part: Part, rows: np.ndarray, setting: tuple[Modality, ...]
) -> Iterator[dict[str, object]]:
    """Judge clips with the modalities of a setting; a clip that has none of them is left out."""
    if not set(setting) <= set(work.pack.dims):
        return
    wanted = np.array([modality in setting for modality in MODALITIES])
    rows = rows[(work.pack.present()[rows] & wanted).any(axis=1)]
    if not len(rows):
        return
    batch = _only(work.pack.batch(rows), setting)
    about = {"part": part, "fold": fold.fold, "seed": fold.seed, "system": work.spec.system, "objective": work.spec.objective}
    about |= {"encoders": work.spec.encoders, "modalities": "+".join(setting)}
    for row, prediction in zip(rows, predict(fitted, batch), strict=True):
        yield clip_columns(work.index, int(row), work.cutoffs) | about | prediction_columns(prediction)


def _only(batch: Batch, setting: tuple[Modality, ...]) -> Batch:
    """Leave out the modalities that are not of a setting: a model takes them for absent, and computes nothing for them."""
    return Batch(batch.video if "video" in setting else None, batch.audio if "audio" in setting else None)


def teller(path: Path, fold: Fold) -> Callable[..., None]:
    """Return a function that appends one line to the run's events; short appends are whole on a local disk."""

    def tell(**what: object) -> None:
        line = {"time": round(time.time(), 3), "fold": fold.fold, "seed": fold.seed} | what
        with path.open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")

    return tell
