"""Pooled features: what classical systems read of a clip."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from divine.features.pack import Pack
from divine.models.layers import mean_over_time
from divine.records import Modality

_CHUNK = 256


def pooled(pack: Pack) -> dict[Modality, Float[np.ndarray, "n d"]]:
    """Return per modality the mean over each clip's valid steps; a row of NaN where the clip lacks the modality."""
    count = len(pack.present())
    found: dict[Modality, np.ndarray] = {}
    for modality, dim in pack.dims.items():
        found[modality] = np.full((count, dim), np.nan, dtype=np.float32)
    for rows in np.array_split(np.arange(count), -(-count // _CHUNK)):
        for modality, steps in pack.batch(rows).sequences.named:
            if steps is not None:
                means = mean_over_time(steps.values, steps.mask).numpy()
                found[modality][rows] = np.where(steps.present.numpy()[:, None], means, np.nan)
    return found
