"""Which targets lips, jaw, tongue and larynx aim at, and when: repetition by repetition, as the subject can."""

from __future__ import annotations

import numpy as np

from divine.synthetic.rhythm import Beat, glide
from divine.synthetic.subject import Pathology
from divine.synthetic.tasks import AX, Pose, Syllable, Task, Vowel
from divine.synthetic.tracks import Burst, Track


class Keys:
    """Targets of one clip's tracks, gathered repetition by repetition."""

    def __init__(self) -> None:
        self.tracks: dict[str, list[tuple[float, float]]] = {}

    def add(self, time_s: float, **values: float) -> None:
        for name, value in values.items():
            self.tracks.setdefault(name, []).append((time_s, value))

    def glide(self, times_s: Track, name: str, rest: float = 0.0) -> Track:
        return glide(times_s, [(-0.1, rest), *self.tracks.get(name, []), (float(times_s[-1]) + 0.1, rest)])


def pose_keys(keys: Keys, pose: Pose, beat: Beat, p: Pathology) -> None:
    """Rest, rise, hold, fall: 30, 25 and 30 % of the repetition, the remainder rest."""
    d = beat.duration_s
    size = p.range * beat.size
    rise = 0.30 / (1.0 + 0.6 * (p.jaw_share - 1.0))
    movements = {
        "out": pose.out_mm,
        "up": pose.up_mm,
        "aperture": pose.aperture_mm,
        "jaw": pose.jaw_mm,
        "upper": pose.upper_mm,
        "pucker": pose.pucker,
        "brow": pose.brow_mm,
        "blow": pose.blow,
    }
    for name, full in movements.items():
        if full == 0.0:
            continue
        quick = rise if name == "jaw" else 0.30
        for share, level in ((0.0, 0.0), (quick, 1.0), (0.55, 1.0), (0.85, 0.0)):
            keys.add(beat.onset_s + share * d, **{name: level * full * size})


def _vowel(vowel: Vowel, p: Pathology, size: float) -> dict[str, float]:
    aperture = vowel.aperture_mm * p.range * size
    # A slow tongue centralises vowels, and a closing mouth lowers the first formant.
    f = [c + (v - c) * p.tongue for v, c in zip(vowel.formants_hz, AX.formants_hz, strict=True)]
    f[0] *= 0.6 + 0.4 * min(aperture / vowel.aperture_mm, 1.2) ** 0.5
    return {
        "aperture": aperture, "jaw": vowel.jaw_mm * (0.45 + 0.55 * p.range) * p.jaw_share * size,
        "upper": 0.08 * aperture, "out": vowel.spread_mm * p.range, "pucker": vowel.pucker, "f1": f[0], "f2": f[1], "f3": f[2],
    }  # fmt: skip


_LOCUS = {"p": (0.85, 0.80, 0.95), "b": (0.85, 0.80, 0.95), "t": (0.6, 1.35, 1.08), "k": (0.6, 1.55, 0.95), "": (1.0, 1.0, 1.0)}
"""What a stop does to its vowel's formants at the closure, as factors: labials lower, alveolars and velars raise the second."""


def _syllable_keys(
    keys: Keys, syllable: Syllable, start: float, d: float, size: float, p: Pathology, fresh: bool
) -> Burst | None:
    """Close for a third, open, hold the vowel; the closure leaks where lips are weak.

    ``fresh``: the voice comes from silence.
    """
    target = _vowel(syllable.vowel, p, size)
    onset = syllable.onset
    locus = dict(zip(("f1", "f2", "f3"), _LOCUS[onset], strict=True))
    quick = 1.0 / (1.0 + 0.8 * (p.jaw_share - 1.0))
    for share, level in ((0.0, 0.0), (0.30, 0.0), (0.58, 1.0), (0.78, 1.0)):
        now = start + share * d
        opened = dict(target)
        if level == 0.0 and onset:
            leak = (1.0 - p.closure) * 3.0
            lips = {"p": leak, "b": leak}.get(onset, target["aperture"] * 0.5)
            opened = {**target, "aperture": lips, "upper": 0.0, "jaw": target["jaw"] * 0.45} | {
                f: target[f] * locus[f] for f in locus
            }
        jaw = opened.pop("jaw")
        keys.add(now, **opened)
        keys.add(start + (0.30 + 0.28 * quick if share == 0.58 else share) * d, jaw=jaw)
    hush = 1.0 if onset == "b" else 0.0
    if onset:
        keys.add(start, closed=p.closure)
        keys.add(start + 0.02 + 0.28 * d, closed=p.closure)
        keys.add(start + 0.025 + 0.30 * d, closed=0.0)
        keys.add(start + 0.93 * d, closed=0.0)
        lag = 0.012 if onset == "b" else {"p": 0.025, "t": 0.032, "k": 0.042}[onset]
        keys.add(start - 0.004, voicing=0.0 if fresh else 1.0)
        keys.add(start + 0.012, voicing=0.35 * hush + 0.5 * (1 - hush) * (1 - p.closure))
        keys.add(start + 0.30 * d + 0.5 * lag, voicing=0.35 * hush + 0.5 * (1 - hush) * (1 - p.closure))
        keys.add(start + 0.30 * d + lag + 0.02, voicing=1.0)
        return Burst(start + 0.02 + 0.29 * d, onset, (0.35 if onset == "b" else 1.0) * p.closure**2)
    keys.add(start + 0.5 * d, voicing=1.0)
    return None


def speech_keys(keys: Keys, task: Task, reps: tuple[Beat, ...], p: Pathology) -> tuple[list[Burst], list[float]]:
    """Set the targets of spoken repetitions; return the releases and the syllables' onsets."""
    shares = np.array([s.share for s in task.syllables])
    bursts, starts = [], []
    for k, beat in enumerate(reps):
        edges = beat.onset_s + np.concatenate([[0.0], np.cumsum(shares) / shares.sum()]) * beat.duration_s
        fresh = k == 0 or beat.onset_s - (reps[k - 1].onset_s + reps[k - 1].duration_s) > 0.12
        if fresh:
            # Silence before this repetition: the voice starts with it, and the lips come from rest.
            keys.add(beat.onset_s - 0.08, out=0.0, pucker=0.0)
            keys.add(beat.onset_s - 0.03, voicing=0.0, aperture=0.0, jaw=0.5, upper=0.0)
        for syllable, start, end in zip(task.syllables, edges[:-1], edges[1:], strict=True):
            starts.append(float(start))
            burst = _syllable_keys(keys, syllable, float(start), float(end - start), beat.size, p, fresh)
            fresh = False
            if burst is not None:
                bursts.append(burst)
        end = beat.onset_s + beat.duration_s
        if k == len(reps) - 1 or reps[k + 1].onset_s - end > 0.12:
            keys.add(end - 0.06 * min(beat.duration_s, 1.0), voicing=1.0)
            keys.add(end + 0.03, voicing=0.0)
            keys.add(end + 0.09, aperture=0.0, jaw=0.0, out=0.0, upper=0.0)
    return bursts, starts
