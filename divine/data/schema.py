"""The validated index: what is known of every clip of a cohort, before anything of it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from divine.records import Modality

Part = Literal["train", "validation", "test"]
Folds = int | Literal["loso", "given"]
"""Into how many a cohort is divided; one per subject; or as its manifest says."""
Severity = Literal["error", "warning"]
AudioOrigin = Literal["sibling", "given", "embedded", "none", "unknown"]
"""``unknown``: the video may have a sound of its own; only opening it (``check(probe=True)``) tells."""

NORMAL_SCORE, WORST_SCORE = 1, 5
"""The ends of every rated item: 1 is normal, so a higher total is more severe."""
SYNTHETIC_MARK = "SYNTHETIC.txt"
"""A cohort that holds this file was rendered, not recorded; whatever is made of it must say so."""


class Subject(NamedTuple):
    """Who: the same id in two groups is two people."""

    dataset: str
    group: str
    subject: str

    def __str__(self) -> str:
        return f"{self.dataset}/{self.group}/{self.subject}"


class Rating(NamedTuple):
    """What one rater gave one clip: a score per item of the index, in its order; None where that rater gave none."""

    rater: str
    scores: tuple[float | None, ...]


@dataclass(frozen=True)
class ClipEntry:
    """One clip of a cohort. Names come from files that nobody vouches for: treat them as data, never as markup or paths."""

    dataset: str
    group: str
    subject: str
    session: str
    task: str
    name: str
    """Unique within its subject: the video's file name, or the manifest's path to the clip's first file."""
    video: Path | None = None
    audio: Path | None = None
    """A file of its own; None where the sound, if any, is the video's."""
    audio_origin: AudioOrigin = "none"
    ratings: tuple[Rating, ...] = ()
    """By rater; a rater who gave no score at all is left out."""
    age: float | None = None
    sex: str | None = None
    """``F`` and ``M``, or whatever else was written."""
    split: Part | None = None
    features: Mapping[tuple[Modality, str], Path] = field(default_factory=dict, hash=False)
    """Files of features by modality and name, for those who may not share faces."""
    landmarks: Path | None = None
    """Hand-annotated landmarks of some frames (``tracks.read_landmarks``)."""
    boxes: Path | None = None
    """Hand-annotated face boxes of some frames (``tracks.read_boxes``)."""
    pictures: Mapping[int, Path] = field(default_factory=dict, hash=False)
    """Pictures of annotated frames, by the number in their name (not shifted by ``frame_base``)."""
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Whatever else the cohort says of the clip."""
    duration_s: float | None = None
    """Known after probing."""
    row: int | None = field(default=None, compare=False)
    """Of the manifest, as problems number rows; where a clip stands is no part of what it is."""

    @property
    def person(self) -> Subject:
        return Subject(self.dataset, self.group, self.subject)

    @property
    def age_and_sex(self) -> tuple[float, float] | None:
        """Age in years, and 1 for F or 0 for M, as regressions take them; None where either is not known."""
        return None if self.age is None or self.sex not in ("F", "M") else (self.age, float(self.sex == "F"))

    @property
    def files(self) -> tuple[Path, ...]:
        """Its recordings and features; the first makes it the clip that it is."""
        return tuple(path for path in (self.video, self.audio, *self.features.values()) if path is not None)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What the clip may offer, as far as is known without opening it."""
        has_audio = self.audio is not None or self.audio_origin in ("embedded", "unknown")
        kinds = {modality for modality, _ in self.features}
        present: tuple[tuple[Modality, bool], ...] = (
            ("audio", has_audio or "audio" in kinds),
            ("video", self.video is not None or "video" in kinds),
        )
        return tuple(modality for modality, there in present if there)


@dataclass(frozen=True)
class Index:
    """A cohort: its clips in a fixed order, and what they have in common."""

    root: Path
    kind: Literal["tnf", "manifest"]
    clips: tuple[ClipEntry, ...]
    groups: tuple[str, ...]
    """The diagnoses that have clips, in the order of classes."""
    healthy: tuple[str, ...]
    """Those of ``groups`` that are healthy controls: they have no level of severity."""
    items: tuple[str, ...]
    """Rated items; none in a cohort without ratings."""
    raters: tuple[str, ...]
    scale: tuple[int, int] = (NORMAL_SCORE, WORST_SCORE)
    frame_base: int = 1
    """Number of a video's first frame in annotation files."""
    synthetic: bool = False

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """Everybody, by group (in order), dataset and id."""
        place = {group: number for number, group in enumerate(self.groups)}
        return tuple(sorted({clip.person for clip in self.clips}, key=lambda one: (place[one.group], one)))

    def of(self, subject: Subject) -> tuple[ClipEntry, ...]:
        return tuple(clip for clip in self.clips if clip.person == subject)

    def find(self, address: str) -> tuple[Subject, ...]:
        """Return whoever ``dataset/group/id`` or a bare id may mean: none, one, or several that a user must choose from."""
        exact = tuple(one for one in self.subjects if str(one) == address)
        return exact or tuple(one for one in self.subjects if one.subject == address)


@dataclass(frozen=True)
class Problem:
    """One line of the table of problems. ``error``: something was left out; ``warning``: all loaded, but look at it."""

    file: str
    row: int | None
    """As a spreadsheet numbers rows: the header is row 1."""
    column: str
    what: str
    remedy: str
    severity: Severity = "error"

    def __post_init__(self) -> None:
        """Make the words printable: names on disk may hold bytes that are no text."""
        for name in ("file", "column", "what", "remedy"):
            object.__setattr__(self, name, getattr(self, name).encode("utf-8", "replace").decode())


@dataclass(frozen=True)
class Loaded:
    """What could be loaded, and what could not."""

    index: Index
    problems: tuple[Problem, ...]
