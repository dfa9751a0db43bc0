"""Files of features, for cohorts that may share these but no faces: ``.npy``, ``.npz`` or ``.safetensors``."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Float

from divine.data.errors import DataError

SUFFIXES = (".npy", ".npz", ".safetensors")
MAX_BYTES = 2 * 1024**3
_NAMES = ("features", "values", "x", "arr_0")
"""Which array is meant where a file holds several."""


def read_features(path: Path) -> Float[np.ndarray, "t d"]:
    """Read a sequence of features; one vector ``[d]`` becomes a sequence of one step.

    A file with several arrays must name one of them ``features`` (or ``values``, ``x``). Nothing in it is executed:
    no pickle is read.

    Raises:
        DataError: the file is missing, damaged or too large, has no numbers, other axes, or values that are not finite.
    """
    remedy = "Write it again with numpy.save or safetensors, as [t d] or [d]."
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path.name}: is larger than {MAX_BYTES >> 30} GiB. Pool its features over time first.")
        values = np.asarray(_array(path))
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror or error}). Check the path and the drive.") from error
    except (ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise DataError(f"{path.name}: is damaged, or no file of features. {remedy}") from error
    if values.dtype.kind not in "fiu":
        raise DataError(f"{path.name}: holds {values.dtype}, not numbers. {remedy}")
    if values.ndim not in (1, 2) or not values.size:
        raise DataError(f"{path.name}: has the shape {list(values.shape)}. {remedy}")
    sequence = np.atleast_2d(values).astype(np.float32)
    if not np.isfinite(sequence).all():
        raise DataError(f"{path.name}: holds values that are not finite. Compute the features again, or leave the clip out.")
    return sequence


def _array(path: Path) -> np.ndarray:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        with path.open("rb") as file:  # np.load would open whatever else calls itself .npy
            return np.lib.format.read_array(file, allow_pickle=False)
    if suffix == ".npz":
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                raise DataError(f"{path.name}: unpacks to more than {MAX_BYTES >> 30} GiB. Pool its features over time first.")
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return file[_choose(path, file.files)]
    if suffix == ".safetensors":
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                return file.get_tensor(_choose(path, list(file.keys())))
        except SafetensorError as error:
            raise ValueError(str(error)) from error
    raise DataError(f"{path.name}: is none of {', '.join(SUFFIXES)}. Save the features in one of these formats.")


def _choose(path: Path, names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    found = next((name for name in _NAMES if name in names), None)
    if found is None:
        raise DataError(f"{path.name}: holds the arrays {', '.join(names)[:200]}. Name the one that is meant 'features'.")
    return found
