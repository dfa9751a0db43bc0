"""A voice from the same gesture: glottal pulses and noise through moving formants, gated by lips and tongue.

Source-filter synthesis without a loop over samples: pulses (a rising half and a falling quarter of a cosine wave, then
silence) are a function of phase, and the formants, a cascade of resonators, multiply short-time spectra that are then
added up again.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.ndimage import uniform_filter1d
from scipy.signal import resample_poly

from divine.records import Sound
from divine.synthetic.subject import Pathology, Subject, VoiceIdentity
from divine.synthetic.tracks import RATE_HZ, Burst, Gesture

Samples = Float[np.ndarray, " n"]

_OVERSAMPLE = 4
"""Pulses are drawn at four times the rate: the instant of closure, rounded to a sample, would else read as jitter."""

_OPEN, _PEAK = 0.62, 0.42
"""Fractions of a cycle: the glottis shuts at the first, the flow is largest at the second."""

_BANDWIDTH_HZ = (70.0, 95.0, 140.0, 220.0, 280.0)
_HIGH_FORMANTS_HZ = (3500.0, 4500.0)
_HOP_S, _WINDOW_S = 0.005, 0.02

# Standard deviation of an iid sequence whose mean absolute step is 1: Praat's "local" jitter and shimmer are such means.
_LOCAL = 1.0 / 1.1284

_BURST_HZ = {"p": (700.0, 600.0), "b": (600.0, 500.0), "t": (4000.0, 1300.0), "k": (1800.0, 550.0)}
"""Centre and width of a release's noise by place: diffuse and low, high, compact."""


def synthesise(subject: Subject, gesture: Gesture, seed: int, rate_hz: int = 16_000) -> Sound:
    """Speak, blow or breathe as the gesture says.

    Args:
        subject: whose voice.
        gesture: the motor process, which also moves the face.
        seed: of noise and perturbation.
        rate_hz: sampling rate, 16 kHz or more.
    """
    rng = np.random.default_rng([subject.seed, seed, 99])
    n = round(len(gesture.times_s) / RATE_HZ * rate_hz)
    times = np.arange(n) / rate_hz
    voice, tract = subject.voice, gesture.tract

    def at(track: np.ndarray) -> Samples:
        return np.interp(times, gesture.times_s, track)

    voicing = at(tract.voicing)
    lips = np.clip((at(gesture.mouth.aperture_mm) - 0.15) / 3.0, 0.0, 1.0)
    passage = lips * (1.0 - at(tract.closed))
    oral = uniform_filter1d(passage * (0.55 + 0.045 * at(gesture.mouth.aperture_mm)), max(1, rate_hz // 400))
    pulses = _pulses(at(tract.f0) * voice.f0_hz, voicing, voice, subject.pathology, rng, rate_hz)
    breath = voice.aspiration * (1.0 + 1.4 * subject.pathology.dysphonia)
    hiss = rng.standard_normal(n) * (breath * voicing + 0.16 * _after_bursts(tract.bursts, times))
    source = pulses + hiss
    formants = np.stack([at(f) for f in tract.formants_hz.T], 1) * voice.tract
    spoken = _formants(source, formants, voice.tract, rate_hz) * oral
    hum = uniform_filter1d(pulses, rate_hz // 500) * voicing * (1 - passage) * 0.25
    level = np.sqrt(np.mean(spoken[voicing > 0.5] ** 2)) if (voicing > 0.5).any() else 1.0
    out = (spoken + hum) / max(level, 1e-9)
    _add_bursts(out, tract.bursts, rng, rate_hz)
    out += 0.6 * at(tract.noise) * _band(rng.standard_normal(n), 500.0, 900.0, rate_hz)
    out *= 10 ** (voice.loudness_db / 20)
    out += _room(n, rng, rate_hz) * 10 ** (voice.room_db / 20)
    return Sound(np.clip(out, -0.99, 0.99).astype(np.float32), rate_hz)


def _pulses(
    f0: Samples, voicing: Samples, voice: VoiceIdentity, p: Pathology, rng: np.random.Generator, rate_hz: int
) -> Samples:
    """Return the derivative of the glottal flow with cycle-to-cycle jitter and shimmer."""
    turns = np.cumsum(np.repeat(f0, _OVERSAMPLE)) / (rate_hz * _OVERSAMPLE)
    jitter = voice.jitter * (1 + 1.6 * p.dysphonia) * _LOCAL
    shimmer = voice.shimmer * (1 + 1.1 * p.dysphonia) * _LOCAL
    periods = 1 + jitter * rng.standard_normal(int(turns[-1] * 1.1) + 9)
    ends = np.cumsum(periods)
    cycle = np.searchsorted(ends, turns, side="right")
    strength = (1 + shimmer * rng.standard_normal(len(ends)))[cycle]
    s = 1 - (ends[cycle] - turns) / periods[cycle]
    rising = np.sin(np.pi * s / _PEAK) * (np.pi / (2 * _PEAK))
    falling = -np.sin(np.pi / 2 * (s - _PEAK) / (_OPEN - _PEAK)) * (np.pi / (2 * (_OPEN - _PEAK)))
    flow = np.where(s < _PEAK, rising, np.where(s < _OPEN, falling, 0.0)) * strength
    return resample_poly(flow, 1, _OVERSAMPLE)[: len(f0)] * voicing


def _formants(source: Samples, formants_hz: np.ndarray, tract: float, rate_hz: int) -> Samples:
    """Filter with a cascade of resonators whose centres move; unit gain at 0 Hz."""
    hop, window = round(_HOP_S * rate_hz), round(_WINDOW_S * rate_hz)
    size = 1 << int(np.ceil(np.log2(window * 2)))
    padded = np.pad(source, (window, window + size))
    starts = np.arange(0, len(source) + window, hop)
    hann = np.hanning(window + 1)[:window]
    frames = np.stack([padded[s : s + window] for s in starts]) * hann * (hop / hann.sum())
    middle = np.clip(starts - window // 2, 0, len(source) - 1)
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    response = np.ones((len(starts), len(z)), complex)
    centres = [*formants_hz[middle].T, *(np.full(len(starts), f * tract) for f in _HIGH_FORMANTS_HZ)]
    for centre, width in zip(centres, _BANDWIDTH_HZ, strict=True):
        pole = np.exp(-np.pi * width / rate_hz + 2j * np.pi * centre / rate_hz)[:, None]
        response *= np.abs(1 - pole) ** 2 / ((1 - pole * z) * (1 - pole.conj() * z))
    shaped = np.fft.irfft(np.fft.rfft(frames, size) * response, size)
    out = np.zeros(starts[-1] + size)
    # Frames that lie a whole number of lengths apart do not overlap, so each such set is written at once.
    stride = int(np.ceil(size / hop))
    for offset in range(stride):
        mine = np.arange(offset, len(starts), stride)
        out[(starts[mine][:, None] + np.arange(size)).ravel()] += shaped[mine].ravel()
    return out[window : window + len(source)]


def _after_bursts(bursts: tuple[Burst, ...], times: Samples) -> Samples:
    """Return the breath that follows a voiceless release, decaying over 15 ms."""
    total = np.zeros_like(times)
    for burst in bursts:
        if burst.place != "b":
            since = times - burst.time_s
            total += burst.strength * np.where(since > 0, np.exp(-np.maximum(since, 0) / 0.015), 0)
    return total


def _add_bursts(out: Samples, bursts: tuple[Burst, ...], rng: np.random.Generator, rate_hz: int) -> None:
    length = round(0.02 * rate_hz)
    decay = np.exp(-np.arange(length) / (0.004 * rate_hz))
    for burst in bursts:
        start = round(burst.time_s * rate_hz)
        room = min(length, len(out) - start)
        if room > 0:
            noise = _band(rng.standard_normal(length), *_BURST_HZ[burst.place], rate_hz) * decay
            out[start : start + room] += 1.1 * burst.strength * noise[:room]


def _band(noise: Samples, centre_hz: float, width_hz: float, rate_hz: int) -> Samples:
    """Return noise with a Gaussian spectrum, unit variance."""
    frequency = np.fft.rfftfreq(len(noise), 1 / rate_hz)
    shaped = np.fft.irfft(np.fft.rfft(noise) * np.exp(-0.5 * ((frequency - centre_hz) / width_hz) ** 2), len(noise))
    return shaped / (shaped.std() + 1e-12)


def _room(n: int, rng: np.random.Generator, rate_hz: int) -> Samples:
    """Return a room's noise, falling 3 dB an octave, with slow breath, unit variance."""
    frequency = np.fft.rfftfreq(n, 1 / rate_hz)
    pink = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) / np.sqrt(np.maximum(frequency, 40.0)), n)
    breath = 1 + 0.5 * np.clip(np.sin(2 * np.pi * (0.27 * np.arange(n) / rate_hz + rng.uniform())), 0, None)
    return breath * pink / pink.std()
