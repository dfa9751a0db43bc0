"""Modality dropout: complete clips lose one modality now and then, so that a model learns to do with either."""

from __future__ import annotations

import torch
from jaxtyping import Bool
from torch import Tensor

from divine.models.batch import Batch, Sequence


def drop_modality(batch: Batch, chance: float, generator: torch.Generator) -> Batch:
    """Take one modality, video or audio alike, from each clip that has both, with probability ``chance``."""
    if batch.video is None or batch.audio is None:
        return batch
    no_video, no_audio = draw(batch.video.present, batch.audio.present, chance, generator)
    return batch._replace(video=_without(batch.video, no_video), audio=_without(batch.audio, no_audio))


def draw(
    video: Bool[Tensor, " b"], audio: Bool[Tensor, " b"], chance: float, generator: torch.Generator
) -> tuple[Bool[Tensor, " b"], Bool[Tensor, " b"]]:
    """Return which clips lose their video and which their audio, of those that have both."""
    hit, choice = torch.rand(2, len(video), generator=generator).to(video.device)
    dropped = video & audio & (hit < chance)
    return dropped & (choice < 0.5), dropped & (choice >= 0.5)


def _without(sequence: Sequence, clips: Tensor) -> Sequence:
    return sequence._replace(present=sequence.present & ~clips)
