"""What every speech encoder hears: mono, 16 kHz, amplitude-normalised."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from divine.records import Sound

RATE_HZ = 16_000
LEVEL_RMS = 0.05
"""Root-mean-square level after normalisation, -26 dB re full scale: loud enough for float32, far from clipping."""


def waveform(sound: Sound, dtype: type[np.floating] = np.float64) -> Float[np.ndarray, " n"]:
    """Resample to 16 kHz, take the offset away and bring the root mean square to -26 dBFS.

    How near the microphone stood says nothing of a patient, so encoders never see the recording's level. Silence stays
    silence. Networks ask for ``float32``, so that a long sound is held once and small.
    """
    import soxr

    samples = sound.samples if sound.rate_hz == RATE_HZ else soxr.resample(sound.samples, sound.rate_hz, RATE_HZ)
    samples = np.array(samples, dtype=dtype) if len(samples) else np.zeros(1, dtype)  # a copy, changed in place
    samples -= samples.mean(dtype=np.float64)
    blocks = np.array_split(samples, len(samples) // 1_000_000 + 1)
    level = float(np.sqrt(sum(float(np.square(block, dtype=np.float64).sum()) for block in blocks) / len(samples)))
    if level > 0:
        samples *= LEVEL_RMS / level
    return samples
