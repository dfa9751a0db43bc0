"""A named subset of ``python -m benchmarks.leak``: nothing is learned from permuted diagnoses, and a planted leak is found."""

import numpy as np
import pytest

from benchmarks.leak import Task, carry_out

PERMUTATIONS = 4


def excess(system: str, by_clip: bool) -> float:
    """Mean of score minus guess over a few permutations; the full command has twenty, and standard errors."""
    return float(np.mean([np.subtract(*carry_out(Task(system, one, by_clip))) for one in range(PERMUTATIONS)]))


@pytest.mark.parametrize("system", ["logistic", "concat"])
def test_permuted_diagnoses_cannot_be_learned(system: str):
    assert abs(excess(system, by_clip=False)) < 0.1


def test_a_split_by_clip_is_found_out():
    assert excess("logistic", by_clip=True) > 0.2
