"""Long sound through a network in pieces, so that memory does not grow with its length; pieces of many clips together.

A network of frames (``hop`` samples apart, each reaching over ``reach`` samples) sees at most ``longest_s`` at once. A
longer sound is cut into pieces that overlap: what a piece says of its borders, where it lacks context, is not kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from divine.encoders.device import device, inference
from divine.encoders.registry import EncoderError
from divine.encoders.waveform import RATE_HZ, Heard
from divine.records import Features, Observation

CONTEXT_S = 1


class Frames(NamedTuple):
    """The clock of a network over samples at 16 kHz."""

    hop: int
    reach: int
    centre: int
    """The sample in the middle of what a frame sees, from its first."""

    def count(self, samples: int) -> int:
        """Return how many frames a sound of so many samples has; a shorter one is padded to one frame."""
        return max(1, (samples - self.reach) // self.hop + 1)


class Piece(NamedTuple):
    """Frames ``first`` to ``last`` of a sound, of which those from ``keep_from`` to ``keep_to`` are kept."""

    first: int
    last: int
    keep_from: int
    keep_to: int


class Task(NamedTuple):
    """One input of a network, and where its output goes."""

    clip: int
    piece: Piece
    samples: Float[np.ndarray, " n"]


def pieces(frames: int, *, longest: int, context: int) -> list[Piece]:
    """Cut a sequence into pieces of exactly ``longest`` frames, of which ``context`` at each border is not kept.

    All are equally long, so that they share batches and memory does not depend on the length of a sound; the last one
    therefore overlaps more.
    """
    if frames <= longest:
        return [Piece(0, frames, 0, frames)]
    step = longest - 2 * context
    firsts = [*range(0, frames - longest, step), frames - longest]
    borders = [0, *(first + longest - context for first in firsts[:-1]), frames]
    return [
        Piece(first, first + longest, low, high) for first, (low, high) in zip(firsts, itertools.pairwise(borders), strict=True)
    ]


def heard(code: str, observation: Observation) -> Heard:
    """Return the sound of an observation as encoders hear it.

    Raises:
        EncoderError: there is none.
    """
    if observation.sound is None:
        raise EncoderError(f"{observation.clip.name}: {code} needs sound, and there is none.")
    return Heard(observation.sound)


def framewise(
    code: str,
    observations: Sequence[Observation],
    frames: Frames,
    network: Callable[[Float[Tensor, "b n"]], Float[Tensor, "b t d"]],
    *,
    longest_s: int,
    most: int,
    prepare: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]] = lambda samples: samples,
) -> list[Features]:
    """Run a network of frames over the sounds of observations.

    Args:
        code: the encoder.
        observations: any number.
        frames: the network's clock.
        network: from equally long waveforms to at least their frames.
        longest_s: seconds in one input.
        most: inputs at once.
        prepare: what is done to a whole waveform first.

    Raises:
        EncoderError: an observation has no sound, or features are not finite.
    """
    totals: dict[int, int] = {}

    def tasks() -> Iterator[Task]:
        for clip, observation in enumerate(observations):
            whole = heard(code, observation)
            samples = prepare(whole.stretch(0, len(whole), np.float32))
            samples = np.pad(samples, (0, max(0, frames.reach - len(samples))))
            totals[clip] = frames.count(len(samples))
            per_s = RATE_HZ // frames.hop
            for piece in pieces(totals[clip], longest=longest_s * per_s, context=CONTEXT_S * per_s):
                # The last piece keeps what makes no whole frame: first layers that norm over time see it too.
                last = None if piece.last == totals[clip] else (piece.last - 1) * frames.hop + frames.reach
                yield Task(clip, piece, samples[piece.first * frames.hop : last])

    found: dict[int, Float[np.ndarray, "t d"]] = {}
    for batch in together(tasks(), lambda task: len(task.samples), most):
        with inference():
            output = network(torch.from_numpy(np.stack([task.samples for task in batch])).to(device())).float().cpu().numpy()
        for task, values in zip(batch, output, strict=True):
            kept = values[task.piece.keep_from - task.piece.first : task.piece.keep_to - task.piece.first]
            whole = found.setdefault(task.clip, np.empty((totals[task.clip], values.shape[1]), np.float32))
            whole[task.piece.keep_from : task.piece.keep_to] = kept
    step = np.arange(max(totals.values(), default=0))
    times_s = (step * frames.hop + frames.centre) / RATE_HZ
    return [features(code, o, found[i], times_s[: totals[i]] + start_s(o)) for i, o in enumerate(observations)]


def start_s(observation: Observation) -> float:
    """Return when the sound begins, on the clip's clock."""
    return 0.0 if observation.sound is None else observation.sound.start_s


def features(
    code: str, observation: Observation, values: Float[np.ndarray, "t d"], times_s: Float[np.ndarray, " t"]
) -> Features:
    """Make the record of what a network said.

    Raises:
        EncoderError: it said something that is not finite.
    """
    if not np.isfinite(values).all():
        raise EncoderError(
            f"{observation.clip.name}: {code} made features that are not finite. Check its weights (`divine encoders verify "
            f"{code}`), and the recording."
        )
    return Features(values, times_s, code)


Item = TypeVar("Item")


def together(items: Iterable[Item], alike: Callable[[Item], object], most: int) -> Iterator[list[Item]]:
    """Gather items that are alike, up to ``most`` at a time, in the order in which groups are full; the rest at the end."""
    waiting: dict[object, list[Item]] = {}
    for item in items:
        group = waiting.setdefault(alike(item), [])
        group.append(item)
        if len(group) == most:
            yield waiting.pop(alike(item))
    yield from waiting.values()
