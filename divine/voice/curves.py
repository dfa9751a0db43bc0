"""Signals of the voice over time, for plots."""

from __future__ import annotations

import numpy as np

from divine.records import Curve, Sound
from divine.voice.analysis import Voice, analyse
from divine.voice.syllables import intensity


def curves(sound: Sound) -> tuple[Curve, ...]:
    """Return pitch and intensity at 100 Hz on the clip's clock; nothing for a sound too short to analyse."""
    return curves_of(analyse(sound))


def curves_of(voice: Voice) -> tuple[Curve, ...]:
    """Return the curves of a sound that was analysed already: as :func:`curves`."""
    if voice.narrow is None:
        return ()
    times, level = intensity(voice.narrow)
    clock = voice.start_s + voice.times_s
    return (
        Curve("f0", "Pitch (F0)", "Hz", "audio", clock, voice.f0_hz),
        Curve("intensity", "Intensity", "dBFS", "audio", clock, np.interp(voice.times_s, times, level)),
    )
