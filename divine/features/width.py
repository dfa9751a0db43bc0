"""How wide a cohort's features are, without making any."""

from __future__ import annotations

from divine import encoders
from divine.data.features import read_features
from divine.data.schema import Index
from divine.features.batches import Pair


def widest(index: Index, pair: Pair) -> int:
    """Return the width of the widest features of a pair: as the registry states it, or as the cohort's first file has it.

    Raises:
        DataError: that file cannot be read.
    """
    widths = []
    for modality, code in pair.named:
        given = (clip.features[modality, code] for clip in index.clips if (modality, code) in clip.features)
        first = next(given, None)
        widths.append(encoders.info(code).dim if first is None else read_features(first).shape[1])
    return max(widths)
