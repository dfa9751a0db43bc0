"""From a fast signal to a slow sequence that still knows how fast the signal was.

A clip is reduced to at most 32 steps before the model, 5 per second for a 6 s clip: too slow for a syllable rate of
6 Hz. So each window of a channel becomes three features: its mean, its spread and its rate of change.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

WINDOW_S = 0.4
HOP_S = 0.2
STATISTICS = ("mean", "spread", "rate")
BLOCK = 300
"""Windows worked on at once, a minute's: memory does not grow with a clip."""

Rows = np.ndarray[tuple[int], np.dtype[np.intp]]


class Windows(NamedTuple):
    """``values`` holds the means of all channels, then their spreads, then their rates."""

    values: Float[np.ndarray, "w d"]
    times_s: Float[np.ndarray, " w"]


def summarise(channels: Float[np.ndarray, "t c"], times_s: Float[np.ndarray, " t"]) -> Windows:
    """Summarise each channel over windows of 0.4 s every 0.2 s.

    Mean; standard deviation; and rate, the mean of ``|dx/dt|`` in the channel's unit per second. Times may be uneven,
    and NaN marks samples that were not seen: they are left out, and a window that saw nothing takes the channel's
    median over the clip for its mean, and no spread or rate. A channel never seen is 0 throughout. A clip shorter than
    a window is one window.

    Args:
        channels: one column per signal.
        times_s: rising times of the rows.
    """
    whole = max(0, int((times_s[-1] - WINDOW_S - times_s[0]) / HOP_S + 1e-6))
    starts = times_s[0] + HOP_S * np.arange(whole + 1)
    low, high = np.searchsorted(times_s, starts - 1e-9), np.searchsorted(times_s, starts + WINDOW_S - 1e-9)
    high = np.maximum(high, low + 1)

    centre = np.array([np.median(column[ok]) if (ok := np.isfinite(column)).any() else 0.0 for column in channels.T])
    values = np.empty((len(starts), len(STATISTICS) * channels.shape[1]))
    for first in range(0, len(starts), BLOCK):
        block = slice(first, min(first + BLOCK, len(starts)))
        rows = slice(low[first], high[block.stop - 1])
        values[block] = _summarised(channels[rows], times_s[rows], centre, low[block] - rows.start, high[block] - rows.start)
    return Windows(values, starts + WINDOW_S / 2)


def _summarised(
    channels: Float[np.ndarray, "t c"],
    times_s: Float[np.ndarray, " t"],
    centre: Float[np.ndarray, " c"],
    low: Rows,
    high: Rows,
) -> Float[np.ndarray, "w d"]:
    seen = np.isfinite(channels)
    count = _window_sums(seen.astype(float), low, high)
    centred = np.where(seen, channels - centre, 0.0)
    mean = _window_sums(centred, low, high) / np.maximum(count, 1)
    variance = _window_sums(centred**2, low, high) / np.maximum(count, 1) - mean**2

    # A step belongs to the window that holds both its ends.
    step_seen = seen[1:] & seen[:-1]
    travel = np.where(step_seen, np.abs(np.diff(centred, axis=0)), 0.0)
    elapsed = np.where(step_seen, np.diff(times_s)[:, None], 0.0)
    last = np.maximum(high - 1, low)
    duration = _window_sums(elapsed, low, last)
    rate = np.divide(_window_sums(travel, low, last), duration, out=np.zeros_like(duration), where=duration > 0)
    return np.concatenate([mean + centre, np.sqrt(np.maximum(variance, 0.0)), rate], axis=1)


def _window_sums(x: Float[np.ndarray, "t c"], low: Rows, high: Rows) -> Float[np.ndarray, "w c"]:
    total = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0)])
    return total[np.minimum(high, len(x))] - total[np.minimum(low, len(x))]
