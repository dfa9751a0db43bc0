"""Small random batches and models for the tests of models and training."""

from __future__ import annotations

import torch

from divine.models.batch import Batch, Targets, collate
from divine.models.config import DivineConfig, Schema
from divine.models.divine import Divine

ITEMS = ("symmetry", "range of motion", "speed", "variability", "fatigue")
SCHEMA = Schema(7, 6, ("healthy", "ALS", "stroke"), ITEMS)
TINY = DivineConfig(
    refine_channels=8,
    window_latent=4,
    window_hidden=8,
    shared_latent=4,
    private_latent=3,
    utterance_hidden=8,
    mixer_heads=2,
    mixer_hidden=8,
)


def targets(clips: int, schema: Schema = SCHEMA, seed: int = 0) -> Targets:
    """Everything known: two raters' whole scores, levels for all but the first class."""
    g = torch.Generator().manual_seed(seed)
    k, r = len(schema.items), len(schema.scores)
    diagnosis = torch.arange(clips) % len(schema.classes)
    raters = torch.randint(0, r, (clips, k, 2), generator=g)
    soft = torch.nn.functional.one_hot(raters, r).float().mean(dim=2)
    level = torch.randint(0, len(schema.levels), (clips,), generator=g)
    return Targets(
        diagnosis,
        torch.where(diagnosis == 0, -1, level),
        raters.float().mean(dim=2) + schema.scale[0],
        torch.ones(clips, k, dtype=torch.bool),
        soft,
    )


def batch(clips: int = 6, schema: Schema = SCHEMA, seed: int = 0, steps: tuple[int, ...] = (9, 4, 1, 7)) -> Batch:
    """Complete clips of unequal length."""
    g = torch.Generator().manual_seed(seed)

    def sequences(dim: int | None, shift: int) -> list[torch.Tensor | None]:
        if dim is None:
            return [None] * clips
        return [torch.randn(steps[(one + shift) % len(steps)], dim, generator=g) for one in range(clips)]

    return collate(sequences(schema.video_dim, 0), sequences(schema.audio_dim, 1), targets(clips, schema, seed))


def model(config: DivineConfig = TINY, schema: Schema = SCHEMA, seed: int = 0) -> Divine:
    """A seeded model whose running statistics are not the initial ones, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        one = Divine(config, schema)
        for name, buffer in one.named_buffers():
            buffer.copy_(torch.rand_like(buffer) + (0.5 if name.endswith("var") else -0.5))
        for parameter in one.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)  # so that no bias or gain is trivially zero or one
    return one.eval()


def without(whole: Batch, video: list[int] | None = None, audio: list[int] | None = None) -> Batch:
    """Return the batch with modalities marked absent in the clips named."""

    def mark(sequence, clips):
        present = sequence.present.clone()
        present[clips] = False
        return sequence._replace(present=present)

    return whole._replace(video=mark(whole.video, video or []), audio=mark(whole.audio, audio or []))
