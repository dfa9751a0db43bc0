"""Modality dropout: complete clips lose one modality now and then, so that a model learns to do with either."""

from __future__ import annotations

import torch

from divine.models.batch import Batch, Sequence


def drop_modality(batch: Batch, chance: float, generator: torch.Generator) -> Batch:
    """Take one modality, video or audio alike, from each clip that has both, with probability ``chance``."""
    if batch.video is None or batch.audio is None:
        return batch
    draw, choice = torch.rand(2, batch.size, generator=generator)
    dropped = batch.video.present & batch.audio.present & (draw < chance)
    return batch._replace(
        video=_without(batch.video, dropped & (choice < 0.5)), audio=_without(batch.audio, dropped & (choice >= 0.5))
    )


def _without(sequence: Sequence, clips: torch.Tensor) -> Sequence:
    return sequence._replace(present=sequence.present & ~clips)
