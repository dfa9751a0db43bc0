"""Short-time spectra of a 16 kHz waveform, and what is read off them frame by frame."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.fft import dct

from divine.encoders.waveform import RATE_HZ

FRAME = 400  # 25 ms
HOP = 160  # 10 ms
FFT = 512
MELS = 40
CEPSTRA = 13
FLOOR_DB = 80.0
"""Dynamic range kept below the loudest band of a clip, so that digital silence has a finite logarithm."""


class Spectrum(NamedTuple):
    """Power per frame and frequency."""

    power: Float[np.ndarray, "t f"]
    frequencies_hz: Float[np.ndarray, " f"]


def frame_count(samples: int) -> int:
    """Return how many frames a waveform of so many samples has; a shorter one than a frame is padded to one."""
    return max(1, (samples - FRAME) // HOP + 1)


def spectrum(samples: Float[np.ndarray, " n"]) -> Spectrum:
    """Hann-windowed power spectrum, 25 ms every 10 ms; a shorter waveform is padded to one frame."""
    samples = np.pad(samples, (0, max(0, FRAME - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME), FFT, axis=1)) ** 2
    return Spectrum(power, np.fft.rfftfreq(FFT, 1 / RATE_HZ))


@functools.cache
def mel_filters(low_hz: float = 60.0, high_hz: float = 7600.0) -> Float[np.ndarray, "40 f"]:
    """Triangular filters, equally spaced on the mel scale ``2595 log10(1 + f/700)`` (O'Shaughnessy 1987), unit area."""
    mel = np.linspace(2595 * np.log10(1 + low_hz / 700), 2595 * np.log10(1 + high_hz / 700), MELS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.fft.rfftfreq(FFT, 1 / RATE_HZ)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def mel_power(power: Float[np.ndarray, "t f"]) -> Float[np.ndarray, "t 40"]:
    """Return the power in each mel band."""
    return power @ mel_filters().T


def mfcc(bands_db: Float[np.ndarray, "t 40"]) -> Float[np.ndarray, "t 13"]:
    """Mel-frequency cepstral coefficients (Davis & Mermelstein 1980): orthonormal DCT-II of the log mel energies in dB."""
    return np.asarray(dct(bands_db, type=2, norm="ortho", axis=1))[:, :CEPSTRA]


def decibel(power: Float[np.ndarray, "*shape"], top: float | None = None) -> Float[np.ndarray, "*shape"]:
    """``10 log10`` with a floor 80 dB below ``top``, by default the maximum; where that is 0 all stays at 0 dB."""
    if top is None:
        top = float(power.max()) if power.size else 0.0
    if top <= 0:
        return np.zeros_like(power)
    return 10 * np.log10(np.maximum(power, top * 10 ** (-FLOOR_DB / 10)))


def centroid_hz(spectrum: Spectrum) -> Float[np.ndarray, " t"]:
    """Centre of gravity of the power spectrum; 0 in a frame without power."""
    total = spectrum.power.sum(axis=1)
    return np.divide(spectrum.power @ spectrum.frequencies_hz, total, out=np.zeros_like(total), where=total > 0)


def flux(bands_db: Float[np.ndarray, "t 40"]) -> Float[np.ndarray, " t"]:
    """Mean rise in dB per mel band since the frame before: bursts and onsets stand out."""
    return np.concatenate([[0.0], np.maximum(np.diff(bands_db, axis=0), 0).mean(axis=1)])
