"""Who is in which batch of an epoch, for many members at once: the very draws that each would make alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from divine.models.batch import Batch
from divine.training.modality_dropout import draw


class Plan(NamedTuple):
    """One epoch: steps by members by places in a batch. A place that is not real is padding, and counts for nothing.

    Every epoch has as many places, whoever trains in it.
    """

    clips: Int[Tensor, "s m b"]
    """Rows of the whole cohort."""
    real: Bool[Tensor, "s m b"]
    without_video: Bool[Tensor, "s m b"]
    without_audio: Bool[Tensor, "s m b"]

    def to(self, device: torch.device) -> Plan:
        return Plan(*(one.to(device) for one in self))


def plan_epoch(
    whole: Batch,
    rows: Sequence[Int[Tensor, " _"]],
    generators: Sequence[torch.Generator],
    active: Sequence[bool],
    *,
    size: int,
    modality_dropout: float,
) -> Plan:
    """Draw an epoch for the members that are still training; the others get padding, and their generators rest.

    Args:
        whole: all clips, on the CPU.
        rows: each member's training clips.
        generators: each member's, which decide order and modality dropout as in ``loop.fit``.
        active: whether each member still trains.
        size: of a batch at most.
        modality_dropout: chance that a complete clip loses a modality.
    """
    batches: list[list[tuple[Tensor, Tensor, Tensor]]] = []
    for clips, generator, trains in zip(rows, generators, active, strict=True):
        batches.append([])
        if not trains:
            continue
        order = torch.randperm(len(clips), generator=generator)
        for places in order.tensor_split(-(-len(order) // size)):
            chosen = clips[places]
            batches[-1].append((chosen, *_drops(whole, chosen, modality_dropout, generator)))
    steps = max(map(len, batches))
    widest = max(-(-len(clips) // -(-len(clips) // size)) for clips in rows)
    shape = steps, len(batches), widest
    index = torch.zeros(shape, dtype=torch.long)
    real, video, audio = (torch.zeros(shape, dtype=torch.bool) for _ in range(3))
    for place, member in enumerate(batches):
        for step, (chosen, no_video, no_audio) in enumerate(member):
            here = step, place, slice(len(chosen))
            index[here], real[here], video[here], audio[here] = chosen, True, no_video, no_audio
    return Plan(index, real, video, audio)


def side_by_side(rows: Sequence[Int[Tensor, " _"]]) -> tuple[Int[Tensor, "m v"], Bool[Tensor, "m v"]]:
    """Return members' rows as one table, padded at the end, and which places are real."""
    lengths = torch.tensor([len(one) for one in rows])
    index = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    return index, torch.arange(index.shape[1]) < lengths[:, None]


def _drops(whole: Batch, chosen: Tensor, chance: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    if whole.video is None or whole.audio is None:
        nothing = torch.zeros(len(chosen), dtype=torch.bool)
        return nothing, nothing
    return draw(whole.video.present[chosen], whole.audio.present[chosen], chance, generator)
