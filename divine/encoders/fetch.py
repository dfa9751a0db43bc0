"""Bringing published weights: from where they are published, or from a folder that another tool downloaded."""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from divine.encoders import hub
from divine.encoders.convert import convert
from divine.encoders.folder import Record, digests, write_record
from divine.encoders.pretrained import INDEX
from divine.encoders.registry import EncoderError, EncoderInfo, info
from divine.weights import encoder_folder

SETTINGS = ("config.json", "preprocessor_config.json", "processor_config.json")
TENSORS = ("model.safetensors", INDEX, "model-*-of-*.safetensors")
PICKLES = ("pytorch_model.bin", "embedding_model.ckpt")
"""Fetched only where the same tensors are not published as safetensors, converted, and deleted."""
SHARDS_WITH = {"DS": "vision."}
"""Of a larger model, only the shards that hold tensors of this prefix are fetched."""
Progress = Callable[[int, int], None]
"""Takes the bytes that are here and the bytes in all."""
SAVED_MODEL = ("saved_model.pb", "variables/*", "assets/*")


def fetch(code: str, *, folder: Path | None = None, on_progress: Progress = lambda done, total: None) -> Record:
    """Bring the weights of an encoder, whole or not at all; a broken download is gone on with.

    Args:
        code: the encoder.
        folder: a folder with the published files, where another tool or machine brought them; else they are downloaded.
        on_progress: takes bytes done and bytes in all.

    Raises:
        EncoderError: the encoder needs no weights, or they cannot be brought.
        StoreError: the disk is full.
    """
    about = info(code)
    if about.weights is None:
        raise EncoderError(f"{code}: needs no weights; there is nothing to fetch.")
    staging = encoder_folder(f".fetching-{code}")
    try:
        staging.mkdir(parents=True, exist_ok=True)
        with _alone(code, staging):
            if folder is not None:
                revision = _copied(about, folder, staging, on_progress)
            elif about.weights.startswith("https://"):
                revision = _saved_model(about.weights, staging)
            else:
                revision = _downloaded(about, about.weights, staging, on_progress)
            _without_pickles(staging)
            record = Record(about.weights, revision, digests(staging))
            write_record(staging, record)
            final = encoder_folder(code)
            if final.exists():
                shutil.rmtree(final)
            staging.replace(final)
    except OSError as error:
        raise EncoderError(f"{code}: its weights cannot be kept ({error.strerror}). Free space, then fetch again.") from error
    return record


@contextlib.contextmanager
def _alone(code: str, staging: Path) -> Iterator[None]:
    """Hold a lock that the kernel frees however this ends: two at once would write into the same files."""
    handle = os.open(staging, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise EncoderError(f"{code}: is being fetched already. Wait for that to end.") from error
    else:
        yield
    finally:
        os.close(handle)


def chosen(names: Iterable[str], about: EncoderInfo) -> list[str]:
    """Choose of all published files those that are needed; no encoder needs code."""
    published = sorted(names)
    if about.weights is not None and about.weights.startswith("https://"):
        return [name for name in published if _matches(name, SAVED_MODEL)]
    found = [name for name in published if _matches(name, SETTINGS)]
    safe = [name for name in published if _matches(name, TENSORS)]
    if "model.safetensors" in safe:  # whole, so shards of the same would only take space
        safe = ["model.safetensors"]
    return found + (safe or [name for name in published if name in PICKLES])


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _needed(code: str, names: list[str], index: Path) -> list[str]:
    """Leave out the shards that hold nothing of what the encoder reads."""
    prefix = SHARDS_WITH.get(code)
    if prefix is None or not index.is_file():
        return names
    places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
    shards = {shard for key, shard in places.items() if key.startswith(prefix)}
    return [name for name in names if not name.startswith("model-") or name in shards]


def _downloaded(about: EncoderInfo, repository: str, staging: Path, on_progress: Progress) -> str:
    found = hub.listing(about.code, repository)
    names = chosen(found.files, about)
    if INDEX in names:
        hub.bring(about.code, repository, found, INDEX, staging, lambda count: None)
        names = _needed(about.code, names, staging / INDEX)
    _check_weights(about.code, names, repository)
    total, done = sum(found.files[name].bytes for name in names), 0
    if shutil.disk_usage(staging).free < 2 * total:
        raise EncoderError(f"{about.code}: needs {2 * total / 1e9:.1f} GB of free disk while it is fetched. Free space.")
    for name in names:
        before = done
        hub.bring(about.code, repository, found, name, staging, lambda count, b=before: on_progress(b + count, total))
        done += found.files[name].bytes
        on_progress(done, total)
    return found.revision


def _copied(about: EncoderInfo, folder: Path, staging: Path, on_progress: Progress) -> str:
    if not folder.is_dir():
        raise EncoderError(f"{about.code}: {folder} is no folder. Name the folder that holds the published files.")
    if folder.resolve() == encoder_folder(about.code).resolve():
        raise EncoderError(f"{about.code}: {folder} is where its weights go. Move the folder elsewhere first.")
    present = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    names = _needed(about.code, chosen(present, about), folder / INDEX)
    _check_weights(about.code, names, str(folder))
    _empty(staging)
    total, done = sum((folder / name).stat().st_size for name in names if (folder / name).is_file()), 0
    for name in names:
        (staging / name).parent.mkdir(parents=True, exist_ok=True)
        if not (folder / name).is_file():
            raise EncoderError(f"{about.code}: {folder / name} is missing. Download it again.")
        shutil.copyfile(folder / name, staging / name)
        done += (staging / name).stat().st_size
        on_progress(done, total)
    return ""


def _saved_model(source: str, staging: Path) -> str:
    from divine.encoders.trillsson import download

    _empty(staging)
    download(staging)
    return source


def _empty(staging: Path) -> None:
    for part in staging.iterdir():
        shutil.rmtree(part) if part.is_dir() else part.unlink()


def _check_weights(code: str, names: list[str], where: str) -> None:
    if all(name.endswith(".json") for name in names):
        raise EncoderError(f"{code}: there are no weights in {where}.")


def _without_pickles(staging: Path) -> None:
    for pickle in [path for path in staging.iterdir() if path.name in PICKLES]:
        out = "model.safetensors" if pickle.name == "pytorch_model.bin" else f"{pickle.stem}.safetensors"
        partial = staging / f".{out}"
        convert(pickle, partial)
        partial.replace(staging / out)
        pickle.unlink()
