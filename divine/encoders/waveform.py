"""What every speech encoder hears: mono, 16 kHz, amplitude-normalised."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from divine.records import Sound

RATE_HZ = 16_000
LEVEL_RMS = 0.05
"""Root-mean-square level after normalisation, -26 dB re full scale: loud enough for float32, far from clipping."""
BLOCK = 1_000_000
"""Samples that are worked on at once."""


class Heard:
    """A sound at 16 kHz, its offset taken away and its root mean square brought to -26 dBFS; taken a stretch at a time.

    How near the microphone stood says nothing of a patient, so encoders never see the recording's level. Silence stays
    silence. Only a sound of another rate is held a second time.
    """

    def __init__(self, sound: Sound) -> None:
        import soxr

        samples = sound.samples if sound.rate_hz == RATE_HZ else soxr.resample(sound.samples, sound.rate_hz, RATE_HZ)
        self._samples = samples if len(samples) else np.zeros(1, np.float32)
        self._offset = float(self._samples.mean(dtype=np.float64))
        power = sum(float(np.square(block - self._offset).sum()) for block in self._blocks())
        level = float(np.sqrt(power / len(self)))
        self._gain = LEVEL_RMS / level if level > 0 else 1.0

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def peak(self) -> float:
        """Return the largest magnitude."""
        return max(float(np.abs(block - self._offset).max()) for block in self._blocks()) * self._gain

    def stretch(self, first: int, last: int, dtype: type[np.floating] = np.float64) -> Float[np.ndarray, " n"]:
        """Return the samples from ``first`` to before ``last``, as a copy."""
        samples = self._samples[first:last].astype(dtype)
        samples -= self._offset
        samples *= self._gain
        return samples

    def _blocks(self) -> Iterator[Float[np.ndarray, " n"]]:
        return (self._samples[first : first + BLOCK].astype(np.float64) for first in range(0, len(self), BLOCK))
