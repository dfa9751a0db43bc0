"""Weights averaged over the steps of training: what few subjects teach swings from step to step, their mean less so."""

from __future__ import annotations

import copy

import torch

from divine.models.answer import System


class Average:
    """The exponential moving average of a model's weights and running statistics.

    After step ``n`` it is ``d A + (1 - d) W`` with ``d = min(decay, n / (n + 10))``: the first steps, far from where training
    ends, are soon forgotten. A decay of 0 follows the model itself.
    """

    def __init__(self, model: System, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.model = copy.deepcopy(model) if decay else model
        self._live, self._mean = (list(one.state_dict().values()) for one in (model, self.model))

    def follow(self) -> None:
        """Take in the model as it is after another step."""
        if not self.decay:
            return
        self.steps += 1
        share = 1 - min(self.decay, self.steps / (self.steps + 10))
        with torch.no_grad():
            for mean, value in zip(self._mean, self._live, strict=True):
                mean.lerp_(value, share)
