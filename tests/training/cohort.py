"""A toy cohort with a planted signal in each modality, for tests of training. It means nothing clinically."""

from __future__ import annotations

import torch

from divine.models.batch import Batch, Targets, collate
from divine.models.config import Schema

SCHEMA = Schema(12, 10, ("healthy", "ALS", "stroke"), ("symmetry", "speed"))


def cohort(clips: int, seed: int, schema: Schema = SCHEMA, strength: float = 2.0) -> Batch:
    """Clips of noise around a direction per class, and scores that rise with hurt; the directions are the same for every seed.

    Features are far from zero mean and unit scale, so that standardisation matters.
    """
    g, directions = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(12345)
    diagnosis = torch.arange(clips) % len(schema.classes)
    hurt = torch.where(diagnosis == 0, 0.0, torch.rand(clips, generator=g))
    whole: list[list[torch.Tensor | None]] = []
    for dim in (schema.video_dim, schema.audio_dim):
        if dim is None:
            whole.append([None] * clips)
            continue
        signal = torch.randn(len(schema.classes), dim, generator=directions)
        worse = torch.randn(dim, generator=directions)
        noise = [torch.randn(6 + one % 5, dim, generator=g) for one in range(clips)]
        centres = strength * signal[diagnosis] + 2 * strength * hurt[:, None] * worse
        whole.append([40 + 10 * (centre + one) for centre, one in zip(centres, noise, strict=True)])
    k = len(schema.items)
    ratings = (1 + 4 * hurt).round()[:, None].expand(clips, k)
    soft = torch.nn.functional.one_hot(ratings.long() - 1, 5).float()
    level = torch.where(diagnosis == 0, -1, (3 * hurt).long().clamp(max=2))
    return collate(*whole, Targets(diagnosis, level, ratings, torch.ones(clips, k, dtype=torch.bool), soft))
