"""One way in: whatever kind of dataset a path names."""

from __future__ import annotations

from pathlib import Path

from divine.data.errors import DataError
from divine.data.manifest import load_manifest
from divine.data.schema import Loaded
from divine.data.tnf import load_tnf

MANIFESTS = (".csv", ".tsv", ".parquet")


def load(path: Path, *, frame_base: int = 1) -> Loaded:
    """Load a folder in Toronto NeuroFace's layout, or a manifest; a folder with a file ``manifest.*`` means that file.

    Args:
        path: the folder or the manifest.
        frame_base: number that annotation files give a video's first frame, 0 or 1.

    Raises:
        DataError: there is nothing that can be loaded.
    """
    if frame_base not in (0, 1):
        raise DataError(f"frame base {frame_base}: annotation files count from 0 or from 1.")
    if path.is_file():
        if path.suffix.lower() not in MANIFESTS:
            raise DataError(
                f"{path.name}: is no manifest ({', '.join(MANIFESTS)}) and no folder. docs/data.md says what can be loaded."
            )
        return load_manifest(path, frame_base=frame_base)
    if not path.is_dir():
        raise DataError(f"{path.name}: there is no such folder or manifest. Check the path, or whether its drive is connected.")
    manifest = next((one for suffix in MANIFESTS if (one := path / f"manifest{suffix}").is_file()), None)
    return load_tnf(path, frame_base=frame_base) if manifest is None else load_manifest(manifest, frame_base=frame_base)


def load_clips(path: Path, *, frame_base: int = 1) -> Loaded:
    """Load a cohort whose clips are to be used.

    Raises:
        DataError: there is nothing that can be loaded, or no clip is left of it.
    """
    loaded = load(path, frame_base=frame_base)
    if not loaded.index.clips:
        raise DataError(f"{path.name}: the cohort holds no usable clip. `divine data check {path}` says why.")
    return loaded
