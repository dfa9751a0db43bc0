"""What every speech encoder hears: mono, 16 kHz, amplitude-normalised."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from divine.records import Sound

RATE_HZ = 16_000
LEVEL_RMS = 0.05
"""Root-mean-square level after normalisation, -26 dB re full scale: loud enough for float32, far from clipping."""


def waveform(sound: Sound) -> Float[np.ndarray, " n"]:
    """Resample to 16 kHz, take the offset away and bring the root mean square to -26 dBFS.

    How near the microphone stood says nothing of a patient, so encoders never see the recording's level. Silence stays
    silence.
    """
    import soxr

    samples = sound.samples if sound.rate_hz == RATE_HZ else soxr.resample(sound.samples, sound.rate_hz, RATE_HZ)
    samples = np.array(samples, dtype=np.float64)  # a copy, changed in place: an hour of sound is held once
    samples = samples if len(samples) else np.zeros(1)
    samples -= samples.mean()
    level = float(np.sqrt(np.dot(samples, samples) / len(samples)))
    if level > 0:
        samples *= LEVEL_RMS / level
    return samples
