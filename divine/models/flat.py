"""Flat fusion: DIVINE without either VAE. What the hierarchy of latents adds is what DIVINE does better than this."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from divine.models.answer import PlainAnswer, conform, plain_losses
from divine.models.batch import Batch, PerModality, Sequence
from divine.models.config import DivineConfig, Schema
from divine.models.dropout import Dropout
from divine.models.fusion import Fused, SparseGatedFusion, Voice
from divine.models.heads import Heads
from divine.models.layers import mean_over_time, mlp
from divine.models.losses import sparse_loss, token_loss
from divine.models.refine import Refinement
from divine.models.tokens import Mixed, SymptomTokens
from divine.records import Modality


class Flat(nn.Module):
    """Refined, pooled, projected, gated, tokens, heads; each modality's projection opens its own gate.

    The projection has two layers and a straight path, as every encoder of DIVINE has: the comparison takes away latents, and
    nothing else.
    """

    def __init__(self, config: DivineConfig, schema: Schema) -> None:
        super().__init__()
        self.config, self.schema = config, schema
        c, drop = config, config.dropout
        self.refinement = nn.ModuleDict(
            {m: Refinement(dim, c.refine_channels, c.refine_kernel, c.refine_pool) for m, dim in schema.dims.items()}
        )
        self.dropout = Dropout(drop)
        self.projection = nn.ModuleDict(
            {m: mlp(c.refine_channels, c.utterance_hidden, c.shared_latent, drop) for m in schema.dims}
        )
        self.straight = nn.ModuleDict({m: nn.Linear(c.refine_channels, c.shared_latent, bias=False) for m in schema.dims})
        self.fusion = SparseGatedFusion(schema.dims, c.shared_latent, c.shared_latent, c.gates)
        self.tokens = SymptomTokens(len(schema.tokens), c.shared_latent, c.token_mixer, c.mixer_hidden, c.mixer_heads, drop)
        self.heads = Heads(schema, c.shared_latent, c.severity_from, drop)

    def forward(
        self, batch: Batch, class_weights: Float[Tensor, " c"] | None = None, sampling: bool | None = None
    ) -> PlainAnswer:
        """Answer; ``sampling`` is of no matter, nothing is drawn."""
        voices = self.infer(batch)
        answer, fused, mixed = self._say(voices)
        if batch.targets is None:
            return answer
        present = torch.stack([one.present for one in voices.given]).any(dim=0)
        pairs = zip(fused.gates.given, voices.given, strict=True)
        losses = plain_losses(
            self.config.loss,
            self.schema,
            answer.logits,
            batch.targets,
            present,
            class_weights,
            sparse=torch.stack([sparse_loss(gate, voice.present) for gate, voice in pairs]).sum(),
            token=token_loss(self.tokens.tokens, mixed, fused.h, present),
        )
        return answer._replace(losses=losses)

    def infer(self, batch: Batch, sampling: bool = False) -> PerModality[Voice]:
        """Features to projections, each modality by itself."""
        return conform(batch, self.schema).map(self._voice)

    def judge(self, parts: PerModality[Voice]) -> PlainAnswer:
        """Answer from projections."""
        return self._say(parts)[0]

    def _say(self, voices: PerModality[Voice]) -> tuple[PlainAnswer, Fused, Mixed]:
        fused = self.fusion(voices)
        mixed = self.tokens(fused.h)
        vectors = voices.map(lambda _, one: one.shared)
        return PlainAnswer(self.heads(mixed.rows), None, vectors, fused.gates, mixed.attention), fused, mixed

    def _voice(self, modality: Modality, sequence: Sequence) -> Voice:
        mask = sequence.mask & sequence.present[:, None]
        refined = self.refinement[modality](sequence.values, mask)
        pooled = mean_over_time(self.dropout(refined.values), refined.mask)
        vector = self.projection[modality](pooled) + self.straight[modality](pooled)
        return Voice(vector, vector, mask.any(dim=1))
