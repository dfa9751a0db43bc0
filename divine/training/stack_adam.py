"""AdamW over a stack of members, each with its own count of steps, some of them resting."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class StackedAdam:
    """Adam with decoupled weight decay, as ``torch.optim.AdamW`` computes it, on one row of weights per member.

    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015; Loshchilov and Hutter, "Decoupled weight decay
    regularization", ICLR 2019.
    """

    def __init__(self, weights: Float[Tensor, "m p"], learning_rate: float, weight_decay: float) -> None:
        self.weights, self.learning_rate, self.weight_decay = weights, learning_rate, weight_decay
        self.first, self.second = torch.zeros_like(weights), torch.zeros_like(weights)
        self.steps = torch.zeros(len(weights), 1, device=weights.device)

    @torch.no_grad()
    def step(self, gradient: Float[Tensor, "m p"], active: Bool[Tensor, " m"]) -> None:
        """Move the members that are active, in place; of the others nothing changes."""
        b1, b2, eps = 0.9, 0.999, 1e-8
        moves = active[:, None]
        self.steps += moves
        count = self.steps.clamp(min=1)
        self.first.lerp_(gradient, (1 - b1) * moves)
        self.second.lerp_(gradient.square(), (1 - b2) * moves)
        scale = (self.second.sqrt() / (1 - b2**count).sqrt()).add_(eps)
        self.weights.mul_(1 - self.learning_rate * self.weight_decay * moves)
        self.weights.sub_(moves * self.learning_rate / (1 - b1**count) * self.first / scale)
