"""What a gesture is: tracks of one motor process, and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from divine.synthetic.subject import Pathology, Side
from divine.synthetic.tasks import Consonant

RATE_HZ = 500
"""Tracks are stored at this rate: a burst is placed to 2 ms."""

Track = Float[np.ndarray, " t"]


class Mouth(NamedTuple):
    """Lips, jaw and brows in millimetres from rest; sides are the subject's own.

    Corners move outward from the midline and up.
    """

    jaw_mm: Track
    aperture_mm: Track
    """Distance between the inner lips at the midline: 0 is sealed."""
    upper_mm: Track
    left_out_mm: Track
    left_up_mm: Track
    right_out_mm: Track
    right_up_mm: Track
    pucker: Track
    """Protrusion, 0 to 1."""
    skew: Track
    """Where the opening is largest: -1 the subject's right, 1 the left."""
    brow_left_mm: Track
    brow_right_mm: Track
    lids: Track
    """0 open to 1 closed."""


class Head(NamedTuple):
    """Rigid motion of the head."""

    x_mm: Track
    y_mm: Track
    roll_deg: Track
    yaw_deg: Track
    pitch_deg: Track


class Burst(NamedTuple):
    """The release of a stop."""

    time_s: float
    place: Consonant
    strength: float


class Tract(NamedTuple):
    """What the voice needs besides the lips."""

    voicing: Track
    f0: Track
    """Relative to the speaker's mean F0."""
    formants_hz: Float[np.ndarray, "t 3"]
    """For a male tract; the speaker's own length scales them."""
    closed: Track
    """1 where tongue or lips stop the breath."""
    noise: Track
    """Turbulence at the lips (blowing), 0 to 1."""
    bursts: tuple[Burst, ...]


@dataclass(frozen=True)
class Truth:
    """What was programmed, and what the tracks realise: the standard that measures are held to."""

    task: str
    repetitions: int
    rate_hz: float
    """Repetitions per second, first onset to last; 0 where there is one repetition only. A syllable is DDK_PA's repetition."""
    syllable_rate_hz: float
    range_mm: float
    """Median over repetitions of the task's main movement: aperture, corner excursion (mean of sides) or brow lift."""
    period_cv: float
    weak_side: Side
    asymmetry: float
    """(strong - weak) / (strong + weak) excursion of the main movement's two sides; in speech, of the programmed gain."""
    droop_mm: float
    onsets_s: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Gesture:
    """A clip's motor process at ``RATE_HZ``."""

    times_s: Track
    mouth: Mouth
    head: Head
    tract: Tract
    truth: Truth
    performed: Pathology
    """How the subject moved in this recording: what raters judge."""
