"""Signals of the voice over time, for plots."""

from __future__ import annotations

import numpy as np

from divine.records import Curve
from divine.voice.analysis import Voice
from divine.voice.syllables import intensity


def curves_of(voice: Voice) -> tuple[Curve, ...]:
    """Return pitch and intensity at 100 Hz on the clip's clock; nothing for a sound too short to analyse."""
    if voice.narrow is None:
        return ()
    times, level = intensity(voice.narrow)
    clock = voice.start_s + voice.times_s
    return (
        Curve("f0", "Pitch (F0)", "Hz", "audio", clock, voice.f0_hz),
        Curve("intensity", "Intensity", "dBFS", "audio", clock, np.interp(voice.times_s, times, level)),
    )
