"""Clinical measures of voice and speech timing; the catalogue says what each one means."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from divine.measures.compute import AbsentError, compute, known
from divine.measures.rhythm import variation
from divine.records import Measure
from divine.voice.activity import HOP_S, pauses
from divine.voice.analysis import LEAST_SECONDS, Voice
from divine.voice.praat import formants, harmonicity, perturbation
from divine.voice.quality import speech_level
from divine.voice.syllables import syllables

LEAST_VOICED_S = 0.1
MOST_CLIPPED = 0.005
"""A larger share of clipped samples flattens the cycles that shimmer, harmonicity and level are taken from."""


def measure_voice(voice: Voice, task: str | None = None) -> tuple[Measure, ...]:
    """Return the measures of the voice that mean something for a task (all general ones where it is not known).

    A task without speech has none. A measure that cannot be computed has the value None and says why: silence, no voice,
    too short, clipped.
    """
    return compute("audio", task, _phonation(voice) | _timing(voice) | _rhythm(voice))


def _spoken(voice: Voice) -> Voice:
    """Return the voice if there is speech in it.

    Raises:
        AbsentError: there is none.
    """
    if voice.duration_s < LEAST_SECONDS:
        raise AbsentError(f"the sound lasts {voice.duration_s:.2f} s; at least {LEAST_SECONDS} s are needed")
    if not voice.active:
        raise AbsentError("no speech found in the sound")
    return voice


def _voiced(voice: Voice) -> Voice:
    if (seconds := float(_spoken(voice).voiced.sum()) * HOP_S) < LEAST_VOICED_S:
        raise AbsentError(f"{seconds:.2f} s of voice found; at least {LEAST_VOICED_S} s are needed")
    return voice


def _undistorted(voice: Voice) -> Voice:
    if (share := _voiced(voice).clipped_fraction) > MOST_CLIPPED:
        raise AbsentError(f"the sound is clipped ({share:.1%} of its samples); record again at a lower level")
    return voice


def _phonation(voice: Voice) -> dict[str, Callable[[], float | None]]:
    pulses = cache(lambda: perturbation(_voiced(voice)))
    resonances = cache(lambda: formants(_voiced(voice)))

    def f0() -> np.ndarray:
        return voice.f0_hz[_voiced(voice).voiced]

    def jitter() -> float:
        return 100 * known(pulses().jitter, "too few regular cycles of the voice found")

    def shimmer() -> float:
        _undistorted(voice)
        return 100 * known(pulses().shimmer, "too few regular cycles of the voice found")

    return {
        "f0_mean": lambda: float(f0().mean()),
        "f0_sd": lambda: float(np.std(12 * np.log2(f0()))),
        "jitter_local": jitter,
        "shimmer_local": shimmer,
        "hnr": lambda: known(harmonicity(_undistorted(voice)), "no periodic part of the voice found"),
        "f1_median": lambda: known(resonances()[0], "no formant found"),
        "f2_median": lambda: known(resonances()[1], "no formant found"),
        "intensity_mean": lambda: speech_level(_undistorted(voice)),
        "phonation_time": lambda: len(f0()) * HOP_S,
    }


def _timing(voice: Voice) -> dict[str, Callable[[], float | None]]:
    def silences() -> np.ndarray:
        return np.array([pause.length_s for pause in pauses(_spoken(voice).active)])

    def whole() -> float:
        return _spoken(voice).active[-1].end_s - voice.active[0].start_s

    def mean() -> float:
        if not len(silences()):
            raise AbsentError("the subject makes no pause")
        return float(silences().mean())

    return {
        "speech_duration": whole,
        "pause_count": lambda: float(len(silences())),
        "pause_total": lambda: float(silences().sum()),
        "pause_mean": mean,
        "pause_fraction": lambda: 100 * float(silences().sum()) / whole(),
    }


def _rhythm(voice: Voice) -> dict[str, Callable[[], float | None]]:
    @cache
    def rises() -> np.ndarray:
        return np.array([syllable.rise_s for syllable in syllables(_voiced(voice))])

    def intervals(least: int) -> np.ndarray:
        if len(rises()) <= least:
            raise AbsentError(f"{len(rises())} syllables found; at least {least + 1} are needed")
        return np.diff(rises())

    def rate() -> float:
        return 1 / float(intervals(2).mean())

    return {
        "syllable_count": lambda: float(len(rises())),
        "syllable_rate": rate,
        "ddk_pa_rate": rate,
        "ddk_pataka_rate": rate,
        "syllable_interval_cv": lambda: variation(intervals(3)),
    }
