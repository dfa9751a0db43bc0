"""The nine tasks of a Toronto NeuroFace session: what the healthy mouth does in each, in millimetres and hertz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Consonant = Literal["p", "b", "t", "k", ""]


@dataclass(frozen=True)
class Vowel:
    """A vowel's target: mouth shape and formants as an adult male tract may have them."""

    aperture_mm: float
    jaw_mm: float
    spread_mm: float
    pucker: float
    formants_hz: tuple[float, float, float]


@dataclass(frozen=True)
class Syllable:
    """A consonant, which may be absent, a vowel, and its share of a repetition's time."""

    onset: Consonant
    vowel: Vowel
    share: float


@dataclass(frozen=True)
class Pose:
    """The extreme of a silent movement: corners outward and up, lips, jaw, brows; ``blow`` is the breath's strength."""

    out_mm: float = 0.0
    up_mm: float = 0.0
    aperture_mm: float = 0.0
    jaw_mm: float = 0.0
    upper_mm: float = 0.0
    pucker: float = 0.0
    brow_mm: float = 0.0
    blow: float = 0.0


@dataclass(frozen=True)
class Task:
    """A task: syllables or a pose, repeated every ``period_s`` by the average healthy adult."""

    code: str
    period_s: float
    syllables: tuple[Syllable, ...] = ()
    pose: Pose | None = None
    pause_s: float = 0.0
    """Breath between repetitions."""

    @property
    def speech(self) -> bool:
        return bool(self.syllables)


AA = Vowel(11.5, 8.5, 0.5, 0.0, (730.0, 1090.0, 2440.0))
AI_END = Vowel(6.5, 5.0, 2.0, 0.0, (390.0, 1990.0, 2550.0))
AO = Vowel(12.5, 9.5, -1.0, 0.15, (570.0, 840.0, 2410.0))
IY = Vowel(6.0, 4.2, 2.5, 0.0, (270.0, 2290.0, 3010.0))
AX = Vowel(7.0, 5.0, 0.0, 0.0, (500.0, 1500.0, 2500.0))
AH = Vowel(10.0, 7.4, 0.0, 0.0, (640.0, 1190.0, 2390.0))
"""The vowel of *puppy*'s first syllable."""

_SENTENCE = (
    Syllable("b", AA, 0.9),
    Syllable("", AI_END, 0.5),
    Syllable("b", AO, 1.1),
    Syllable("b", IY, 0.9),
    Syllable("", AX, 0.6),
    Syllable("p", AH, 1.1),
    Syllable("p", IY, 1.2),
)

TASKS: dict[str, Task] = {
    task.code: task
    for task in (
        Task("BBP_NORMAL", 1.45, syllables=_SENTENCE, pause_s=0.4),
        Task("DDK_PA", 1 / 6.4, syllables=(Syllable("p", AA, 1.0),)),
        Task("DDK_PATAKA", 3 / 5.4, syllables=(Syllable("p", AA, 1.0), Syllable("t", AA, 1.0), Syllable("k", AA, 1.0))),
        Task("NSM_KISS", 1.8, pose=Pose(out_mm=-7.5, pucker=1.0)),
        Task("NSM_OPEN", 1.85, pose=Pose(out_mm=-1.5, aperture_mm=34.0, jaw_mm=30.0, upper_mm=2.5)),
        Task("NSM_SPREAD", 1.8, pose=Pose(out_mm=7.5, up_mm=2.5)),
        Task("NSM_BLOW", 1.9, pose=Pose(out_mm=-6.5, aperture_mm=3.5, jaw_mm=1.5, pucker=0.75, blow=1.0)),
        Task("NSM_BROW", 1.8, pose=Pose(brow_mm=7.0)),
        Task("NSM_BIGSMILE", 1.9, pose=Pose(out_mm=9.0, up_mm=6.0, aperture_mm=9.0, jaw_mm=2.0, upper_mm=5.0)),
    )
}
