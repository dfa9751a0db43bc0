"""How strongly a signal beats, by rate: slow opening, syllables, tremor."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.signal import butter, sosfiltfilt

BANDS_HZ = ((0.3, 1.5), (1.5, 3.5), (3.5, 5.5), (5.5, 9.0))
"""Slow gestures; sentence rhythm; slowed and normal alternating motion rates (norms in ``divine.measures``)."""


def modulation(signal: Float[np.ndarray, " t"], rate_hz: float) -> Float[np.ndarray, "t bands"]:
    """Band-pass an even signal at each modulation rate (Butterworth, order 2, forward and backward) and rectify it.

    A signal shorter than three periods of a band, or too slowly sampled for it, has no such modulation: zeros.
    """
    columns = []
    for low, high in BANDS_HZ:
        if len(signal) * low < 3 * rate_hz * low / high or high >= rate_hz / 2 or len(signal) < 30:
            columns.append(np.zeros(len(signal)))
            continue
        sos = butter(2, (low, high), btype="bandpass", fs=rate_hz, output="sos")
        columns.append(np.abs(sosfiltfilt(sos, signal - signal.mean(), padlen=min(len(signal) - 1, int(rate_hz / low)))))
    return np.stack(columns, axis=1)
