"""One level of latents: DIVINE with the window VAE alone, its pooled latent in place of shared and private."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from divine.models.alignment import CrossModalDecoder
from divine.models.answer import PlainAnswer, conform, plain_losses
from divine.models.batch import Batch, PerModality, Sequence, Targets
from divine.models.config import DivineConfig, Schema
from divine.models.dropout import Dropout
from divine.models.fusion import Fused, SparseGatedFusion, Voice
from divine.models.gaussian import sample
from divine.models.heads import Heads, Logits
from divine.models.layers import mean_over_time
from divine.models.local_vae import LocalVae
from divine.models.losses import Losses, cycle_loss, sparse_loss, token_loss, window_loss
from divine.models.refine import Refinement
from divine.models.tokens import Mixed, SymptomTokens
from divine.records import Modality


class Pooled(NamedTuple):
    """One modality's window latents, averaged over time, and what making them cost."""

    vector: Float[Tensor, "b w"]
    present: Bool[Tensor, " b"]
    loss: Float[Tensor, ""]


class SingleLevel(nn.Module):
    """Refined, window VAE, pooled; gates, alignment, tokens and heads as in DIVINE, on latents of the window's width."""

    def __init__(self, config: DivineConfig, schema: Schema) -> None:
        super().__init__()
        self.config, self.schema = config, schema
        c, drop, width = config, config.dropout, config.window_latent
        self.refinement = nn.ModuleDict(
            {m: Refinement(dim, c.refine_channels, c.refine_kernel, c.refine_pool) for m, dim in schema.dims.items()}
        )
        self.dropout = Dropout(drop)
        self.local_vae = LocalVae(schema.dims, c.refine_channels, width, c.window_hidden, drop)
        aligned = len(schema.dims) == 2 and (c.loss.cycle or c.missing == "decode")
        self.alignment = CrossModalDecoder(width, c.utterance_hidden, drop) if aligned else None
        self.fusion = SparseGatedFusion(schema.dims, width, width, c.gates)
        self.tokens = SymptomTokens(len(schema.tokens), width, c.token_mixer, c.mixer_hidden, c.mixer_heads, drop)
        self.heads = Heads(schema, width, c.severity_from, drop)

    def forward(
        self, batch: Batch, class_weights: Float[Tensor, " c"] | None = None, sampling: bool | None = None
    ) -> PlainAnswer:
        """Answer; latents are drawn in training and are posterior means in evaluation, unless ``sampling`` says otherwise."""
        parts = self.infer(batch, self.training if sampling is None else sampling)
        answer, decoded, fused, mixed = self._say(parts)
        if batch.targets is None:
            return answer
        losses = self._losses(answer.logits, batch.targets, parts, decoded, fused, mixed, class_weights)
        return answer._replace(losses=losses)

    def infer(self, batch: Batch, sampling: bool = False) -> PerModality[Pooled]:
        """Features to pooled window latents, each modality by itself."""
        return conform(batch, self.schema).map(lambda modality, one: self._infer(modality, one, sampling))

    def judge(self, parts: PerModality[Pooled]) -> PlainAnswer:
        """Answer from pooled latents."""
        return self._say(parts)[0]

    def _say(self, parts: PerModality[Pooled]) -> tuple[PlainAnswer, Tensor | None, Fused, Mixed]:
        decoded = self.alignment(parts.video.vector) if self.alignment is not None and parts.video is not None else None
        voices = parts.map(lambda _, one: Voice(one.vector, one.vector, one.present))
        fused = self.fusion(voices, decoded if self.config.missing == "decode" else None)
        mixed = self.tokens(fused.h)
        answer = PlainAnswer(self.heads(mixed.rows), None, parts.map(lambda _, one: one.vector), fused.gates, mixed.attention)
        return answer, decoded, fused, mixed

    def _losses(
        self,
        logits: Logits,
        targets: Targets,
        parts: PerModality[Pooled],
        decoded: Tensor | None,
        fused: Fused,
        mixed: Mixed,
        class_weights: Tensor | None,
    ) -> Losses:
        present = torch.stack([one.present for one in parts.given]).any(dim=0)
        pairs = zip(fused.gates.given, parts.given, strict=True)
        terms = {
            "window": torch.stack([one.loss for one in parts.given]).sum(),
            "sparse": torch.stack([sparse_loss(gate, one.present) for gate, one in pairs]).sum(),
            "token": token_loss(self.tokens.tokens, mixed, fused.h, present),
        }
        if decoded is not None and parts.video is not None and parts.audio is not None:
            terms["cycle"] = cycle_loss(decoded, parts.audio.vector, parts.video.present & parts.audio.present)
        return plain_losses(self.config.loss, self.schema, logits, targets, present, class_weights, **terms)

    def _infer(self, modality: Modality, sequence: Sequence, draw: bool) -> Pooled:
        mask = sequence.mask & sequence.present[:, None]
        refined = self.refinement[modality](sequence.values, mask)
        posterior = self.local_vae.encode(modality, self.dropout(refined.values))
        z = sample(*posterior) if draw else posterior.mu
        rebuilt = self.local_vae.decode(modality, z)
        loss = window_loss(refined.values, rebuilt, posterior, refined.mask, self.config.loss.beta_window)
        return Pooled(mean_over_time(z, refined.mask), mask.any(dim=1), loss)
