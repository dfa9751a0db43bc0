"""What every trained system is, to whoever trains, stacks, stores or judges with it: a module from a batch to an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from divine.models.batch import Batch, PerModality, Sequence, Targets
from divine.models.config import DivineConfig, LossWeights, Schema
from divine.models.errors import ModelError
from divine.models.heads import Logits
from divine.models.losses import Losses, supervised_losses


@runtime_checkable
class Answer(Protocol):
    """What a system says of a batch. What it does not have is None, never zero."""

    @property
    def logits(self) -> Logits: ...
    @property
    def losses(self) -> Losses | None:
        """None where the batch has no targets."""
        ...

    @property
    def gates(self) -> PerModality[Tensor] | None:
        """``[b s]`` per modality, zero where it is absent."""
        ...

    @property
    def attention(self) -> Tensor | None:
        """``[b k]``: of the fused row over the symptom tokens."""
        ...


class Vector(NamedTuple):
    """What one modality brings to a system without latents, before they meet."""

    values: Float[Tensor, "b d"]
    present: Bool[Tensor, " b"]


class PlainAnswer(NamedTuple):
    """The answer of a system without latents."""

    logits: Logits
    losses: Losses | None
    vectors: PerModality[Tensor]
    """``[b d]``: what each modality brings, before they meet."""
    gates: PerModality[Tensor] | None = None
    attention: Tensor | None = None


@runtime_checkable
class System(Protocol):
    """A ``torch.nn.Module`` built from a config and a schema, that knows nothing of ensembles, folds or devices.

    It hears each modality by itself (``infer``), and answers from what both brought (``judge``). Its forward pass is the one
    and then the other, and never branches on the value of a tensor, so that many members can run as one.
    """

    config: DivineConfig
    schema: Schema
    training: bool

    def __call__(
        self, batch: Batch, class_weights: Float[Tensor, " c"] | None = None, sampling: bool | None = None
    ) -> Answer: ...
    def infer(self, batch: Batch, sampling: bool = False) -> PerModality[Any]:
        """Return what each modality brings: a NamedTuple with, among others, ``present``, shape [b]."""
        ...

    def judge(self, parts: PerModality[Any]) -> Answer:
        """Answer, without losses, from what modalities brought; one that is not ``present`` is not heard."""
        ...

    def train(self, mode: bool = True) -> Any: ...
    def eval(self) -> Any: ...
    def parameters(self) -> Iterator[torch.nn.Parameter]: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any: ...


def conform(batch: Batch, schema: Schema) -> PerModality[Sequence]:
    """Return the batch as the schema has it: a modality that no clip of the batch has becomes one masked step.

    Raises:
        ModelError: the batch's modalities or widths are not those of the schema.
    """
    found: list[Sequence | None] = []
    for modality, sequence in batch.sequences.named:
        dim = schema.dims.get(modality)
        width = None if sequence is None else sequence.values.shape[-1]
        if width is not None and width != dim:
            wanted = f"{dim} {modality} features per step" if dim else f"no {modality}"
            raise ModelError(f"the model takes {wanted}, the batch has {width}: extract with its own encoders.")
        found.append(_absent(batch, dim) if sequence is None and dim else sequence)
    return PerModality(*found)


def plain_losses(
    weights: LossWeights,
    schema: Schema,
    logits: Logits,
    targets: Targets,
    present: Tensor,
    class_weights: Tensor | None,
    **regularisers: Tensor,
) -> Losses:
    """``diagnosis L_cls + alpha L_sev`` and the terms of DIVINE's loss that a system shares, each under its printed weight.

    Args:
        weights: of the terms.
        schema: names the scale.
        logits: what was said.
        targets: what is known.
        present: clips that have a modality, shape [b].
        class_weights: of the diagnoses.
        **regularisers: ``window``, ``cycle``, ``sparse``, ``token``, before their weights. Terms that are not given are zero.
    """
    diagnosis, severity = supervised_losses(logits, targets, present, schema.scale, class_weights)
    zero = diagnosis.new_zeros(())
    terms = dict.fromkeys(Losses._fields, zero) | regularisers | {"diagnosis": diagnosis, "severity": severity}
    w = weights
    shared = w.cycle * terms["cycle"] + w.sparse * terms["sparse"] + w.epsilon * w.token_lambda * w.token * terms["token"]
    terms["total"] = w.diagnosis * diagnosis + w.alpha * severity + w.epsilon * shared + terms["window"]
    return Losses(**terms)


def _absent(batch: Batch, dim: int) -> Sequence:
    present = next(one.present for one in batch.sequences.given)
    nothing = torch.zeros_like(present)
    return Sequence(torch.zeros(*present.shape, 1, dim, device=present.device), nothing[:, None], nothing)
