"""Who is recorded: a group, a severity, a face, a voice, and what the disorder does to movement.

Nothing here is fitted to patients. Directions and sizes start from published norms (docs/synthetic.md names them) and
are then spread so that groups overlap as people do: ``OVERLAP`` is the one constant that decides how hard the task is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import beta

Group = Literal["ALS", "Stroke", "HC"]
Side = Literal["left", "right"]
Sex = Literal["F", "M"]
GROUPS: tuple[Group, ...] = ("ALS", "Stroke", "HC")


@dataclass(frozen=True)
class Overlap:
    """How much people of different groups resemble each other; frozen with the cohort's difficulty."""

    severity_beta: tuple[float, float] = (1.5, 1.9)
    """Shape of the Beta distribution of an affected subject's severity: many are mild."""
    effect: float = 1.15
    """Scale of every pathological change."""
    person: float = 1.0
    """Scale of the spread between healthy people: tempo, amplitude, steadiness, facial asymmetry."""
    session: float = 1.0
    """Scale of the spread between a subject's own recordings."""


OVERLAP = Overlap()


Hair = Literal["short", "long", "bald"]


@dataclass(frozen=True)
class FaceIdentity:
    """Proportions (1 is the template), colours and surroundings; independent of group by construction."""

    face_width: float
    jaw_width: float
    chin_length: float
    nose_width: float
    nose_length: float
    eye_spacing: float
    eye_openness: float
    eye_slant: float
    mouth_width: float
    lip_fullness: float
    brow_height: float
    brow_weight: float
    skin_depth: float
    """0 light to 1 dark."""
    skin_warmth: float
    hair: Hair
    hair_depth: float
    """0 dark to 1 fair; ``hair_grey`` then mixes towards grey."""
    hair_grey: float
    iris: float
    beard: float
    wrinkles: float
    light_deg: float
    light_strength: float
    wall: tuple[int, int, int]
    shirt: tuple[int, int, int]
    px_per_unit: float
    offset_px: tuple[float, float]
    noise: float
    """Standard deviation of the camera's noise, in grey levels."""
    texture_seed: int

    def asymmetry_units(self) -> np.ndarray:
        """Return the small fixed left-right irregularity of this face, ``(68, 2)`` face units; the mouth has none."""
        rng = np.random.default_rng([self.texture_seed, 68])
        offsets = rng.normal(0.0, 0.5, (68, 2))
        offsets[36:] = 0.0
        return offsets


@dataclass(frozen=True)
class VoiceIdentity:
    """A speaker: pitch, vocal tract length and the roughness a healthy larynx has."""

    f0_hz: float
    tract: float
    """Factor on all formants: about 1 for men, 1.15 for women."""
    jitter: float
    """Mean step between consecutive periods, as a fraction of the period. Praat's cross-correlation reads 0.5 to 0.7 of it."""
    shimmer: float
    aspiration: float
    """Noise against voice amplitude at the glottis."""
    loudness_db: float
    room_db: float


@dataclass(frozen=True)
class Pathology:
    """What movement is like: every field is 1 or 0 in the average healthy adult."""

    rate: float
    """Factor on the speed of repetition."""
    range: float
    """Factor on the size of movements of lips and jaw."""
    jaw_share: float
    """Factor on the jaw's speed relative to the lips': above 1 the jaw compensates (ALS)."""
    tongue: float
    """Factor on the tongue's range."""
    decay_rate: float
    """Relative loss of tempo from the first to the last repetition."""
    decay_range: float
    timing_cv: float
    """Coefficient of variation of the repetition period."""
    size_cv: float
    gap: float
    """Chance of a pause before a repetition."""
    closure: float
    """How completely lips seal in a stop: 1 fully, 0 not at all."""
    weak: float
    """Loss of excursion on the weak side, 0 to 1."""
    droop_mm: float
    """How far the weak corner hangs at rest."""
    dysphonia: float
    """Added roughness and breathiness, 0 to 1."""


@dataclass(frozen=True)
class Subject:
    """One synthetic person. ``severity`` is latent: 0 healthy to 1 severe."""

    key: str
    group: Group
    severity: float
    age: int
    sex: Sex
    weak_side: Side
    face: FaceIdentity
    voice: VoiceIdentity
    pathology: Pathology
    seed: int


def _face(rng: np.random.Generator, age: int, sex: Sex) -> FaceIdentity:
    male = sex == "M"
    old = np.clip((age - 40) / 45, 0, 1)
    n = rng.normal
    skin = float(np.clip(rng.choice([0.08, 0.2, 0.4, 0.62, 0.8]) + n(0, 0.05), 0, 0.95))
    fair = float(np.clip(rng.beta(1.2, 2.5) * (1 - 0.9 * skin), 0, 1))
    other: tuple[Hair, float] = ("bald", 0.22) if male else ("long", 0.55)
    hair: Hair = other[0] if rng.choice(2, p=[1 - other[1], other[1]]) else "short"
    return FaceIdentity(
        face_width=float(1.0 + n(0, 0.045)),
        jaw_width=float(1.0 + 0.06 * male + n(0, 0.06)),
        chin_length=float(1.0 + 0.05 * male + n(0, 0.07)),
        nose_width=float(1.05 + 0.08 * male + n(0, 0.12)),
        nose_length=float(1.0 + 0.02 * male + n(0, 0.06)),
        eye_spacing=float(n(0, 1.6)),
        eye_openness=float(np.clip(1.0 - 0.12 * old + n(0, 0.1), 0.72, 1.25)),
        eye_slant=float(n(0, 1.6)),
        mouth_width=float(np.clip(1.0 + n(0, 0.06), 0.86, 1.14)),
        lip_fullness=float(np.clip(1.0 - 0.2 * old + n(0, 0.16), 0.62, 1.4)),
        brow_height=float(n(0.5, 1.8)),
        brow_weight=float(np.clip(0.9 + 0.35 * male + n(0, 0.2), 0.5, 1.7)),
        skin_depth=skin,
        skin_warmth=float(n(0, 1.0)),
        hair=hair,
        hair_depth=fair,
        hair_grey=float(np.clip(1.3 * old + n(-0.1, 0.25), 0, 1)),
        iris=float(rng.uniform() * (1 - 0.8 * skin)),
        beard=float(np.clip(rng.choice([0.0, 0.25, 0.7], p=[0.4, 0.4, 0.2]) + n(0, 0.05), 0, 1)) * male,
        wrinkles=float(np.clip(old + n(0, 0.15), 0, 1)),
        light_deg=float(rng.uniform(-70, 70)),
        light_strength=float(rng.uniform(0.06, 0.28)),
        wall=_colour(np.clip(rng.uniform(80, 205) + n(0, 8, 3), 0, 255)),
        shirt=_colour(np.clip(rng.uniform(35, 190) + n(0, 28, 3), 15, 235)),
        px_per_unit=float(rng.uniform(1.15, 1.4)),
        offset_px=(float(n(0, 12)), float(n(0, 7))),
        noise=float(rng.uniform(1.2, 3.0)),
        texture_seed=int(rng.integers(2**31)),
    )


def _colour(values: np.ndarray) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in values)
    return red, green, blue


def _voice(rng: np.random.Generator, sex: Sex) -> VoiceIdentity:
    female = sex == "F"
    return VoiceIdentity(
        f0_hz=float(np.clip(rng.normal(195 if female else 118, 18), 75, 270)),
        tract=float(rng.normal(1.15 if female else 1.0, 0.03)),
        jitter=float(0.008 * np.exp(rng.normal(0, 0.25))),
        shimmer=float(0.036 * np.exp(rng.normal(0, 0.25))),
        aspiration=float(0.13 * np.exp(rng.normal(0, 0.3))),
        loudness_db=float(rng.normal(-24, 2.5)),
        room_db=float(rng.normal(-62, 3)),
    )


def _pathology(rng: np.random.Generator, group: Group, severity: float, overlap: Overlap) -> Pathology:
    s = severity * overlap.effect
    p = overlap.person
    als, stroke = float(group == "ALS"), float(group == "Stroke")
    # Each sign has its own strength in each patient: two people of one severity do not move alike.
    own = np.exp(rng.normal(0.0, 0.35, 8))
    n = rng.normal
    hit = {
        "rate": s * (0.42 * als + 0.26 * stroke) * own[0],
        "range": s * (0.45 * als + 0.30 * stroke) * own[1],
        "timing": s * (0.14 * als + 0.24 * stroke) * own[2],
        "decay": s * (0.32 * als + 0.08 * stroke) * own[3],
        "weak": s * (0.04 * als + 0.75 * stroke) * own[4],
        "closure": s * (0.18 * als + 0.5 * stroke) * own[5],
        "tongue": s * (0.55 * als + 0.2 * stroke) * own[6],
        "voice": s * (0.7 * als + 0.35 * stroke) * own[7],
    }
    return Pathology(
        rate=float(np.exp(n(0, 0.13 * p)) * (1 - min(hit["rate"], 0.7))),
        range=float(np.exp(n(0, 0.16 * p)) * (1 - min(hit["range"], 0.75))),
        jaw_share=float(np.exp(n(0, 0.06 * p)) * (1 + 0.6 * s * als * own[6])),
        tongue=float(np.clip(np.exp(n(0, 0.08 * p)) * (1 - min(hit["tongue"], 0.8)), 0.15, 1.2)),
        decay_rate=float(n(0.02, 0.04 * p) + hit["decay"]),
        decay_range=float(n(0.03, 0.06 * p) + 1.2 * hit["decay"]),
        timing_cv=float(0.035 * np.exp(n(0, 0.35 * p)) + hit["timing"]),
        size_cv=float(0.05 * np.exp(n(0, 0.35 * p)) + 0.8 * hit["timing"]),
        gap=float(np.clip(s * (0.12 * als + 0.4 * stroke) * own[2], 0, 0.6)),
        closure=float(np.clip(1 - max(hit["closure"] - 0.1, 0), 0.25, 1)),
        weak=float(np.clip(abs(n(0, 0.07 * p)) + hit["weak"], 0, 0.9)),
        droop_mm=float(np.clip(abs(n(0, 0.5 * p)) + 3.4 * s * stroke * own[4], 0, 6)),
        dysphonia=float(np.clip(abs(n(0, 0.1 * p)) + hit["voice"], 0, 1.2)),
    )


def make_subject(key: str, group: Group, seed: int, overlap: Overlap = OVERLAP, *, rank: float | None = None) -> Subject:
    """Draw one person. Face and voice do not depend on the group; ages and sexes overlap between groups.

    Args:
        key: the subject's id, such as ``A002``.
        group: ALS, Stroke or HC.
        seed: everything about this person follows from it.
        overlap: how alike the groups are.
        rank: place in the distribution of severities, 0 to 1, for a cohort that spreads them evenly; drawn when left out.
    """
    rng = np.random.default_rng([seed, GROUPS.index(group)])
    mean_age = {"ALS": 61.0, "Stroke": 64.0, "HC": 60.0}[group]
    age = int(np.clip(rng.normal(mean_age, 11), 25, 88))
    sex: Sex = "F" if rng.uniform() < 0.45 else "M"
    drawn = float(rng.uniform())
    severity = 0.0 if group == "HC" else float(beta.ppf(drawn if rank is None else rank, *overlap.severity_beta))
    side: Side = "left" if rng.uniform() < 0.5 else "right"
    face, voice = _face(rng, age, sex), _voice(rng, sex)
    return Subject(key, group, severity, age, sex, side, face, voice, _pathology(rng, group, severity, overlap), seed)
