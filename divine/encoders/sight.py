"""Networks that see: one vector per picture, or per pair of pictures in a window of a film; on the steadied face.

Windows follow each other without overlap; the last one ends with the clip and reaches back over what the one before it
saw, and only what is new in it is kept. A clip shorter than a window is held at its last picture. Where no face was in
sight the features are the mean of the rest: a neutral value, as a window that saw nothing has for ``KI``.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from divine.encoders.chunks import features, together
from divine.encoders.device import inference
from divine.encoders.face_crops import FaceCrops, no_face
from divine.encoders.pixels import Pixels
from divine.records import Features, Observation


class Look(NamedTuple):
    """One input of a network: pictures, and the rows that its last vectors become."""

    clip: int
    rows: slice
    pictures: UInt8[np.ndarray, "f h w 3"]


class Eyes(NamedTuple):
    """What a network looks at."""

    size: int
    """Side of its pictures."""
    window: int
    """Pictures at once."""
    step: int
    """Pictures per vector."""
    pixels: Pixels


def see(
    code: str,
    observations: Sequence[Observation],
    eyes: Eyes,
    network: Callable[[Float[Tensor, "b f 3 h w"]], Float[Tensor, "b t d"]],
    *,
    most: int,
) -> list[Features]:
    """Run a network over the faces of observations.

    Args:
        code: the encoder.
        observations: any number.
        eyes: what the network looks at.
        network: from windows of pictures to ``window / step`` vectors each.
        most: windows at once.

    Raises:
        EncoderError: an observation shows no face, or features are not finite.
        MediaError: its recording cannot be read.
    """
    clocks: dict[int, Float[np.ndarray, " t"]] = {}
    seen: dict[int, Bool[np.ndarray, " t"]] = {}

    def looks() -> Generator[Look]:
        for clip, observation in enumerate(observations):
            with FaceCrops(code, observation, eyes.size) as crops:
                steps = max(1, len(crops.times_s) // eyes.step)
                clocks[clip] = crops.times_s[0] + (np.arange(steps) * eyes.step + (eyes.step - 1) / 2) / crops.rate_hz
                near = np.resize(crops.seen, max(len(crops.seen), eyes.step))[: steps * eyes.step]
                seen[clip] = near.reshape(steps, eyes.step).max(axis=1)
                if not seen[clip].any():
                    raise no_face(code, observation.clip)
                with contextlib.closing(_windows(clip, iter(crops), steps, eyes)) as windows:
                    yield from windows

    found: dict[int, Float[np.ndarray, "t d"]] = {}
    with contextlib.closing(looks()) as stream:
        for batch in together(stream, lambda look: look.pictures.shape, most):
            with inference():
                output = network(eyes.pixels([look.pictures for look in batch])).float().cpu().numpy()
            for look, vectors in zip(batch, output, strict=True):
                whole = found.setdefault(look.clip, np.empty((len(clocks[look.clip]), vectors.shape[1]), np.float32))
                new = look.rows.stop - look.rows.start
                first = 0 if look.rows.start == 0 else len(vectors) - new
                whole[look.rows] = vectors[first : first + new]
    for clip, values in found.items():
        values[~seen[clip]] = values[seen[clip]].mean(axis=0)
    return [features(code, observation, found[i], clocks[i]) for i, observation in enumerate(observations)]


def _windows(clip: int, crops: Iterator[UInt8[np.ndarray, "h w 3"]], steps: int, eyes: Eyes) -> Generator[Look]:
    """Gather pictures into windows, holding one window of them at most."""
    held: deque[UInt8[np.ndarray, "h w 3"]] = deque(maxlen=eyes.window)
    per_window, done = eyes.window // eyes.step, 0
    for count, crop in enumerate(crops, start=1):
        held.append(crop)
        whole = count // eyes.step
        if count % eyes.step == 0 and (whole == done + per_window or (whole == steps and whole > done)):
            yield Look(clip, slice(done, whole), _padded(held, eyes.window))
            done = whole
    if done == 0:  # less than one step
        yield Look(clip, slice(0, 1), _padded(held, eyes.window))


def _padded(held: Sequence[UInt8[np.ndarray, "h w 3"]], window: int) -> UInt8[np.ndarray, "f h w 3"]:
    return np.stack([*held, *[held[-1]] * (window - len(held))])
