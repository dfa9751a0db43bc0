"""A sound as a picture: its envelope and its spectrogram on one grid of time, as small as a screen needs them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import soxr
from jaxtyping import Float, Int8, UInt8

from divine.records import Sound

RATE_HZ = 16_000
TOP_HZ = RATE_HZ / 2
WINDOW_S = 0.025
"""A Hann window of 25 ms: harmonics of most voices stand apart, and a stop's release is still seen."""
STEP_S = 0.005
MOST_COLUMNS = 4000
RANGE_DB = 70.0
"""From the loudest cell down; what lies below is as quiet as the background of a good recording."""
_SIZE = 512
_BLOCK = 2048


class SoundPicture(NamedTuple):
    """Columns of equal length from ``start_s`` on the clip's clock."""

    start_s: float
    column_s: float
    low: Int8[np.ndarray, " t"]
    """Lowest and highest sample of a column, in 127ths of full scale."""
    high: Int8[np.ndarray, " t"]
    levels: UInt8[np.ndarray, "f t"]
    """Level of a cell: 0 is ``floor_db`` or less, 255 is ``floor_db + range_db``; rows from 0 Hz to ``top_hz``."""
    top_hz: float
    floor_db: float
    """dB relative to a sine of full scale."""
    range_db: float


def picture(sound: Sound) -> SoundPicture:
    """Return envelope and spectrogram of a sound: 5 ms a column, longer where that would be more than 4000 columns.

    A column shows the loudest of the windows that fall into it, so that no burst is lost in a long recording.
    """
    samples = np.nan_to_num(sound.samples.astype(np.float32), nan=0.0, posinf=1.0, neginf=-1.0)
    narrow = samples if sound.rate_hz == RATE_HZ else soxr.resample(samples, sound.rate_hz, RATE_HZ, quality="HQ")
    step = round(STEP_S * RATE_HZ)
    pooled = max(1, -(-len(narrow) // (step * MOST_COLUMNS)))
    columns = max(1, -(-len(narrow) // (step * pooled)))
    padded = np.zeros(columns * pooled * step, np.float32)
    padded[: len(narrow)] = narrow
    blocks = padded.reshape(columns, pooled * step)
    decibels = _levels(padded, step, columns * pooled).reshape(-1, columns, pooled).max(axis=2)
    floor = float(decibels.max()) - RANGE_DB
    return SoundPicture(
        start_s=sound.start_s,
        column_s=pooled * STEP_S,
        low=_eighth(blocks.min(axis=1)),
        high=_eighth(blocks.max(axis=1)),
        levels=np.round(np.clip((decibels - floor) / RANGE_DB, 0, 1) * 255).astype(np.uint8),
        top_hz=TOP_HZ,
        floor_db=floor,
        range_db=RANGE_DB,
    )


def _levels(samples: Float[np.ndarray, " n"], step: int, count: int) -> Float[np.ndarray, "f t"]:
    """Return the level of ``count`` windows, each centred on its step of the grid."""
    size = round(WINDOW_S * RATE_HZ)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    before = (size - step) // 2
    around = np.pad(samples, (before, size))
    frames = np.lib.stride_tricks.sliding_window_view(around, size)[::step][:count]
    levels = np.empty((_SIZE // 2, count), np.float32)
    for first in range(0, count, _BLOCK):
        spectrum = np.abs(np.fft.rfft(frames[first : first + _BLOCK] * window, n=_SIZE, axis=1))[:, : _SIZE // 2]
        # A sine of amplitude 1 has a peak of half the window's sum.
        levels[:, first : first + _BLOCK] = 20 * np.log10(np.maximum(spectrum * (2 / window.sum()), 1e-7)).T
    return levels


def _eighth(values: Float[np.ndarray, " t"]) -> Int8[np.ndarray, " t"]:
    return np.round(np.clip(values, -1, 1) * 127).astype(np.int8)
