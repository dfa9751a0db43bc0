"""Contributions against every order in which modalities can be added, and against numbers worked out by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divine.explain.errors import ExplainError
from divine.explain.removal import Answer, removal, shapley
from divine.records import Modality

VIDEO, AUDIO = frozenset[Modality](["video"]), frozenset[Modality](["audio"])
BOTH, NONE = VIDEO | AUDIO, frozenset[Modality]()
worths = st.floats(0, 1)


def over_orders(worth: dict[frozenset[Modality], float], modality: Modality) -> float:
    """Return the mean gain of a modality over all orders of adding."""
    orders = list(permutations(max(worth, key=len)))
    gains = []
    for order in orders:
        before = frozenset[Modality](order[: order.index(modality)])
        gains.append(worth[before | {modality}] - worth[before])
    return float(np.mean(gains))


@given(worths, worths, worths, worths)
def test_shapley_is_the_mean_gain_over_all_orders(both: float, video: float, audio: float, none: float):
    worth = {BOTH: both, VIDEO: video, AUDIO: audio, NONE: none}
    gains = {modality: shapley(worth, modality) for modality in BOTH}
    for modality, gain in gains.items():
        assert gain == pytest.approx(over_orders(worth, modality), abs=1e-12)
    assert sum(gains.values()) == pytest.approx(both - none, abs=1e-12)


def test_a_modality_that_changes_nothing_contributes_nothing():
    worth = {BOTH: 0.7, VIDEO: 0.7, AUDIO: 0.2, NONE: 0.2}
    assert shapley(worth, "audio") == 0
    assert shapley(worth, "video") == pytest.approx(0.5)


def test_by_hand():
    found = removal(
        [
            Answer(NONE, np.array([0.25, 0.75]), 9.0),
            Answer(AUDIO, np.array([0.6, 0.4]), 11.0),
            Answer(VIDEO, np.array([0.4, 0.6]), 8.0),
            Answer(BOTH, np.array([0.8, 0.2]), 12.0),
        ]
    )
    assert [one.modalities for one in found.answers] == [BOTH, VIDEO, AUDIO, NONE]
    assert found.of == 0
    told = {one.modality: (one.probability, one.total) for one in found.contributions}
    # video: (0.40 - 0.25 + 0.80 - 0.60) / 2, and (8 - 9 + 12 - 11) / 2; audio likewise
    assert told["video"] == pytest.approx((0.175, 0.0))
    assert told["audio"] == pytest.approx((0.375, 3.0))


def test_one_modality_and_no_ratings():
    found = removal([Answer(VIDEO, np.array([0.1, 0.9]), None), Answer(NONE, np.array([0.5, 0.5]), None)])
    (only,) = found.contributions
    assert (only.modality, only.total) == ("video", None)
    assert only.probability == pytest.approx(0.4)


def test_a_missing_answer_is_named():
    with pytest.raises(ExplainError, match="no answer from nothing alone"):
        removal([Answer(VIDEO, np.array([1.0]), None)])
    with pytest.raises(ExplainError, match="no answer from audio alone"):
        removal(
            [Answer(BOTH, np.array([1.0]), None), Answer(VIDEO, np.array([1.0]), None), Answer(NONE, np.array([1.0]), None)]
        )
