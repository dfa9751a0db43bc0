import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divine.encoders.windows import HOP_S, WINDOW_S, summarise


def literal(channel: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The statistics window by window, as their definitions read."""
    rows, start, median = [], times[0], np.nanmedian(channel)
    while start <= max(times[-1] - WINDOW_S, times[0]) + 1e-6:
        inside = (times >= start - 1e-9) & (times < start + WINDOW_S - 1e-9)
        if not inside.any():
            inside[np.searchsorted(times, start - 1e-9)] = True
        x, t = channel[inside], times[inside]
        ok = np.isfinite(x)
        both = ok[1:] & ok[:-1]
        elapsed = np.diff(t)[both].sum()
        rate = np.abs(np.diff(x))[both].sum() / elapsed if elapsed > 0 else 0.0
        rows.append((x[ok].mean() if ok.any() else median, x[ok].std() if ok.any() else 0.0, rate))
        start += HOP_S
    return np.array(rows)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(5, 120), st.floats(0, 0.5))
def test_agrees_with_the_definitions_on_uneven_times_with_gaps(seed: int, n: int, missing: float):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.01, 0.06, n))
    channel = rng.normal(size=n) * 3 + 5
    channel[rng.uniform(size=n) < missing] = np.nan
    channel[0] = 5.0
    found = summarise(channel[:, None], times)
    np.testing.assert_allclose(found.values, literal(channel, times), atol=1e-6)
    assert np.all(np.diff(found.times_s) > 0)


def test_a_syllable_rate_above_the_step_rate_is_still_seen():
    times = np.arange(0, 6, 0.01)
    slow, fast = (summarise(np.sin(2 * np.pi * f * times)[:, None], times).values[:, 2].mean() for f in (3.0, 6.0))
    assert fast / slow == pytest.approx(2.0, rel=0.03)


def test_a_channel_never_seen_is_zero():
    found = summarise(np.full((50, 2), np.nan), np.arange(50) / 25)
    assert not found.values.any()
