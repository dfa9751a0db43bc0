"""What a trained member leaves: checkpoint, history and, last, the predictions that say it is finished."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from divine import encoders
from divine.data.schema import Part
from divine.data.splits import Fold
from divine.records import CheckpointCard, Modality
from divine.store import write_atomically
from divine.training.checkpoint import Checkpoint, EncoderRef, save
from divine.training.latents import report_latents
from divine.training.loop import Fitted
from divine.training.predict import Inferred, infer_clips, predict_with
from divine.training.rows import clip_columns, prediction_columns
from divine.training.work import SETTINGS, Work, rows_of


def folder(run: Path, fold: Fold) -> Path:
    """Return where a member lies."""
    return run / "members" / f"f{fold.fold}s{fold.seed}"


def is_finished(run: Path, fold: Fold) -> bool:
    """Say whether a member is there whole: its predictions are written last, and a disk may lose what was written before."""
    place = folder(run, fold)
    if not is_table(place / "predictions.parquet"):
        return False
    if (place / "recipe.json").is_file():  # it is refitted, and keeps neither weights nor history
        return True
    checkpoint = (place / "weights.safetensors", place / "config.json")
    return is_table(place / "history.parquet") and all(path.is_file() for path in checkpoint)


def is_table(path: Path) -> bool:
    """Say whether a table is there and was not cut off: what says where its columns lie stands at its end."""
    try:
        return pq.read_metadata(path).num_columns > 0
    except (OSError, pa.ArrowException):
        return False


def leave(work: Work, fold: Fold, fitted: Fitted) -> None:
    """Judge a member's test and validation clips and write everything.

    Raises:
        StoreError: the run's folder cannot be written.
    """
    place = folder(work.run, fold)
    save(_checkpoint(work, fitted, fold), place)
    write_atomically(place / "history.parquet", _history(fitted, fold).to_parquet())
    test = infer_clips(fitted, work.pack, rows_of(work, fold, "test"))
    validation = list(infer_clips(fitted, work.pack, rows_of(work, fold, "validation")))
    lines = [*_lines(work, fitted, fold, "test", test), *_lines(work, fitted, fold, "validation", validation)]
    write_atomically(place / "predictions.parquet", pd.DataFrame(lines).to_parquet())
    latents = report_latents([one.parts for one in validation])
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


def _lines(work: Work, fitted: Fitted, fold: Fold, part: Part, inferred: Iterable[Inferred]) -> Iterator[dict[str, object]]:
    """Judge clips in every setting; a clip that has none of a setting's modalities is left out of it."""
    about = {"part": part, "fold": fold.fold, "seed": fold.seed, "system": work.spec.system, "objective": work.spec.objective}
    about |= {"encoders": work.spec.encoders}
    for clips in inferred:
        known = {row: clip_columns(work.index, row, work.cutoffs) for row in clips.rows.tolist()}
        for setting in (one for one in SETTINGS if set(one) <= set(work.pack.dims)):
            for row, prediction in predict_with(fitted, clips, setting):
                yield known[row] | about | {"modalities": "+".join(setting)} | prediction_columns(prediction)


def teller(path: Path, fold: Fold) -> Callable[..., None]:
    """Return a function that appends one line to the run's events; short appends are whole on a local disk."""

    def tell(**what: object) -> None:
        line = {"time": round(time.time(), 3), "fold": fold.fold, "seed": fold.seed} | what
        with path.open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")

    return tell
