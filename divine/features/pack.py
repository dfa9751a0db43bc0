"""The features of a cohort, pooled to steps and laid out in files that training maps instead of loading."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
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
from divine.store import StoreError, write_atomically

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
        return _mapped(path := self.folder / f"{modality}.npy", path.stat().st_mtime_ns)

    def _mask(self, modality: Modality) -> Bool[np.ndarray, "n s"]:
        return _mapped(path := self.folder / f"{modality}_mask.npy", path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _mapped(path: Path, written_ns: int) -> np.ndarray:
    """Map a file once: mapped anew for every batch, its pages would be faulted in anew."""
    return np.load(path, mmap_mode="r", allow_pickle=False)


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
    """Write a cohort's features to ``folder``, one clip in memory at a time.

    A pack that is there already is taken as it is where it is whole; a damaged one is made anew.

    Raises:
        PackError: features of one modality differ in width, no clip has any, or the pack that is there is of other clips.
        StoreError: the disk is full.
    """
    about, count = folder / "pack.json", len(features.index.clips)
    there = packed_in(folder)
    if there is not None:
        if len(there.present()) != count:
            raise PackError(
                f"{folder.parent.name}/{folder.name}: features of {len(there.present())} clips lie there, and the cohort has "
                f"{count}: it has changed since. Choose another folder."
            )
        return there
    dims: dict[Modality, int] = {}
    files: dict[Modality, tuple[Rows, Rows]] = {}
    with contextlib.ExitStack() as stack, _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        about.unlink(missing_ok=True)  # it vouches for files that are no longer what they were
        for row, found in enumerate(features):
            for modality, code in features.pair.named:
                if code not in found:
                    continue
                values = torch.from_numpy(found[code].values)
                dim = dims.setdefault(modality, values.shape[1])
                if values.shape[1] != dim:
                    raise PackError(
                        f"{code}: a clip has {values.shape[1]} features, others {dim}: make them all with one encoder."
                    )
                if modality not in files:
                    for name in _names(modality):  # a sweep's runs map this very file under other names
                        (folder / name).unlink(missing_ok=True)
                    files[modality] = (
                        stack.enter_context(Rows(folder / f"{modality}.npy", (count, max_steps, dim), np.float32)),
                        stack.enter_context(Rows(folder / f"{modality}_mask.npy", (count, max_steps), np.bool_)),
                    )
                steps = pool_steps(values, values.isfinite().all(dim=1), max_steps)
                for rows, part in zip(files[modality], (steps.values, steps.mask), strict=True):
                    rows.put(row, part.numpy())
    if not dims:
        raise PackError(f"no clip has features of {features.pair}: see the list of failures of the extraction.")
    write_atomically(about, json.dumps({"dims": dims}).encode())
    return Pack(folder, dims)


def packed_in(folder: Path) -> Pack | None:
    """Return the pack that lies in a folder; None where there is none, or a damaged one."""
    try:
        dims: dict[Modality, int] = dict(json.loads((folder / "pack.json").read_bytes())["dims"])
        shapes = [tuple(_shape(folder / name) for name in _names(modality)) for modality in dims]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    fits = all(values == (*mask, dim) for (values, mask), dim in zip(shapes, dims.values(), strict=True))
    rows = {mask[0] for _, mask in shapes}
    return Pack(folder, dims) if fits and len(rows) == 1 else None


def _names(modality: Modality) -> tuple[str, str]:
    return f"{modality}.npy", f"{modality}_mask.npy"


def _shape(path: Path) -> tuple[int, ...]:
    """Read the shape of an array from its file's header.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such file, or not all of it is there.
    """
    with path.open("rb") as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("another format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        if file.tell() + math.prod(shape) * dtype.itemsize != path.stat().st_size:
            raise ValueError("cut off")
    return shape


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{folder.name}: features cannot be laid out ({error.strerror}). Free space, then go on.") from error


class Rows:
    """A ``.npy`` file written a row at a time, so that no more of it is in memory; what is left out is zero.

    Plain writing, not a memory map: of a map every written page counts as memory, and a full disk ends the process.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
        self._dtype, self._stride = np.dtype(dtype), math.prod(shape[1:]) * np.dtype(dtype).itemsize
        self._file = path.open("wb")
        header = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)
        self._start = self._file.tell()
        self._file.truncate(self._start + shape[0] * self._stride)

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())

    def put(self, row: int, values: np.ndarray) -> None:
        """Write the beginning of a row."""
        self._file.seek(self._start + row * self._stride)
        self._file.write(np.ascontiguousarray(values, self._dtype).tobytes())
