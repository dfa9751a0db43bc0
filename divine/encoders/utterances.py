"""Networks that hear a stretch of sound and answer with one vector, slid along it, so that a time axis stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from divine.encoders.chunks import features, heard, start_s, together
from divine.encoders.waveform import RATE_HZ
from divine.records import Features, Observation

WINDOW_S = 2.0
HOP_S = 0.5


class Task(NamedTuple):
    """One stretch of sound, and the row its vector becomes."""

    clip: int
    row: int
    samples: Float[np.ndarray, " n"]


def utterances(
    code: str,
    observations: Sequence[Observation],
    network: Callable[[Float[np.ndarray, "b n"]], Float[np.ndarray, "b d"]],
    *,
    least_s: float,
    most: int,
) -> list[Features]:
    """Run a network over windows of 2 s every 0.5 s; a shorter sound is one window, of at least ``least_s``.

    Raises:
        EncoderError: an observation has no sound, or features are not finite.
    """
    window, hop = round(WINDOW_S * RATE_HZ), round(HOP_S * RATE_HZ)
    clocks: dict[int, Float[np.ndarray, " t"]] = {}

    def tasks() -> Iterator[Task]:
        for clip, observation in enumerate(observations):
            sound = heard(code, observation)
            length = max(len(sound), round(least_s * RATE_HZ))
            starts = range(0, max(0, length - window) + 1, hop)
            clocks[clip] = (np.array(starts) + min(window, length) / 2) / RATE_HZ + start_s(observation)
            for row, start in enumerate(starts):
                samples = sound.stretch(start, start + window, np.float32)
                yield Task(clip, row, np.pad(samples, (0, min(window, length - start) - len(samples))))

    found: dict[int, Float[np.ndarray, "t d"]] = {}
    for batch in together(tasks(), lambda task: len(task.samples), most):
        output = network(np.stack([task.samples for task in batch]))
        for task, vector in zip(batch, output, strict=True):
            whole = found.setdefault(task.clip, np.empty((len(clocks[task.clip]), len(vector)), np.float32))
            whole[task.row] = vector
    return [features(code, observation, found[i], clocks[i]) for i, observation in enumerate(observations)]
