"""One pass over a sound that everything else reads: levels, pitch, activity.

Pitch is Praat's autocorrelation method in two passes: the first, strict and on a low-passed copy, looks between 65 and 600 Hz;
the second between 0.75 of the first's lower quartile and 1.5 of its upper quartile, so that the speaker's own range and not a
guess of sex bounds it. (A single wide pass took the first formant for the pitch in two fifths of a deep voice's frames.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import parselmouth
import soxr
from jaxtyping import Bool, Float

from divine.records import Sound
from divine.voice.activity import HOP_S, Stretch, inside, levels, noise_floor, stretches, threshold

LEAST_SECONDS = 0.3
PITCH_HZ = (65.0, 600.0)
NARROW_HZ = 16_000
"""The voice needs no more, and recordings of different rates become comparable."""
CLIP_LEVEL = 0.99


class Voice(NamedTuple):
    """A sound as analysed: frames every 10 ms from its first sample."""

    duration_s: float
    start_s: float
    """Time of the first sample on the clip's clock; all other times here count from that sample."""
    times_s: Float[np.ndarray, " t"]
    level_db: Float[np.ndarray, " t"]
    """dBFS over 20 ms."""
    f0_hz: Float[np.ndarray, " t"]
    """NaN where there is no voice, and outside stretches of speech."""
    floor_db: float | None
    """Noise floor in dBFS; None where the voice never stops."""
    line_db: float | None
    """Level above which a frame is active; None for silence."""
    active: tuple[Stretch, ...]
    """Stretches of speech."""
    clipped_fraction: float
    peak: float
    narrow: parselmouth.Sound | None
    """The sound at 16 kHz or less, without offset; None where it is too short for any analysis."""
    pitch: parselmouth.Pitch | None
    pitch_range_hz: tuple[float, float]

    @property
    def voiced(self) -> Bool[np.ndarray, " t"]:
        return np.isfinite(self.f0_hz)

    @property
    def speaking(self) -> Bool[np.ndarray, " t"]:
        """Frames inside a stretch of speech."""
        return inside(self.active, self.times_s)


def analyse(sound: Sound) -> Voice:
    """Return levels, pitch and activity of a sound; a sound too short for Praat has levels only."""
    # A float WAV may hold NaN or infinity: a lost sample is silence, not a number that spreads.
    samples = np.nan_to_num(sound.samples.astype(np.float64), nan=0.0, posinf=1.0, neginf=-1.0)
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    clipped = float((np.abs(samples) >= CLIP_LEVEL).mean()) if len(samples) else 0.0
    if sound.duration_s < LEAST_SECONDS:
        empty = np.zeros(0)
        return Voice(
            sound.duration_s, sound.start_s, empty, empty, empty, None, None, (), clipped, peak, None, None, PITCH_HZ
        )  # fmt: skip
    # The recorder's offset is not sound.
    samples -= samples.mean()
    level_db = levels(samples, sound.rate_hz)
    times = np.arange(len(level_db)) * HOP_S
    narrow = _at_most(samples, sound.rate_hz, NARROW_HZ)
    pitch, bounds = track_pitch(narrow)
    f0 = _on_grid(pitch, times)
    floor = noise_floor(level_db, np.isfinite(f0))
    line = threshold(level_db, floor)
    active = stretches(level_db, np.isfinite(f0), line) if line is not None else ()
    f0 = np.where(inside(active, times), f0, np.nan)
    return Voice(
        sound.duration_s, sound.start_s, times, level_db, f0, floor, line, active, clipped, peak, narrow, pitch, bounds
    )  # fmt: skip


def track_pitch(sound: parselmouth.Sound) -> tuple[parselmouth.Pitch, tuple[float, float]]:
    """Return Praat's pitch every 10 ms, and the floor and ceiling (Hz) that were used."""
    floor, ceiling = PITCH_HZ
    first = _low_passed(sound).to_pitch_ac(
        time_step=HOP_S, pitch_floor=floor, pitch_ceiling=ceiling, silence_threshold=0.09, voicing_threshold=0.5,
        octave_cost=0.055, octave_jump_cost=0.35, voiced_unvoiced_cost=0.14,
    )  # fmt: skip
    f0 = first.selected_array["frequency"]
    f0 = f0[f0 > 0]
    if len(f0) >= 5:
        low, high = np.percentile(f0, (25, 75))
        floor, ceiling = max(floor, 0.75 * float(low)), min(ceiling, 1.5 * float(high))
    return sound.to_pitch_ac(time_step=HOP_S, pitch_floor=floor, pitch_ceiling=ceiling), (floor, ceiling)


def _low_passed(sound: parselmouth.Sound) -> parselmouth.Sound:
    """Return a Gaussian low-pass, 3 % left at the highest pitch: in a deep voice the first formant outshouts F0."""
    rate = 4000
    samples = soxr.resample(sound.values[0], sound.sampling_frequency, rate)
    gain = 0.03 ** np.square(np.fft.rfftfreq(len(samples), 1 / rate) / PITCH_HZ[1])
    return parselmouth.Sound(np.fft.irfft(np.fft.rfft(samples) * gain, len(samples)), rate)


def _at_most(samples: Float[np.ndarray, " n"], rate_hz: int, most_hz: int) -> parselmouth.Sound:
    if rate_hz > most_hz:
        return parselmouth.Sound(soxr.resample(samples, rate_hz, most_hz), most_hz)
    return parselmouth.Sound(samples, rate_hz)


def _on_grid(pitch: parselmouth.Pitch, times_s: Float[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    """Return F0 of the nearest Praat frame; NaN where it is unvoiced or further than a frame away."""
    centres, f0 = pitch.xs(), pitch.selected_array["frequency"]
    nearest = np.clip(np.round((times_s - centres[0]) / pitch.dx), 0, len(centres) - 1).astype(int)
    near = np.abs(centres[nearest] - times_s) <= pitch.dx
    return np.where(near & (f0[nearest] > 0), f0[nearest], np.nan)
