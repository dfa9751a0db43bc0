"""The checkpoint that the studio judges with until it is given another: trained on a SYNTHETIC cohort of 36 subjects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from divine import encoders
from divine.config import CHECKPOINTS, home
from divine.data.load import load
from divine.data.schema import Index
from divine.data.splits import Fold, split
from divine.evaluation.evaluate import Result, evaluate
from divine.features.batches import Pair
from divine.features.pack import Pack, PackSource
from divine.models.batch import Targets
from divine.records import CheckpointCard, OnStep
from divine.store import Store, write_atomically
from divine.synthetic.cohort import Plan, make_cohort
from divine.training.checkpoint import Checkpoint, EncoderRef, save
from divine.training.cohort import cutoffs_of, schema_of, targets_of
from divine.training.cross_validate import cross_validate
from divine.training.loop import fit
from divine.training.run import Run
from divine.training.spec import RunSpec, configure

PLAN = Plan(subjects=36, seconds=6.0, fps=30.0, seed=1)
PAIR = Pair("KI", "AC")


def make_checkpoint(work: Path, *, workers: int, on_step: OnStep) -> None:
    """Make the cohort in ``work``, validate across folds, train once more, write the checkpoint and its card."""
    make_cohort(work / "cohort", PLAN, workers=workers, on_progress=lambda done, total, name: on_step("rendered", done, total))
    index = load(work / "cohort").index
    config = configure("divine", "M", max(encoders.info(code).dim for code in PAIR.codes))
    spec = RunSpec(str(work / "cohort"), str(PAIR), config, seeds=1, baselines=("majority", "age-sex"))
    run = Run(work / "run")
    cross_validate(spec, run, Store(home() / "store"), workers=workers, on_step=lambda step: on_step(*step))
    results = evaluate(run.predictions(), tasks="all")
    packed = Pack(run.folder / "features", {m: encoders.info(code).dim for m, code in PAIR.named})
    checkpoint = _train_once(index, packed, spec)
    place = CHECKPOINTS / "demonstration"
    save(checkpoint, place)
    card = (place / "README.md").read_text() + _results(results)
    write_atomically(place / "README.md", card.encode())


def _train_once(index: Index, packed: Pack, spec: RunSpec) -> Checkpoint:
    """Train on four fifths of the subjects; the last fifth only watches the loss."""
    first = split(index, 5, [0]).members[0]
    fold = Fold(0, 0, tuple(one for one in index.subjects if one not in first.test), first.test, ())
    cutoffs = cutoffs_of(index, index.subjects)
    schema = schema_of(index, video_dim=packed.dim("video"), audio_dim=packed.dim("audio"))
    everything = targets_of(index, schema, cutoffs)

    def source(people: tuple) -> PackSource:
        wanted = set(people)
        present = np.asarray(packed.present().any(axis=1))
        rows = np.array([row for row, clip in enumerate(index.clips) if present[row] and clip.person in wanted])
        return PackSource(packed, rows, Targets(*(one[torch.from_numpy(rows)] for one in everything)))

    torch.set_num_threads(1)
    fitted = fit(source(fold.train), source(fold.validation), schema, spec.config, spec.training, seed=0)
    references = tuple(EncoderRef(modality, code, encoders.info(code).revision) for modality, code in PAIR.named)
    clips = sum(clip.person in fold.train for clip in index.clips)
    trained_on = f"SYNTHETIC cohort, {len(fold.train)} rendered subjects, {clips} recordings (seed {PLAN.seed})"
    card = CheckpointCard("demonstration", trained_on, synthetic=True)
    return Checkpoint(fitted.model, fitted.moments, references, cutoffs, card)


def _results(results: tuple[Result, ...]) -> str:
    lines = [
        "",
        "## How well it judges SYNTHETIC subjects",
        "",
        "Five folds by subject on the same SYNTHETIC cohort, one seed; per subject; 95 % interval over subjects in brackets.",
        "These numbers test the software. They say nothing about patients.",
        "",
        "| system | given | accuracy | macro-F1 | AUROC | MAE of the total (5 to 25) |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        if result.level == "subject":
            cells = []
            for name in ("accuracy", "macro_f1", "auroc", "mae_total"):
                one = result.metrics.get(name)
                cells.append("" if one is None else f"{one.mean:.2f} [{one.low:.2f}, {one.high:.2f}]")
            lines.append(f"| {result.system} | {result.modalities} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
