"""Files of a repository on the Hugging Face hub: which there are, and bringing them whole, with progress, resumable.

The hub's own client begins a file again after an interrupt; of a file of gigabytes that is too much to lose.
"""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from divine.encoders.registry import EncoderError
from divine.weights import encoder_folder

CHUNK = 1 << 20
TIMEOUT_S = 30.0


class Listed(NamedTuple):
    """A published file."""

    bytes: int
    sha256: str | None
    """Known of large files."""


class Listing(NamedTuple):
    """A repository at one revision."""

    revision: str
    files: dict[str, Listed]
    """By path."""


def listing(code: str, repository: str) -> Listing:
    """Ask what a repository holds now.

    Raises:
        EncoderError: the hub cannot be reached, or has no such repository.
    """
    import httpx2
    from huggingface_hub import HfApi, errors

    try:
        about = HfApi().model_info(repository, files_metadata=True)
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise EncoderError(f"{code}: {repository} is not published under that name any more, or needs a login.") from error
    except (errors.HfHubHTTPError, errors.OfflineModeIsEnabled, httpx2.HTTPError, OSError) as error:
        raise _unreachable(code, repository, error) from error
    files = {
        file.rfilename: Listed(file.size or 0, None if file.lfs is None else file.lfs.sha256) for file in about.siblings or ()
    }
    return Listing(str(about.sha), files)


def bring(code: str, repository: str, found: Listing, name: str, into: Path, on_bytes: Callable[[int], None]) -> None:
    """Download one file; what an earlier try left is gone on with, and a large file's digest is checked.

    Raises:
        EncoderError: the hub cannot be reached, the download breaks off again and again, or the file is not what was listed.
        OSError: it cannot be written.
    """
    from huggingface_hub import hf_hub_url

    listed, whole, partial = found.files[name], into / name, into / f".{name}.partial"
    if whole.is_file() and whole.stat().st_size == listed.bytes:
        return
    url = hf_hub_url(repository, name, revision=found.revision)
    before = -1
    while (size := _size(partial)) < listed.bytes or not partial.is_file():
        if size <= before:
            raise _unreachable(code, repository, EOFError(f"{name} broke off after {size} of {listed.bytes} bytes"))
        before = size
        with _retried(code, repository), _from(url, size) as answer, partial.open("ab") as file:
            if answer.status != http.client.PARTIAL_CONTENT:  # the whole file, whatever was asked for
                file.truncate(0)
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                on_bytes(file.tell())
    with partial.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if _size(partial) != listed.bytes or listed.sha256 not in (None, digest):
        partial.unlink()
        raise EncoderError(f"{code}: {name} arrived damaged. Run `divine encoders fetch {code}` again.")
    partial.replace(whole)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _from(url: str, start: int) -> http.client.HTTPResponse:
    headers = {"User-Agent": "divine", "Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S)  # noqa: S310  the hub's


@contextmanager
def _retried(code: str, repository: str) -> Iterator[None]:
    """Let a connection that broke pass, so that the loop goes on; not one that was never made."""
    try:
        yield
    except (http.client.HTTPException, TimeoutError, ConnectionError):
        return
    except urllib.error.URLError as error:
        raise _unreachable(code, repository, error) from error


def _unreachable(code: str, repository: str, error: Exception) -> EncoderError:
    what = (str(error).splitlines() or [""])[0][:200]
    return EncoderError(
        f"{code}: {repository} cannot be fetched ({type(error).__name__}: {what}). What has come is kept: run "
        f"`divine encoders fetch {code}` again to go on. For a machine without the network, run it on one with, and "
        f"carry the folder over as {encoder_folder(code)}."
    )
