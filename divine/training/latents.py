"""What the bottlenecks of a model let through: KL and active units per latent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from divine.models.batch import PerModality
from divine.models.divine import Latents
from divine.models.gaussian import Gaussian, active_units, kl_standard
from divine.models.layers import masked_mean


class LatentReport(NamedTuple):
    """One latent over a set of clips. A beta too small is no bottleneck: then every unit is active and KL is large."""

    name: str
    """``video window``, ``audio shared``, ..."""
    size: int
    active: int
    """Units whose posterior mean varies over the data by more than 0.01."""
    kl: float
    """Mean over clips (over steps, for windows) of the KL to a standard normal, in nats."""


def report_latents(inferred: Sequence[PerModality[Any]]) -> tuple[LatentReport, ...]:
    """Describe each latent over all clips, from what a model inferred of them, batch by batch.

    A modality that no clip has is left out; a system without DIVINE's latents has nothing to describe.
    """
    reports: list[LatentReport] = []
    for modality in ("video", "audio"):
        parts = [one for pair in inferred for name, one in pair.named if name == modality and isinstance(one, Latents)]
        if not any(bool(part.present.any()) for part in parts):
            continue
        rows = {
            "window": [_flat(part.window, part.refined.mask) for part in parts],
            "shared": [(part.utterance.shared, part.present) for part in parts],
            "private": [(part.utterance.private, part.present) for part in parts],
        }
        reports += [_report(f"{modality} {latent}", found) for latent, found in rows.items()]
    return tuple(reports)


def _flat(posterior: Gaussian, mask: Bool[Tensor, "b s"]) -> tuple[Gaussian, Bool[Tensor, " n"]]:
    return Gaussian(*(one.flatten(0, 1) for one in posterior)), mask.flatten()


def _report(name: str, rows: list[tuple[Gaussian, Bool[Tensor, " n"]]]) -> LatentReport:
    mu: Float[Tensor, "n z"] = torch.cat([posterior.mu for posterior, _ in rows])
    logvar = torch.cat([posterior.logvar for posterior, _ in rows])
    mask = torch.cat([one for _, one in rows])
    kl = masked_mean(kl_standard(mu, logvar), mask)
    return LatentReport(name, mu.shape[1], int(active_units(mu, mask)), float(kl))
