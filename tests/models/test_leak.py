"""The option that keeps shared factors out of private latents: its error, whom it moves and which way."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from divine.models.config import LossWeights
from divine.models.losses import reading_error
from tests.models.toy import TINY, batch, model, without

READ = replace(TINY, loss=LossWeights(leak=1.0))


def test_the_reading_error_is_in_variances_of_what_is_read():
    g = torch.Generator().manual_seed(0)
    target, read, rows = torch.randn(50, 3, generator=g) * 5 + 2, torch.randn(50, 3, generator=g), torch.arange(50) < 40
    here = target[:40].numpy()
    scaled = (here - here.mean(axis=0)) / here.std(axis=0)
    expected = np.minimum(((read[:40].numpy() - scaled) ** 2).mean(axis=1), 4.0).mean()
    assert float(reading_error(read, target, rows)) == pytest.approx(expected, rel=1e-4)
    assert float(reading_error(torch.zeros_like(read), target, rows)) == pytest.approx(1.0, abs=0.05)


def test_without_it_there_is_no_reader():
    assert not model(TINY).readers
    assert set(model(READ).readers) == {"video", "audio"}


def test_readers_learn_to_read_and_private_encoders_to_hide():
    one = model(READ)
    for step, rises in ((one.readers, False), (one.utterance_vae.private, True)):
        one.zero_grad()
        before = one(batch(12)).losses.leak
        before.backward()
        state = {name: value.clone() for name, value in one.state_dict().items()}
        with torch.no_grad():
            for parameter in step.parameters():
                if parameter.grad is not None:
                    parameter -= 0.05 * parameter.grad  # downhill, as every optimiser goes
        after = one(batch(12)).losses.leak
        assert (float(after.detach()) > float(before.detach())) == rises
        one.load_state_dict(state)


def test_only_clips_with_both_modalities_are_read_and_only_private_encoders_are_moved_by_it():
    one = model(READ)
    lone = without(batch(6), video=[0, 1, 2], audio=[3, 4, 5])
    assert float(one(lone).losses.leak.detach()) == 0.0
    one(batch(6)).losses.leak.backward()
    moved = {name.split(".")[0] for name, value in one.named_parameters() if value.grad is not None and value.grad.any()}
    assert moved == {"readers", "utterance_vae"}
    assert not any(value.grad is not None and value.grad.any() for value in one.utterance_vae.shared.parameters())
