"""``AC``: acoustic sequences that need no weights. What a phonetician plots, every 0.2 s."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from divine.encoders.modulation import BANDS_HZ, modulation
from divine.encoders.registry import Encoder, EncoderError, register
from divine.encoders.spectrum import HOP, centroid_hz, decibel, flux, mfcc, spectrum
from divine.encoders.waveform import RATE_HZ, waveform
from divine.encoders.windows import HOP_S, STATISTICS, summarise
from divine.records import Features, Observation, Sound

CHANNELS = (
    "energy",
    *(f"mfcc{i}" for i in range(1, 13)),
    "centroid",
    "flux",
    "voiced",
    "pitch",
    "harmonicity",
    *(f"beat {low:g}-{high:g} Hz" for low, high in BANDS_HZ),
)
NAMES = tuple(f"{channel} {statistic}" for statistic in STATISTICS for channel in CHANNELS)


@register(
    "AC",
    title="Acoustic sequences",
    modality="audio",
    dim=len(NAMES),
    rate_hz=1 / HOP_S,
    weights=None,
    licence="Apache-2.0",
    revision="1",
)
def acoustic() -> Encoder:
    """Need nothing: the features are formulas."""
    return _encode


def _encode(observations: Sequence[Observation]) -> list[Features]:
    return [_one(observation) for observation in observations]


def _one(observation: Observation) -> Features:
    sound = observation.sound
    if sound is None:
        raise EncoderError(f"{observation.clip.name}: AC needs sound, and there is none.")
    channels, times_s = acoustic_channels(sound)
    windows = summarise(channels, times_s + sound.start_s)
    return Features(windows.values.astype(np.float32), windows.times_s, "AC")


def acoustic_channels(sound: Sound) -> tuple[Float[np.ndarray, "t c"], Float[np.ndarray, " t"]]:
    """Compute the channels of ``CHANNELS`` every 10 ms, with times from the start of the sound.

    Energy in dB below the clip's loud frames (95th percentile); cepstra in dB; centroid in kHz; flux in dB; voiced 0 or
    1; pitch in semitones from the clip's median F0 and harmonicity in dB (Praat, Boersma 1993), both NaN where unvoiced;
    beats in dB.
    """
    samples = waveform(sound)
    short = spectrum(samples)
    energy = decibel(short.power.sum(axis=1))
    energy = energy - np.percentile(energy, 95)
    cepstra = mfcc(short.power)[:, 1:]
    voiced, pitch, harmonicity = _voice(samples, short.times_s)
    beats = modulation(energy, RATE_HZ / HOP)
    rest = np.stack([centroid_hz(short) / 1000, flux(short.power), voiced, pitch, harmonicity], axis=1)
    return np.concatenate([energy[:, None], cepstra, rest, beats], axis=1), short.times_s


def _voice(
    samples: Float[np.ndarray, " n"], times_s: Float[np.ndarray, " t"]
) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"], Float[np.ndarray, " t"]]:
    import parselmouth

    nothing = np.full(len(times_s), np.nan)
    if len(samples) < 0.1 * RATE_HZ:  # Praat needs three periods of its lowest pitch.
        return np.zeros(len(times_s)), nothing, nothing
    praat = parselmouth.Sound(samples, RATE_HZ)
    pitch = praat.to_pitch_ac(time_step=0.01, pitch_floor=60.0, pitch_ceiling=500.0)
    # Praat tells the strength r of the autocorrelation peak; harmonicity is 10 log10 r/(1-r).
    frames = pitch.selected_array
    nearest = np.clip(np.searchsorted(pitch.xs(), times_s - 0.005), 0, len(frames) - 1)
    hertz, strength = frames["frequency"][nearest], np.clip(frames["strength"][nearest], 1e-3, 0.9999)
    voiced = hertz > 0
    if not voiced.any():
        return np.zeros(len(times_s)), nothing, nothing
    semitones = 12 * np.log2(np.where(voiced, hertz, 1) / np.median(hertz[voiced]))
    return (
        voiced.astype(float),
        np.where(voiced, semitones, np.nan),
        np.where(voiced, 10 * np.log10(strength / (1 - strength)), np.nan),
    )
