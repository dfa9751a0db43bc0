"""Many models of one kind as one: their weights in rows, their passes under ``torch.func.vmap``."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.func import functional_call, vmap
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from divine.models.answer import System
from divine.models.batch import Batch, PerModality, Targets, move
from divine.models.batch import Sequence as Steps
from divine.models.heads import Logits
from divine.models.layers import keep
from divine.models.losses import Losses, supervised_losses
from divine.training.standardise import Moments

_CHUNK = 128

Tensors = dict[str, Tensor]


class Stack:
    """Members side by side along the first axis of every tensor.

    Args:
        models: of one kind, freshly built.
        moments: each member's standardisation.
        class_weights: each member's, or None.
        whole: every clip with its targets, raw.
        average: decay of the moving average of the weights, 0 for none.
        device: where everything lives.
    """

    def __init__(
        self,
        models: Sequence[System],
        moments: Sequence[PerModality[Moments]],
        class_weights: Sequence[Float[Tensor, " c"]] | None,
        whole: Batch,
        average: float,
        device: torch.device,
    ) -> None:
        self.models, self.moments, self.device, self.average = models, moments, device, average
        self.whole: Batch = move(whole, device)
        self.scales = [self._scales(name) for name in ("video", "audio")]
        self.class_weights = None if class_weights is None else torch.stack(list(class_weights)).to(device)
        modules: list[Any] = list(models)
        self.skeleton: Any = copy.deepcopy(modules[0]).to(device)
        self.weights = torch.stack([parameters_to_vector(one.parameters()).detach() for one in modules]).to(device)
        self.buffers: Tensors = {
            name: torch.stack([dict(one.named_buffers())[name] for one in modules]).to(device)
            for name, _ in modules[0].named_buffers()
        }
        self.steps = torch.zeros(len(modules), 1, device=device)
        self.mean_weights = self.weights.clone() if average else self.weights
        self.mean_buffers = {name: value.clone() for name, value in self.buffers.items()} if average else self.buffers
        self.kept = self.mean_weights.clone(), {name: value.clone() for name, value in self.mean_buffers.items()}

    def differentiate(
        self,
        index: Int[Tensor, "m b"],
        real: Bool[Tensor, "m b"],
        without_video: Bool[Tensor, "m b"],
        without_audio: Bool[Tensor, "m b"],
    ) -> tuple[Losses, Float[Tensor, "m p"]]:
        """Return every member's losses on its batch, and the gradient of its total."""
        self.skeleton.train()
        batch = self._batch(index, real, without_video, without_audio)
        parameters = {name: one.detach().requires_grad_() for name, one in self._views(self.weights).items()}

        def lose(weights: Tensors, buffers: Tensors, clips: Batch, balance: Tensor | None) -> Losses:
            return functional_call(self.skeleton, (weights, buffers), (clips, balance)).losses

        balance = None if self.class_weights is None else 0
        losses = vmap(lose, in_dims=(0, 0, _dims(batch), balance), randomness="different")(
            parameters, self.buffers, batch, self.class_weights
        )
        found = torch.autograd.grad(losses.total.sum(), list(parameters.values()), materialize_grads=True)
        return Losses(*(term.detach() for term in losses)), torch.cat([one.flatten(1) for one in found], dim=1)

    @torch.no_grad()
    def follow(self, active: Bool[Tensor, " m"]) -> None:
        """Take another step of the active members into their averages (``divine.training.average``)."""
        if not self.average:
            return
        moves = active[:, None]
        self.steps += moves
        share = (1 - (self.steps / (self.steps + 10)).clamp(max=self.average)) * moves
        self.mean_weights.lerp_(self.weights, share)
        for name, mean in self.mean_buffers.items():
            mean.lerp_(self.buffers[name], share.view(-1, *[1] * (mean.dim() - 1)))

    @torch.no_grad()
    def validate(self, index: Int[Tensor, "m v"], real: Bool[Tensor, "m v"]) -> Float[Tensor, " m"]:
        """Return ``diagnosis L_cls + alpha L_sev`` of every member over its own clips, at posterior means."""
        self.skeleton.eval()
        weights = self._views(self.mean_weights)

        def say(weights: Tensors, buffers: Tensors, clips: Batch) -> tuple[Tensor, ...]:
            answer = functional_call(self.skeleton, (weights, buffers), (clips,))
            return tuple(part for part in answer.logits if part is not None)

        parts, present = [], []
        for chunk, those in zip(index.split(_CHUNK, dim=1), real.split(_CHUNK, dim=1), strict=True):
            clips = self._batch(chunk, those, ~those, ~those)._replace(targets=None)
            parts.append(vmap(say, in_dims=(0, 0, _dims(clips)))(weights, self.mean_buffers, clips))
            present.append(vmap(lambda one: one.present, in_dims=(_dims(clips),))(clips))
        said = tuple(torch.cat(one, dim=1) for one in zip(*parts, strict=True))
        loss, scale = self.skeleton.config.loss, self.skeleton.schema.scale

        def weigh(said: tuple[Tensor, ...], targets: Targets, here: Tensor, balance: Tensor | None) -> Tensor:
            logits = Logits(*said) if len(said) == 3 else Logits(said[0], None, None)
            diagnosis, severity = supervised_losses(logits, targets, here, scale, balance)
            return loss.diagnosis * diagnosis + loss.alpha * severity

        balance = None if self.class_weights is None else 0
        targets = self._targets(index, real)
        return vmap(weigh, in_dims=(0, 0, 0, balance))(said, targets, torch.cat(present, dim=1), self.class_weights)

    def keep(self, places: Sequence[int]) -> None:
        """Hold on to members as they validate now."""
        those = torch.tensor(places, dtype=torch.long, device=self.device)
        self.kept[0][those] = self.mean_weights[those]
        for name, value in self.kept[1].items():
            value[those] = self.mean_buffers[name][those]

    def model(self, place: int) -> System:
        """Return a member as it was kept, on the CPU, in evaluation mode."""
        model: Any = self.models[place]
        vector_to_parameters(self.kept[0][place].cpu(), model.parameters())
        for name, buffer in model.named_buffers():
            buffer.copy_(self.kept[1][name][place])
        return model.eval()

    def _views(self, rows: Float[Tensor, "m p"]) -> Tensors:
        """Return each parameter as a view of the rows, shape [m, ...]."""
        views, start = {}, 0
        for name, one in self.skeleton.named_parameters():
            views[name] = rows[:, start : start + one.numel()].view(len(rows), *one.shape)
            start += one.numel()
        return views

    def _batch(self, index: Tensor, real: Tensor, without_video: Tensor, without_audio: Tensor) -> Batch:
        lost = without_video, without_audio
        parts: list[Any] = [
            None if steps is None or scale is None else _gather(steps, index, real & ~gone, scale)
            for steps, gone, scale in zip((self.whole.video, self.whole.audio), lost, self.scales, strict=True)
        ]
        return Batch(parts[0], parts[1], self._targets(index, real))

    def _targets(self, index: Tensor, real: Tensor) -> Targets:
        found = self.whole.targets
        if found is None:
            raise ValueError("the whole cohort carries no targets")
        diagnosis, level, ratings, rated, soft = (one[index] for one in found)
        return Targets(torch.where(real, diagnosis, -1), torch.where(real, level, -1), ratings, rated & real[..., None], soft)

    def _scales(self, modality: str) -> Moments | None:
        own = [getattr(one, modality) for one in self.moments]
        if any(one is None for one in own):
            return None
        return Moments(*(torch.stack(list(part)).to(self.device) for part in zip(*own, strict=True)))


def _gather(steps: Steps, index: Tensor, here: Tensor, scale: Moments) -> Steps:
    """Return clips as members see them: standardised by each one's own moments, padding and dropped modalities absent."""
    mask, present = steps.mask[index], steps.present[index] & here
    values = (steps.values[index] - scale.mean[:, None, None]) / scale.std[:, None, None]
    return Steps(keep(values, mask & present[..., None]), mask, present)


def _dims(batch: Batch) -> Batch:
    """Say along which axis members lie: the first of everything that there is."""
    dims: Any = [None if part is None else 0 for part in batch]
    return Batch(*dims)
