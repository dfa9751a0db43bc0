"""How a DIVINE model is built and weighed, and what its cohort knows: frozen records (JSON: ``codec``)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from math import inf
from typing import Any, Literal

from divine.models.errors import ModelError
from divine.records import LEVELS, Modality

Precision = Literal["float32", "bfloat16"]
"""Of the matrix products in training (``precision``)."""
UNNAMED_TOKENS = 5
LARGEST = 65536
"""No size is larger: a bound for files that lie."""


@dataclass(frozen=True)
class LossWeights:
    """``L = diagnosis L_cls + alpha L_sev + eps (L_cycle + L_sparse + eps lambda L_token) + sum_m (L_w + L_u)``."""

    diagnosis: float = 1.0
    alpha: float = 2.0
    epsilon: float = 0.1
    token_lambda: float = 0.4
    beta_window: float = 1e-3
    """Weight of each KL, taken as a mean over latent dimensions; the paper gives none."""
    beta_shared: float = 1e-3
    beta_private: float = 1e-3
    cycle: bool = True
    sparse: bool = True
    token: bool = True
    separation: float = 10.0
    """Weight of the term that keeps what the modalities share out of the private latents; not in the paper, which prints
    nothing that does (docs/study.md has what it changes). Zero leaves it out."""
    class_balanced: bool = True

    def __post_init__(self) -> None:
        """Refuse what is no weight.

        Raises:
            ModelError: a weight is negative or not finite.
        """
        for one in fields(self):
            value = getattr(self, one.name)
            if not 0 <= value < inf:
                raise ModelError(f"loss.{one.name} is {value}: a weight is finite and not negative.")


@dataclass(frozen=True)
class DivineConfig:
    """Sizes and choices of one DIVINE model. Defaults are those of the published feature sizes (see docs/model.md)."""

    max_steps: int = 32
    refine_channels: int = 256
    refine_kernel: int = 3
    refine_pool: int = 2
    window_latent: int = 128
    window_hidden: int = 512
    shared_latent: int = 128
    private_latent: int = 128
    utterance_hidden: int = 512
    token_mixer: Literal["attention", "dense"] = "attention"  # noqa: S105
    mixer_heads: int = 4
    mixer_hidden: int = 512
    severity_from: Literal["tokens", "fused"] = "tokens"
    missing: Literal["zero", "decode"] = "zero"
    gates: Literal["learned", "ones"] = "learned"
    """``ones`` fixes every gate of a present modality at one."""
    dropout: float = 0.3
    loss: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        """Refuse what cannot be built.

        Raises:
            ModelError: a size out of bounds, an even kernel, heads that do not divide the latent, or dropout outside [0, 1).
        """
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, int) and not 1 <= value <= LARGEST:
                raise ModelError(f"config.{one.name} is {value}: it must lie in 1..{LARGEST}.")
        if self.refine_kernel % 2 == 0:
            raise ModelError(f"config.refine_kernel is {self.refine_kernel}: it must be odd, so that steps stay in place.")
        if self.shared_latent % self.mixer_heads:
            raise ModelError(f"config.mixer_heads is {self.mixer_heads}: it must divide shared_latent ({self.shared_latent}).")
        if not 0 <= self.dropout < 1:
            raise ModelError(f"config.dropout is {self.dropout}: it must lie in [0, 1).")

    @classmethod
    def small(cls, **changes: Any) -> DivineConfig:
        """Return the preset for hand-crafted features and small cohorts, with ``changes``."""
        preset = cls(
            refine_channels=64,
            window_latent=32,
            window_hidden=128,
            shared_latent=32,
            private_latent=32,
            utterance_hidden=128,
            mixer_heads=4,
            mixer_hidden=128,
            max_steps=8,
        )
        return replace(preset, **changes)


@dataclass(frozen=True)
class Schema:
    """What a cohort knows and a model must therefore say: widths of its features, names of its classes and items."""

    video_dim: int | None
    """Features per step; None where the cohort lacks the modality."""
    audio_dim: int | None
    classes: tuple[str, ...]
    items: tuple[str, ...] = ()
    """Rated items; none in a cohort without ratings."""
    levels: tuple[str, ...] = LEVELS
    """Severity levels, mildest first; not a clinical grade."""
    scale: tuple[int, int] = (1, 5)
    """Lowest and highest score of an item."""

    def __post_init__(self) -> None:
        """Refuse what no model can be built for.

        Raises:
            ModelError: no modality, fewer than two classes, a name twice, or a scale without a step.
        """
        widths = [dim for dim in (self.video_dim, self.audio_dim) if dim is not None]
        if not widths or not all(1 <= dim <= LARGEST for dim in widths):
            raise ModelError(f"schema: widths of features are {widths}; give at least one, in 1..{LARGEST}.")
        if len(self.classes) < 2:
            raise ModelError(f"schema: classes are {self.classes}; a diagnosis needs at least two.")
        for names in (self.classes, self.items, self.levels):
            if len(set(names)) < len(names):
                raise ModelError(f"schema: a name occurs twice in {names}.")
        if self.scale[1] <= self.scale[0]:
            raise ModelError(f"schema: scale {self.scale} runs from its lowest to its highest score.")

    @property
    def dims(self) -> dict[Modality, int]:
        """Widths of the modalities that there are, video first."""
        widths: tuple[tuple[Modality, int | None], ...] = (("video", self.video_dim), ("audio", self.audio_dim))
        return {modality: dim for modality, dim in widths if dim}

    @property
    def scores(self) -> tuple[int, ...]:
        return tuple(range(self.scale[0], self.scale[1] + 1))

    @property
    def tokens(self) -> tuple[str, ...]:
        """Names of the symptom tokens: the rated items, else numbers."""
        return self.items or tuple(f"token {one + 1}" for one in range(UNNAMED_TOKENS))
