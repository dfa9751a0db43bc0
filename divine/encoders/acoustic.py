"""``AC``: acoustic sequences that need no weights. What a phonetician plots, every 0.2 s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from divine.encoders.modulation import BANDS_HZ, modulation
from divine.encoders.registry import Encoder, EncoderError, register
from divine.encoders.spectrum import (
    FRAME,
    HOP,
    Spectrum,
    centroid_hz,
    decibel,
    flux,
    frame_count,
    mel_power,
    mfcc,
    spectrum,
)
from divine.encoders.voicing import voice
from divine.encoders.waveform import RATE_HZ, Heard
from divine.encoders.windows import HOP_S, STATISTICS, summarise
from divine.records import Features, Observation, Sound

LONGEST_S = 60
"""Of what is worked on at once."""
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
    beats in dB. A long sound is gone through twice, a minute at a time: first for its loudest frame and band, to which
    decibels are relative.
    """
    heard = Heard(sound)
    frames = frame_count(len(heard))
    times_s = (np.arange(frames) * HOP + FRAME / 2) / RATE_HZ
    total, loudest = np.empty(frames), 0.0
    for first, last in _pieces(frames):
        power = _power(heard, first, last).power
        total[first:last] = power.sum(axis=1)
        loudest = max(loudest, float(mel_power(power).max()))
    energy = decibel(total)
    energy = energy - np.percentile(energy, 95)
    channels = np.empty((frames, len(CHANNELS)))
    channels[:, 0] = energy
    for first, last in _pieces(frames):
        before = max(0, first - 1)
        short = _power(heard, before, last)
        bands_db = decibel(mel_power(short.power), loudest)
        new = first - before
        channels[first:last, 1:13] = mfcc(bands_db)[new:, 1:]
        channels[first:last, 13] = centroid_hz(short)[new:] / 1000
        channels[first:last, 14] = flux(bands_db)[new:]
    channels[:, 15:18] = np.stack(voice(heard, times_s), axis=1)
    channels[:, 18:] = modulation(energy, RATE_HZ / HOP)
    return channels, times_s


def _pieces(frames: int) -> Iterator[tuple[int, int]]:
    step = LONGEST_S * RATE_HZ // HOP
    return ((first, min(first + step, frames)) for first in range(0, frames, step))


def _power(heard: Heard, first: int, last: int) -> Spectrum:
    return spectrum(heard.stretch(first * HOP, (last - 1) * HOP + FRAME))
