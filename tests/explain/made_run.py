"""A run that nobody trained: a folder as training leaves it, with answers chosen by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from divine.data.load import load
from divine.data.schema import ClipEntry, Index
from divine.data.splits import split, write_split
from divine.training.run import Run, Status
from divine.training.spec import RunSpec, configure

SETTINGS = ("audio+video", "video", "audio")
Answer = Callable[[ClipEntry, str, int, int], dict[str, object]]
"""Takes a clip, a setting, the fold and the seed; returns the columns of a prediction."""


def write_run(
    folder: Path, data: Path, answer: Answer, *, seeds: int = 2, levels: dict[str, str] | None = None
) -> tuple[Run, Index]:
    """Write a finished run of three folds on a cohort: every clip is tested once per seed, in every setting that it allows."""
    index = load(data).index
    made = split(index, 3, range(seeds))
    run = Run(folder)
    run.begin(RunSpec(data=str(data), encoders="V+A", config=configure("divine", "M", 5), folds=3, seeds=seeds))
    proof = write_split(made, run.split_file)
    rows = []
    for fold in made.members:
        for clip in index.clips:
            for part in ("test", "validation"):
                if clip.person not in getattr(fold, part):
                    continue
                for setting in SETTINGS:
                    if not set(setting.split("+")) & set(clip.modalities):
                        continue
                    about = {
                        "dataset": clip.dataset,
                        "group": clip.group,
                        "subject": clip.subject,
                        "clip": clip.name,
                        "task": clip.task,
                    }
                    about |= {"target": clip.group, "part": part, "fold": fold.fold, "seed": fold.seed, "system": "divine"}
                    about |= {
                        "objective": "M",
                        "encoders": "V+A",
                        "modalities": setting,
                        "target_level": (levels or {}).get(clip.group),
                    }
                    said = answer(clip, setting, fold.fold, fold.seed)
                    # What was not meant for the page must not reach it.
                    spoilt = said if part == "test" else {name: 0.0 if isinstance(v, float) else v for name, v in said.items()}
                    rows.append(about | spoilt)
    pd.DataFrame(rows).to_parquet(folder / "predictions.parquet")
    run.set_status(Status("done", len(made.members), len(made.members), proof, index.synthetic))
    return run, index
