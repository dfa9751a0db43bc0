"""How well a voice was recorded: what the quality gate needs, as plain numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from divine.voice.activity import FLOOR_DB, HOP_S
from divine.voice.analysis import Voice


class VoiceQuality(NamedTuple):
    """Numbers about a recording of sound; None where it cannot tell."""

    duration_s: float
    rate_hz: int
    peak_dbfs: float
    """Of the largest sample; -100 for digital silence."""
    clipped_fraction: float
    """Fraction of samples at 0.99 of full scale or beyond."""
    voiced_s: float
    snr_db: float | None
    """Voice above noise; None without speech, or without 0.2 s in which the voice stops and the noise can be heard."""


def quality_of(voice: Voice, rate_hz: int) -> VoiceQuality:
    """Return how well a voice was recorded, at ``rate_hz``."""
    return VoiceQuality(
        duration_s=voice.duration_s,
        rate_hz=rate_hz,
        peak_dbfs=max(FLOOR_DB, 20 * float(np.log10(max(voice.peak, 1e-9)))),
        clipped_fraction=voice.clipped_fraction,
        voiced_s=float(voice.voiced.sum()) * HOP_S,
        snr_db=signal_to_noise(voice),
    )


def speech_level(voice: Voice) -> float | None:
    """Return the mean power inside stretches of speech in dBFS, None where there are none."""
    speaking = voice.speaking
    return 10 * float(np.log10(_power(voice, speaking))) if speaking.any() else None


def signal_to_noise(voice: Voice) -> float | None:
    """Return ``10 log10((S - N) / N)``: S the mean power of voiced frames, N of unvoiced ones within 3 dB of the noise floor.

    It holds for noise that is steady; one that swells with speech is not seen.
    """
    if voice.floor_db is None or not voice.voiced.any():
        return None
    quiet = ~voice.voiced & (voice.level_db <= voice.floor_db + 3)
    speech, noise = _power(voice, voice.voiced), _power(voice, quiet)
    return 10 * float(np.log10(max(speech - noise, 1e-10) / noise))


def _power(voice: Voice, frames: np.ndarray) -> float:
    return float(np.mean(10 ** (voice.level_db[frames] / 10)))
