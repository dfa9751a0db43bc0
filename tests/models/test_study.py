"""The instruments of the study, held against what is known beforehand."""

import numpy as np
import pytest

from benchmarks.study.cohorts import parse_seeds
from benchmarks.study.factors import make_world, probe


def test_a_probe_reads_what_is_there_and_nothing_else():
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(400, 2))
    noisy = probe(np.concatenate([factor + rng.normal(size=factor.shape), rng.normal(size=(400, 5))], axis=1), factor)
    assert noisy.low < 0.5 < noisy.high  # half of the variance of such a vector is the factor's: R² = 1 / 2
    assert noisy.high - noisy.low < 0.2
    nothing = probe(rng.normal(size=(400, 8)), factor)
    assert nothing.low < 0.02 and nothing.high < 0.05


def test_a_world_shows_each_modality_its_own_factors_only():
    world = make_world(300, 0)
    assert world.batch.video and world.batch.audio and world.batch.targets
    for name, sequence, hidden in (
        ("video-private", world.batch.video, "audio-private"),
        ("audio-private", world.batch.audio, "video-private"),
    ):
        means = sequence.values.mean(dim=1).numpy()
        assert probe(means, world.factors["shared"]).low > 0.8
        assert probe(means, world.factors[name]).low > 0.8
        assert probe(means, world.factors[hidden]).high < 0.05
    shares = np.bincount(world.batch.targets.diagnosis.numpy(), minlength=3) / 300
    assert shares.min() > 0.15


def test_noise_is_as_loud_as_it_says():
    world = make_world(300, 1)
    assert world.batch.audio
    spread = world.batch.audio.values.std(dim=1).mean(dim=1).numpy()
    assert np.corrcoef(spread, world.noise["audio"])[0, 1] > 0.95


@pytest.mark.parametrize(("text", "seeds"), [("100-102", (100, 101, 102)), ("7", (7,)), ("1,5", (1, 5))])
def test_seeds_are_read(text, seeds):
    assert parse_seeds(text) == seeds
