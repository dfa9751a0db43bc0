"""The private temporary area: a folder per upload and per assessment, readable by this user only, gone when done with."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from divine.records import DivineError

_PREFIX = "divine-studio-"
UPLOADS_PER_OWNER = 6
LONGEST_NAME = 200


class UploadError(DivineError):
    """A file cannot be taken."""


@dataclass(frozen=True)
class Upload:
    """A file that a browser session sent. On disk it has a name of ours; ``name`` is only ever shown."""

    id: str
    owner: str
    name: str
    path: Path
    size: int
    born_s: float


class Workspace:
    """Keeps what browser sessions sent, each apart."""

    def __init__(self, limit_bytes: int, parent: Path | None = None) -> None:
        parent = parent or Path(tempfile.gettempdir())
        _sweep_dead(parent)
        self.root = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
        self.limit_bytes = limit_bytes
        self._uploads: dict[str, Upload] = {}
        self._lock = threading.Lock()

    def folder(self) -> Path:
        """Make a private folder with a name that cannot be guessed."""
        folder = self.root / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        return folder

    async def receive(self, owner: str, name: str, chunks: AsyncIterator[bytes]) -> Upload:
        """Store a file as it arrives.

        Raises:
            UploadError: it is empty, or larger than the limit.
        """
        name = shown_name(name)
        path = self.folder() / f"recording{_suffix(name)}"
        size = 0
        try:
            with path.open("xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self.limit_bytes:
                        raise UploadError(f"{name}: larger than {self.limit_bytes / 1024**3:.3g} GiB. Cut it shorter.")
                    file.write(chunk)
            if size == 0:
                raise UploadError(f"{name}: the file is empty. Choose another.")
        except OSError as error:
            shutil.rmtree(path.parent, ignore_errors=True)
            raise UploadError(
                f"{name}: cannot be stored ({error.strerror}). Free some space on the disk, then try again."
            ) from error
        except BaseException:  # a browser that goes away in mid-upload leaves nothing behind
            shutil.rmtree(path.parent, ignore_errors=True)
            raise
        upload = Upload(secrets.token_urlsafe(24), owner, name, path, size, time.monotonic())
        with self._lock:
            self._uploads[upload.id] = upload
            surplus = [item for item in self._uploads.values() if item.owner == owner][:-UPLOADS_PER_OWNER]
        for item in surplus:
            self.discard(item.id)
        return upload

    def take(self, owner: str, upload_id: str) -> Upload | None:
        """Return an upload of this owner and let go of it: whoever takes it deletes its folder."""
        with self._lock:
            upload = self._uploads.get(upload_id)
            return self._uploads.pop(upload_id) if upload is not None and upload.owner == owner else None

    def discard(self, upload_id: str, owner: str | None = None) -> bool:
        """Delete an upload; with ``owner``, only if it is theirs."""
        with self._lock:
            upload = self._uploads.get(upload_id)
            if upload is None or (owner is not None and upload.owner != owner):
                return False
            del self._uploads[upload_id]
        shutil.rmtree(upload.path.parent, ignore_errors=True)
        return True

    def expire(self, older_than_s: float) -> None:
        """Delete uploads that were never used."""
        born_before = time.monotonic() - older_than_s
        for upload in list(self._uploads.values()):
            if upload.born_s < born_before:
                self.discard(upload.id)

    def close(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.root, ignore_errors=True)


def shown_name(name: str) -> str:
    """Return the last part of a file's name, without control characters, at most 200 characters long."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(character if character.isprintable() else " " for character in last).strip()[:LONGEST_NAME] or "recording"


def _suffix(name: str) -> str:
    match = re.search(r"\.[A-Za-z0-9]{1,5}$", name)
    return match[0].lower() if match else ""


def _sweep_dead(parent: Path) -> None:
    """Delete what a studio left that was killed: the process in the folder's name is gone."""
    for folder in parent.glob(f"{_PREFIX}*"):
        match = re.fullmatch(rf"{_PREFIX}(\d+)-\w+", folder.name)
        if match is None or folder.is_symlink() or folder.stat().st_uid != os.getuid():
            continue
        try:
            os.kill(int(match[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            continue  # it lives, under another user
