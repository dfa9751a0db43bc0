"""DIVINE, composed: read it beside the paper's figure 2. ``infer`` to latents, ``generate`` from them, ``loss`` of both."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from divine.models.alignment import CrossModalDecoder
from divine.models.answer import conform
from divine.models.batch import Batch, PerModality, Sequence, Targets
from divine.models.config import DivineConfig, Schema
from divine.models.dropout import Dropout
from divine.models.fusion import Fused, SparseGatedFusion, Voice
from divine.models.gaussian import Gaussian, sample
from divine.models.heads import Heads, Logits
from divine.models.layers import mean_over_time
from divine.models.local_vae import LocalVae
from divine.models.losses import (
    Losses,
    cycle_loss,
    separation_loss,
    sparse_loss,
    supervised_losses,
    token_loss,
    utterance_loss,
    window_loss,
)
from divine.models.refine import Refined, Refinement
from divine.models.tokens import Mixed, SymptomTokens
from divine.models.utterance_vae import Utterance, UtteranceVae
from divine.records import Modality


class Latents(NamedTuple):
    """What is inferred of one modality: posteriors, and the ``z`` taken from them (a sample, or the mean)."""

    refined: Refined
    window: Gaussian
    z_window: Float[Tensor, "b s w"]
    pooled: Float[Tensor, "b w"]
    utterance: Utterance
    z_shared: Float[Tensor, "b s"]
    z_private: Float[Tensor, "b p"]
    present: Bool[Tensor, " b"]


class Rebuilt(NamedTuple):
    """Reconstructions of the refined steps and of their pooled latents."""

    window: PerModality[Tensor]
    utterance: PerModality[Tensor]


class Generated(NamedTuple):
    """What follows from the latents: the fusion and what it says, and, unless only to be judged, reconstructions."""

    rebuilt: Rebuilt | None
    decoded_audio: Float[Tensor, "b s"] | None
    fused: Fused
    mixed: Mixed
    logits: Logits


class Result(NamedTuple):
    """One pass over a batch; ``losses`` is None where the batch has no targets."""

    latents: PerModality[Latents]
    generated: Generated
    losses: Losses | None

    @property
    def logits(self) -> Logits:
        return self.generated.logits

    @property
    def gates(self) -> PerModality[Tensor]:
        return self.generated.fused.gates

    @property
    def attention(self) -> Tensor:
        return self.generated.mixed.attention


class Divine(nn.Module):
    """One model. It knows nothing of ensembles, folds or devices, and its forward pass never branches on the value of a tensor.

    Args:
        config: sizes and choices.
        schema: what the cohort knows. A modality or rating that the cohort lacks gets no parameters.
    """

    def __init__(self, config: DivineConfig, schema: Schema) -> None:
        super().__init__()
        self.config, self.schema = config, schema
        c, drop = config, config.dropout
        self.refinement = nn.ModuleDict(
            {m: Refinement(dim, c.refine_channels, c.refine_kernel, c.refine_pool) for m, dim in schema.dims.items()}
        )
        self.dropout = Dropout(drop)
        self.local_vae = LocalVae(schema.dims, c.refine_channels, c.window_latent, c.window_hidden, drop)
        self.utterance_vae = UtteranceVae(
            schema.dims, c.window_latent, c.shared_latent, c.private_latent, c.utterance_hidden, drop
        )
        aligned = len(schema.dims) == 2 and (c.loss.cycle or c.missing == "decode")
        self.alignment = CrossModalDecoder(c.shared_latent, c.utterance_hidden, drop) if aligned else None
        self.fusion = SparseGatedFusion(schema.dims, c.private_latent, c.shared_latent, c.gates)
        self.tokens = SymptomTokens(len(schema.tokens), c.shared_latent, c.token_mixer, c.mixer_hidden, c.mixer_heads, drop)
        self.heads = Heads(schema, c.shared_latent, c.severity_from, drop)

    def forward(self, batch: Batch, class_weights: Float[Tensor, " c"] | None = None, sampling: bool | None = None) -> Result:
        """Infer, generate, and where targets are known, weigh.

        Args:
            batch: standardised features.
            class_weights: weight of each class in the diagnosis loss.
            sampling: draw the latents; the default draws in training and takes posterior means in evaluation.
        """
        latents = self.infer(batch, self.training if sampling is None else sampling)
        if batch.targets is None:
            return self.judge(latents)
        generated = self.generate(latents)
        return Result(latents, generated, self.loss(batch.targets, latents, generated, class_weights))

    def judge(self, parts: PerModality[Latents]) -> Result:
        """Answer from latents; nothing is reconstructed."""
        return Result(parts, self.generate(parts, rebuild=False), None)

    def infer(self, batch: Batch, sampling: bool = False) -> PerModality[Latents]:
        """Features to latents, each modality by itself but for the tied shared encoder.

        Raises:
            ModelError: the batch's modalities or widths are not those of the schema.
        """
        return conform(batch, self.schema).map(lambda modality, one: self._infer(modality, one, sampling))

    def generate(self, latents: PerModality[Latents], rebuild: bool = True) -> Generated:
        """Latents to the fused representation, to reconstructions, to logits."""
        decoded = self.alignment(latents.video.z_shared) if self.alignment is not None and latents.video is not None else None
        voices = latents.map(lambda _, one: Voice(one.z_shared, one.z_private, one.present))
        fused = self.fusion(voices, decoded if self.config.missing == "decode" else None)
        mixed = self.tokens(fused.h)
        rebuilt = self._rebuild(latents) if rebuild else None
        return Generated(rebuilt, decoded, fused, mixed, self.heads(mixed.rows))

    def loss(
        self,
        targets: Targets,
        latents: PerModality[Latents],
        generated: Generated,
        class_weights: Float[Tensor, " c"] | None = None,
    ) -> Losses:
        """``L_cls + alpha L_sev + eps (L_cycle + L_sparse + eps lambda L_token) + sum_m (L_w^m + L_u^m)``.

        Beyond the paper, ``separation`` times the term that keeps the private latents private.
        """
        w, zero = self.config.loss, generated.fused.h.new_zeros(())
        window = utterance = sparse = zero
        rebuilt = self._rebuild(latents) if generated.rebuilt is None else generated.rebuilt
        parts = (latents, generated.fused.gates, rebuilt.window, rebuilt.utterance)
        for one, gate, steps, whole in zip(*(part.given for part in parts), strict=True):
            valid = one.refined.mask
            posteriors = one.utterance
            window = window + window_loss(one.refined.values, steps, one.window, valid, w.beta_window)
            utterance = utterance + utterance_loss(
                one.pooled, whole, posteriors.shared, posteriors.private, one.present, w.beta_shared, w.beta_private
            )
            sparse = sparse + sparse_loss(gate, one.present)
        video, audio = latents.video, latents.audio
        cycle = separation = zero
        if video is not None and audio is not None:
            both = video.present & audio.present
            if w.separation:
                separation = self._separation("video", video, audio, both) + self._separation("audio", audio, video, both)
            if generated.decoded_audio is not None:
                cycle = cycle_loss(generated.decoded_audio, audio.z_shared, both)
        anyone = torch.stack([one.present for one in latents.given]).any(dim=0)
        token = token_loss(self.tokens.tokens, generated.mixed, generated.fused.h, anyone)
        diagnosis, severity = supervised_losses(generated.logits, targets, anyone, self.schema.scale, class_weights)
        regularisers = w.cycle * cycle + w.sparse * sparse + w.epsilon * w.token_lambda * w.token * token
        total = w.diagnosis * diagnosis + w.alpha * severity + w.epsilon * regularisers + window + utterance
        total = total + w.separation * separation
        return Losses(total, diagnosis, severity, window, utterance, cycle, sparse, token, separation)

    def _separation(self, modality: Modality, own: Latents, other: Latents, both: Bool[Tensor, " b"]) -> Tensor:
        """Teaches the private encoder, and nothing before it: else what is shared would leave the refined features too."""
        private = self.utterance_vae.private[modality](own.pooled.detach())
        return separation_loss(private.mu, other.pooled, both)

    def _rebuild(self, latents: PerModality[Latents]) -> Rebuilt:
        return Rebuilt(
            window=latents.map(lambda modality, one: self.local_vae.decode(modality, one.z_window)),
            utterance=latents.map(lambda modality, one: self.utterance_vae.decode(modality, one.z_shared, one.z_private)),
        )

    def _infer(self, modality: Modality, sequence: Sequence, sampling: bool) -> Latents:
        def draw(posterior: Gaussian) -> Tensor:
            return sample(*posterior) if sampling else posterior.mu

        mask = sequence.mask & sequence.present[:, None]
        refined = self.refinement[modality](sequence.values, mask)
        window = self.local_vae.encode(modality, self.dropout(refined.values))
        z_window = draw(window)
        pooled = mean_over_time(z_window, refined.mask)
        utterance = self.utterance_vae.encode(modality, pooled)
        return Latents(
            refined, window, z_window, pooled, utterance, draw(utterance.shared), draw(utterance.private), mask.any(dim=1)
        )
