"""Sparse gated fusion: each modality's private latent decides how much of its shared latent is heard (section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from divine.models.batch import PerModality
from divine.models.layers import keep
from divine.records import Modality


class Voice(NamedTuple):
    """What one modality brings to the fusion."""

    shared: Float[Tensor, "b s"]
    private: Float[Tensor, "b p"]
    present: Bool[Tensor, " b"]


class Fused(NamedTuple):
    """``h_fused`` and the gates that made it."""

    h: Float[Tensor, "b s"]
    gates: PerModality[Float[Tensor, "b s"]]
    """Zero where the modality is absent."""


class SparseGatedFusion(nn.Module):
    """``g_m = sigmoid(W_m z_priv^m + b_m)``; ``h_fused = g_v * z_shared^v + g_a * z_shared^a``.

    The gate of an absent modality is zero. With ``gates="ones"`` the gate of every present modality is fixed at one.
    """

    def __init__(self, modalities: Iterable[Modality], private: int, shared: int, gates: Literal["learned", "ones"]) -> None:
        super().__init__()
        names = tuple(modalities) if gates == "learned" else ()
        self.gate = nn.ModuleDict({name: nn.Linear(private, shared) for name in names})

    def forward(self, voices: PerModality[Voice], decoded_audio: Float[Tensor, "b s"] | None = None) -> Fused:
        """Fuse what is there.

        Args:
            voices: None for a modality that the cohort lacks.
            decoded_audio: an estimate of the audio-shared latent that stands in, under the video's gate, where a clip has video
                but no audio.
        """
        gates = voices.map(self._gate)
        parts = [gate * voice.shared for gate, voice in zip(gates.given, voices.given, strict=True)]
        if decoded_audio is not None and gates.video is not None and voices.video is not None and voices.audio is not None:
            parts.append(keep(gates.video * decoded_audio, voices.video.present & ~voices.audio.present))
        return Fused(torch.stack(parts).sum(dim=0), gates)

    def _gate(self, modality: Modality, voice: Voice) -> Tensor:
        gate = self.gate[modality](voice.private).sigmoid() if modality in self.gate else torch.ones_like(voice.shared)
        return keep(gate, voice.present)
