"""The cohort and the run that are shipped: small enough for a repository, large enough to show every page."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

from divine import encoders
from divine.config import PROJECT, Limits
from divine.data.judged import Judged
from divine.data.load import load
from divine.data.recording import open_entry
from divine.data.schema import Index
from divine.data.tnf_cohort import write_tnf
from divine.data.tnf_write import mark_synthetic
from divine.demonstration import COHORT, QUALITY, RUN
from divine.features.batches import Pair
from divine.features.extract import extract, keep
from divine.measuring import measure
from divine.media import open_clip, read_sound
from divine.media.pictures import Pictures
from divine.media.write import FINE, VideoWriter, replacing
from divine.observe import observe_clip
from divine.records import OnStep
from divine.store import Store, write_atomically
from divine.synthetic.clip import COMMENT
from divine.synthetic.cohort import Plan, make_cohort
from divine.training.cross_validate import cross_validate
from divine.training.run import Run
from divine.training.spec import RunSpec, configure

PLAN = Plan(subjects=12, seconds=3.5, fps=30.0, seed=7)
FOLDS, SEEDS = 3, 3
BASELINES = ("majority", "age-sex")
_SMALL = {"preset": "slow", "crf": "26", "g": "120"}
"""90 kB a recording; landmarks differ from those of the original by 0.3 px (median), 1.1 px (95 % of points and frames)."""
_SHIPPED = ("split.json", "status.json", "events.jsonl", "history.parquet", "predictions.parquet")
"""Of a run, beside its spec: everything that a page reads."""


def make_shipped_cohort(work: Path, *, workers: int, on_step: OnStep) -> Index:
    """Render the cohort into ``work``, then write it small to where it is shipped from."""
    source = work / f"shipped-{_digest(asdict(PLAN))}"  # another plan, another folder: nothing old is gone on with
    make_cohort(source, PLAN, workers=workers, on_progress=lambda done, total, name: on_step("rendered", done, total))
    index = load(source).index
    small = tuple(replace(clip, video=clip.video.with_suffix(".mp4")) for clip in index.clips if clip.video)
    partial = COHORT.with_name(f".{COHORT.name}-partial")
    shutil.rmtree(partial, ignore_errors=True)
    written: list[Path] = []

    def place(wanted: Path, target: Path) -> None:
        _shrink(wanted.with_suffix(".avi"), target)
        written.append(target)
        on_step("written small", len(written), len(small))

    write_tnf(replace(index, clips=small), partial, place=place)
    mark_synthetic(partial, f"divine.demonstration, seed {PLAN.seed}: rendered faces, synthesised voices, simulated raters.")
    shutil.rmtree(COHORT, ignore_errors=True)
    partial.rename(COHORT)
    return load(COHORT).index


def _shrink(source: Path, target: Path) -> None:
    """Encode a recording again, every frame at its own time. The source is ours: no child is needed to decode it."""
    clip = open_clip(source)
    sound = read_sound(clip) if clip.audio else None
    with (
        replacing(target) as temporary,
        VideoWriter(temporary, name=target.name, sound=sound, fps=PLAN.fps, comment=COMMENT, options=_SMALL) as writer,
    ):
        for picture in Pictures(source):
            writer.add(round(picture.time_s / FINE), picture.frame.reformat(format="yuv420p"))
    target.chmod(0o644)  # a temporary file is its owner's alone; this one is everybody's


def look_at_everything(index: Index, pair: Pair, store: Store, *, on_step: OnStep) -> None:
    """Observe each recording once: its features go to the store, whether it is fit to be judged to the shipped table."""
    QUALITY.unlink(missing_ok=True)
    judged = Judged(QUALITY)
    for done, entry in enumerate(index.clips, start=1):
        observation = observe_clip(open_entry(entry), limits=Limits(), on_event=lambda event: None)
        keep(store, observation.clip.digest, extract(observation, pair.codes))
        judged.put(entry, measure(observation, entry.task).quality, shipped=True)
        on_step("looked at", done, len(index.clips))
    judged.save()
    QUALITY.chmod(0o644)


def make_shipped_run(work: Path, pair: Pair, store: Store, *, workers: int, on_step: OnStep) -> None:
    """Train folds × seeds on the shipped cohort in ``work``; ship what pages read, with a path that holds everywhere."""
    config = configure("divine", "M", max(encoders.info(code).dim for code in pair.codes))
    spec = RunSpec(str(COHORT), str(pair), config, folds=FOLDS, seeds=SEEDS, baselines=BASELINES)
    # The table of quality knows every recording's size and what was seen in it: another cohort is another run.
    made = Run(work / f"shipped_run-{_digest([spec.to_json().decode(), QUALITY.read_text()])}")
    cross_validate(spec, made, store, workers=workers, on_step=lambda step: on_step(*step))
    shutil.rmtree(RUN, ignore_errors=True)
    write_atomically(RUN / "spec.json", replace(spec, data=COHORT.relative_to(PROJECT).as_posix()).to_json())
    members = [one.relative_to(made.folder).as_posix() for one in sorted(made.folder.glob("members/*/predictions.parquet"))]
    for name in (*_SHIPPED, *members):
        if (made.folder / name).is_file():
            write_atomically(RUN / name, (made.folder / name).read_bytes())
    for file in (one for one in RUN.rglob("*") if one.is_file()):
        file.chmod(0o644)


def _digest(what: object) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:10]
