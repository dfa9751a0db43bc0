"""The features of a cohort, pooled to steps and laid out in files that training maps instead of loading."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from divine.features.cohort import CohortFeatures
from divine.models.batch import Batch, Targets
from divine.models.batch import Sequence as Steps
from divine.models.pooling import pool_steps
from divine.records import DivineError, Modality
from divine.store import write_atomically

MODALITIES: tuple[Modality, ...] = ("video", "audio")


class PackError(DivineError):
    """A cohort's features cannot be used together."""


@dataclass(frozen=True)
class Pack:
    """Pooled features of every clip, in the index's order, as memory-mapped files: ``[n steps d]`` and masks ``[n steps]``."""

    folder: Path
    dims: dict[Modality, int]
    """Width per modality; a modality of which no clip has features is left out."""

    def dim(self, modality: Modality) -> int | None:
        return self.dims.get(modality)

    def present(self) -> Bool[np.ndarray, "n m"]:
        """Say of each clip which of video and audio it has."""
        masks = {modality: self._mask(modality) for modality in self.dims}
        rows = len(next(iter(masks.values())))
        return np.stack([masks[m].any(axis=1) if m in masks else np.zeros(rows, dtype=bool) for m in MODALITIES], axis=1)

    def batch(self, index: Int[np.ndarray, " b"]) -> Batch:
        """Return the clips at ``index`` without targets, in that order; only their rows are read."""

        def part(modality: Modality) -> Steps | None:
            if modality not in self.dims:
                return None
            values = torch.from_numpy(np.ascontiguousarray(self._values(modality)[index]))
            mask = torch.from_numpy(np.ascontiguousarray(self._mask(modality)[index]))
            return Steps(values, mask, mask.any(dim=1))

        return Batch(part("video"), part("audio"))

    def _values(self, modality: Modality) -> Float[np.ndarray, "n s d"]:
        return np.load(self.folder / f"{modality}.npy", mmap_mode="r", allow_pickle=False)

    def _mask(self, modality: Modality) -> Bool[np.ndarray, "n s"]:
        return np.load(self.folder / f"{modality}_mask.npy", mmap_mode="r", allow_pickle=False)


@dataclass(frozen=True)
class PackSource:
    """Some clips of a pack with their targets: a source of training."""

    pack: Pack
    rows: Int[np.ndarray, " n"]
    """Which clips of the pack."""
    targets: Targets
    """Of those clips, in their order."""

    def batch(self, index: Int[Tensor, " b"]) -> Batch:
        """Return the clips at ``index`` (among ``rows``) with targets."""
        found = self.pack.batch(self.rows[index.numpy()])
        return found._replace(targets=Targets(*(one[index] for one in self.targets)))


def pack(features: CohortFeatures, folder: Path, *, max_steps: int) -> Pack:
    """Write a cohort's features to ``folder``, one clip in memory at a time; a pack that is there already is taken as it is.

    Raises:
        PackError: features of one modality differ in width, or no clip has any.
    """
    about = folder / "pack.json"
    if about.is_file():
        return Pack(folder, json.loads(about.read_text())["dims"])
    folder.mkdir(parents=True, exist_ok=True)
    dims: dict[Modality, int] = {}
    count = len(features.index.clips)
    files: dict[Modality, tuple[np.ndarray, np.ndarray]] = {}
    for row, found in enumerate(features):
        for modality, code in features.pair.named:
            if code not in found:
                continue
            values = torch.from_numpy(found[code].values)
            dim = dims.setdefault(modality, values.shape[1])
            if values.shape[1] != dim:
                raise PackError(f"{code}: a clip has {values.shape[1]} features, others {dim}: make them all with one encoder.")
            if modality not in files:
                files[modality] = (
                    np.lib.format.open_memmap(folder / f"{modality}.npy", "w+", np.float32, (count, max_steps, dim)),
                    np.lib.format.open_memmap(folder / f"{modality}_mask.npy", "w+", np.bool_, (count, max_steps)),
                )
            steps = pool_steps(values, values.isfinite().all(dim=1), max_steps)
            files[modality][0][row, : len(steps.mask)] = steps.values.numpy()
            files[modality][1][row, : len(steps.mask)] = steps.mask.numpy()
    if not dims:
        raise PackError(f"no clip has features of {features.pair}: see the list of failures of the extraction.")
    for arrays in files.values():
        for array in arrays:
            array.flush()  # type: ignore[attr-defined]
    write_atomically(about, json.dumps({"dims": dims}).encode())
    return Pack(folder, dims)
