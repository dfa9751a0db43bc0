"""Who judges a recording: one checkpoint, or the members of a run, whose answers are averaged."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from divine import encoders
from divine.data.duplicates import shared_content
from divine.data.load import load as load_cohort
from divine.data.splits import Fold, read_split
from divine.features.batches import Pair, batch
from divine.records import CheckpointCard, Clip, DivineError, Features, Prediction
from divine.training import leave
from divine.training.checkpoint import Checkpoint, load
from divine.training.ensemble import Sum, members_of
from divine.training.errors import TrainingError
from divine.training.predict import predict
from divine.training.run import Run
from divine.training.spec import restrict

AWAY = "The cohort that the model was trained on is not here as it was, so nobody can tell whether it holds this recording."
SEEN = "This recording is of the cohort that the model was trained on, and its subject was among those that it learned from."
NEVER_SAW = (
    "This recording is of the cohort that the model was trained on; its subject was not among those that it learned from."
)


@dataclass(frozen=True, eq=False)
class Judge:
    """Some trained models of one kind, as one."""

    card: CheckpointCard
    pair: Pair
    cutoffs: tuple[float, ...]
    """Highest total of each severity level but the last; empty where it knows no levels."""
    members: tuple[Path, ...]
    run: Run | None = None
    """Of which they are members."""

    def unseen(self, clip: Clip) -> tuple[Judge, tuple[str, ...]]:
        """Leave out the members that learned from the clip's subject, and say what a reader must know of that.

        A clip is known by its files' contents: another recording of a subject of the cohort is not recognised.
        """
        if self.run is None:
            return self, ()
        files = [stream.path.resolve() for stream in (clip.video, clip.audio) if stream is not None]
        try:
            folds = _tested(self.run, files)
        except DivineError:
            return self, (AWAY,)
        if folds is None:
            return self, ()
        strangers = {leave.folder(self.run.folder, fold) for fold in folds}
        kept = tuple(one for one in self.members if one in strangers)
        if not kept:
            return self, (SEEN,)
        if kept == self.members:
            return self, (NEVER_SAW,)
        alone = f"the {len(kept)} of the run's {len(self.members)} models that never saw its subject"
        note = f"This recording is of the cohort that the model was trained on: it was judged by {alone}."
        return dataclasses.replace(self, members=kept), (note,)

    def judge(self, features: dict[str, Features], on_progress: Callable[[float], None] = lambda fraction: None) -> Prediction:
        """Return the mean of what the members say of one clip.

        Args:
            features: by the encoder's code; at least one of the pair's.
            on_progress: is told of the fraction of members that have judged.

        Raises:
            CheckpointError: a member cannot be read.
        """
        first, *others = self.members
        total = Sum.of(_say(first, self.pair, features))
        for done, place in enumerate(others, start=1):
            on_progress(done / len(self.members))
            total = total.plus(_say(place, self.pair, features))
        return total.mean(len(self.members))


def judge_at(folder: Path) -> Judge:
    """Return the judge that lies in a folder: a checkpoint, a run, or one member of a run.

    Raises:
        CheckpointError: the folder holds no checkpoint that this release reads.
        TrainingError: the run is not finished, or has lost members; an encoder has changed since, or its features came with
            the cohort; the model learned severity alone.
    """
    run, members = _found(folder.resolve())
    first = checkpoint_at(members[0])
    _require_usable(folder.name, first)
    video, audio = first.encoder("video"), first.encoder("audio")
    return Judge(
        card=first.card if run is None or len(members) == 1 else _card(run, len(members)),
        pair=Pair(video.code if video else None, audio.code if audio else None),
        cutoffs=() if first.cutoffs is None else first.cutoffs.totals,
        members=members,
        run=run,
    )


def checkpoint_at(folder: Path) -> Checkpoint:
    """Return a checkpoint, read once for as long as its files do not change.

    Raises:
        CheckpointError: the folder holds no checkpoint that this release reads.
    """
    config = folder / "config.json"
    return _read(folder, config.stat().st_mtime_ns if config.is_file() else 0)


@functools.lru_cache(maxsize=4)
def _read(folder: Path, changed_ns: int) -> Checkpoint:
    return load(folder)


def _found(folder: Path) -> tuple[Run | None, tuple[Path, ...]]:
    if (folder / "spec.json").is_file():
        return Run(folder), members_of(Run(folder))
    above = folder.parent.parent
    is_member = folder.parent.name == "members" and (above / "spec.json").is_file()
    return Run(above) if is_member else None, (folder,)


def _require_usable(name: str, checkpoint: Checkpoint) -> None:
    if checkpoint.model.config.loss.diagnosis == 0:
        raise TrainingError(f"{name}: learned severity alone (objective R). Choose a model of objective M or C.")
    for encoder in checkpoint.encoders:
        if encoder.revision == "given":
            raise TrainingError(
                f"{name}: reads {encoder.code}, features that its cohort brought along: a recording alone has none. "
                "Train a run on encoders of DIVINE's own."
            )
        now = encoders.info(encoder.code).revision
        if now != encoder.revision:
            raise TrainingError(
                f"{name}: trained on {encoder.code} of revision {encoder.revision}, this release makes revision {now}; "
                "train the model again."
            )


def _card(run: Run, members: int) -> CheckpointCard:
    spec = run.spec()
    tasks = "" if spec.tasks == "all" else f", {spec.tasks} tasks"
    trained_on = f"{Path(spec.data).name}{tasks}: the mean of {members} models, one per fold and seed"
    return CheckpointCard(f"{spec.system} {spec.encoders}, run {run.folder.name}", trained_on, run.status().synthetic)


def _say(place: Path, pair: Pair, features: dict[str, Features]) -> Prediction:
    member = checkpoint_at(place)
    (said,) = predict(member, batch(pair, [features], max_steps=member.model.config.max_steps))
    if member.model.config.loss.alpha > 0:
        return said
    # The heads that an objective leaves out answer all the same, untrained.
    return dataclasses.replace(said, items=(), item_scores=None, levels=(), level_probabilities=None)


def _tested(run: Run, files: list[Path]) -> tuple[Fold, ...] | None:
    """Return the members by which the subject of these files was tested; None where they are nobody's of the run."""
    spec = run.spec()
    index = load_cohort(Path(spec.data), frame_base=spec.frame_base).index
    split = read_split(run.split_file, restrict(index, spec.tasks), proof=run.status().proof)
    known = shared_content([path.resolve() for clip in index.clips for path in clip.files], files)
    people = {clip.person for clip in index.clips if known.intersection(path.resolve() for path in clip.files)}
    learned = [fold for fold in split.members if people.intersection((*fold.train, *fold.validation))]
    return tuple(fold for fold in split.members if fold not in learned) if learned else None
