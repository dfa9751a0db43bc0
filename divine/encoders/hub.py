"""Files of a repository on the Hugging Face hub: which there are, and bringing them with progress, resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from divine.encoders.registry import EncoderError
from divine.weights import encoder_folder

Progress = Callable[[int, int], None]
"""Takes the bytes that are here and the bytes in all."""


class Listing(NamedTuple):
    """A repository at one revision."""

    revision: str
    bytes: dict[str, int]
    """Size by the path of a file."""


def listing(code: str, repository: str) -> Listing:
    """Ask what a repository holds now.

    Raises:
        EncoderError: the hub cannot be reached, or has no such repository.
    """
    from huggingface_hub import HfApi

    with _explained(code, repository):
        about = HfApi().model_info(repository, files_metadata=True)
    return Listing(str(about.sha), {file.rfilename: file.size or 0 for file in about.siblings or ()})


def bring(code: str, repository: str, revision: str, name: str, into: Path, on_bytes: Callable[[int], None]) -> None:
    """Download one file; what an earlier try left is gone on with.

    Raises:
        EncoderError: the hub cannot be reached, or the download broke off.
    """
    from huggingface_hub import hf_hub_download
    from tqdm import tqdm

    class Told(tqdm):
        """Hands the count of bytes on instead of drawing a bar."""

        def __init__(self, *arguments: Any, **settings: Any) -> None:
            settings.pop("name", None)
            super().__init__(*arguments, **{**settings, "disable": True})
            self.so_far = int(settings.get("initial") or 0)

        def update(self, n: float | None = 1) -> bool | None:
            self.so_far += int(n or 0)
            on_bytes(self.so_far)
            return None

    with _explained(code, repository):
        hf_hub_download(repository, name, revision=revision, local_dir=into, tqdm_class=Told)


@contextmanager
def _explained(code: str, repository: str) -> Iterator[None]:
    import httpx
    from huggingface_hub import errors

    try:
        yield
    except (errors.RepositoryNotFoundError, errors.EntryNotFoundError) as error:
        raise EncoderError(f"{code}: {repository} is not published under that name any more, or needs a login.") from error
    except (errors.HfHubHTTPError, errors.OfflineModeIsEnabled, httpx.HTTPError, OSError) as error:
        raise EncoderError(
            f"{code}: {repository} cannot be fetched ({type(error).__name__}: {_first_line(error)}). What has come is kept: "
            f"run `divine encoders fetch {code}` again to go on. For a machine without the network, run it on one with, and "
            f"carry the folder over as {encoder_folder(code)}."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]
