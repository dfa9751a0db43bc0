"""The cohorts that the studio has open: each loaded once, in the background, and named by an id that tells no path."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from divine.data.schema import ClipEntry, Index, Loaded
from divine.records import DivineError, Quality
from divine.services import browse
from ui.recent import Recent, RecentCohorts, id_of

log = logging.getLogger(__name__)

DEMONSTRATION = browse.COHORT.resolve()
DEMONSTRATION_NAME = "Demonstration cohort"
State = Literal["loading", "ready", "failed"]


class CohortError(DivineError):
    """A path cannot be opened as a cohort."""


class Stopped(Exception):  # noqa: N818 - a wish, not an error
    """Nobody wants the work on a cohort any more; raised inside it to leave it."""


class Opened:
    """One cohort on its way in, and then there. ``ready`` means that its index can be used; files may still be looked into."""

    def __init__(self, path: Path, name: str) -> None:
        self.id = id_of(path)
        self.path = path
        """Never sent to a browser."""
        self.name = name
        self.state: State = "loading"
        self.message = ""
        """Why loading failed."""
        self.stage = "reading"
        self.fraction = 0.0
        """How far ``stage`` is, 0 to 1; loading has no measure of its own."""
        self.busy = True
        """Whether something still works on the cohort: loading, or looking into its files."""
        self.over = threading.Event()
        """Set once the cohort is ready or has failed."""
        self._at_work = threading.Lock()
        self.revision = 0
        """Raised whenever the index, its problems or what is known of quality changes: a page then asks again."""
        self.stopped = threading.Event()
        """Set to end what works on the cohort."""
        self._read: Loaded | None = None
        self._loaded: Loaded | None = None

    @property
    def loaded(self) -> Loaded:
        """The index and the table of problems.

        Raises:
            CohortError: the cohort is not ready.
        """
        if self._loaded is None:
            raise CohortError(self.message or f"{self.name}: is still being read. Wait a moment.")
        return self._loaded

    @property
    def index(self) -> Index:
        return self.loaded.index

    @property
    def synthetic(self) -> bool:
        return self._loaded is not None and self._loaded.index.synthetic

    def clip(self, key: str) -> ClipEntry | None:
        """Return the clip with this key (``browse.clip_key``)."""
        place = self._places.get(key) if self.state == "ready" else None
        return None if place is None else self.index.clips[place]

    def quality(self, entry: ClipEntry) -> Quality | None:
        """Return what is known of a clip's quality; None where nobody has looked."""
        return self._known.get(entry)

    def note_quality(self, entry: ClipEntry, quality: Quality) -> None:
        """Remember what was found of a clip, for the grid and for later.

        Raises:
            StoreError: the home cannot be written.
        """
        self._known.put(entry, quality)
        self.revision += 1

    def wait(self, seconds: float | None = None) -> Opened:
        """Wait until the cohort is ready or has failed."""
        self.over.wait(seconds)
        return self

    @cached_property
    def _places(self) -> dict[str, int]:
        # By place, not by entry: looking into files replaces entries, and leaves their order and names.
        return {browse.clip_key(entry): place for place, entry in enumerate(self.index.clips)}

    @cached_property
    def _known(self) -> browse.KnownQuality:
        return browse.KnownQuality(self.path, self.id)

    def look_into(self, *, probe: bool = False) -> None:
        """Read annotation and feature files, with ``probe`` open every recording, and take over what that tells."""
        what = "opening recordings" if probe else "checking files"
        with self.working(what):
            # From the index as it was read: what an earlier look found would else be told twice.
            read = self._read or self.loaded
            self._loaded = browse.look_into(read, probe=probe, on_step=lambda _, done, total: self.step(what, done, total))
            self.revision += 1

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Show that something works on the cohort; one thing at a time."""
        with self._at_work:
            self.stage, self.fraction, self.busy = what, 0.0, True
            try:
                yield
            except Stopped:
                log.info("cohort %s: %s was stopped", self.id, what)
            finally:
                self.stopped.clear()
                self.busy, self.stage = False, ""

    def step(self, what: str, done: float, total: int) -> None:
        """Say how far the work is.

        Raises:
            Stopped: nobody wants it any more.
        """
        if self.stopped.is_set():
            raise Stopped
        self.stage, self.fraction = what, done / max(total, 1)

    def load(self) -> None:
        """Load the index."""
        try:
            self._read = self._loaded = browse.load_cohort(self.path)
            self.state = "ready"
        except DivineError as error:
            self._fail(str(error))
        except OSError as error:
            self._fail(f"{self.name}: cannot be read ({error.strerror}). Check its drive and your rights to it.")
        except Exception:  # the page must say so, whatever it was
            log.exception("cohort %s failed to load", self.id)
            self._fail("The studio made an error of its own; its log has the details.")

    def _fail(self, message: str) -> None:
        self.message, self.state, self.busy, self.stage = message, "failed", False, ""


class Cohorts:
    """Opens cohorts and keeps them. Every method may be called from any thread."""

    def __init__(self, data: Path | None = None) -> None:
        """Remember the default cohort, ``data`` or the demonstration; nothing is read before somebody asks."""
        self._default = (data or DEMONSTRATION).resolve()
        self._recent = RecentCohorts()
        self._opened: dict[str, Opened] = {}
        self._lock = threading.Lock()

    def open(self, path: Path) -> Opened:
        """Open a folder or a manifest in the background; one that is open already is returned, one that failed tried again.

        Raises:
            CohortError: the path is not whole.
        """
        resolved = self._resolved(path)
        with self._lock:
            known = self._opened.get(id_of(resolved))
            if known is not None and known.state != "failed":
                return known
            opened = Opened(resolved, name_of(resolved))
            self._opened[opened.id] = opened
        threading.Thread(target=self._load, args=(opened,), name=f"cohort-{opened.id[:6]}", daemon=True).start()
        return opened

    def typed(self, text: str) -> Opened:
        """Open what somebody typed or pasted: a path, ``~`` for home, quotes around it, or a ``file://`` address.

        Raises:
            CohortError: it is no whole path.
        """
        return self.open(_parse(text))

    def get(self, cohort_id: str) -> Opened | None:
        """Return an open cohort, or open one of the recent ones again: a link outlives the studio's process."""
        known = self._opened.get(cohort_id)
        if known is not None:
            return known
        path = next((one.path for one in self.recent() if one.id == cohort_id), None)
        return None if path is None else self.open(path)

    def default(self) -> Opened:
        """Return the cohort of ``app.py --data``, else the demonstration cohort."""
        return self.open(self._default)

    def of(self, cohort_id: str | None) -> Opened | None:
        """Return the cohort that a page's query names; without a name, the default."""
        return self.get(cohort_id) if cohort_id else self.default()

    def recent(self) -> tuple[Recent, ...]:
        """List what there is to choose from: the default, what was opened lately (the latest first), the demonstration."""
        listed = (self._default, *(one.path for one in self._recent.list()), DEMONSTRATION)
        return tuple(Recent(id_of(path), path) for path in dict.fromkeys(listed))

    def forget(self, cohort_id: str) -> None:
        """Take a cohort off the list of recent ones and close it; its files stay as they are."""
        self._recent.remove(cohort_id)
        with self._lock:
            self._opened.pop(cohort_id, None)

    def _load(self, opened: Opened) -> None:
        opened.load()
        if opened.state == "ready" and opened.path != DEMONSTRATION:
            self._recent.add(opened.path)
        opened.over.set()
        if opened.state == "ready":
            try:
                opened.look_into()
            except Exception:  # the index is there and can be used
                log.exception("cohort %s could not be checked", opened.id)

    def _resolved(self, path: Path) -> Path:
        try:
            return path.expanduser().resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise CohortError(f"{path.name}: is no path that can be opened. Give the whole path of a folder.") from error


def name_of(path: Path) -> str:
    """Name a cohort for people: its folder, or its manifest."""
    if path == DEMONSTRATION:
        return DEMONSTRATION_NAME
    shown = path.parent.name if path.stem.casefold() == "manifest" else path.name
    return "".join(letter if letter.isprintable() else "�" for letter in shown) or str(path)


def _parse(text: str) -> Path:
    plain = text.strip().strip("\"'").strip()
    if plain.casefold().startswith("file:"):
        plain = unquote(urlsplit(plain).path)
    path = Path(plain)
    if not plain or "\0" in plain or not (path.is_absolute() or plain.startswith("~")):
        raise CohortError("Give the whole path of a folder or a manifest, from / or ~ on.")
    return path
