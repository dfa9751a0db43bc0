"""Names in Toronto NeuroFace's layout: groups and their aliases, items, and what a video's name says."""

from __future__ import annotations

import re
from typing import NamedTuple

GROUPS = ("ALS", "Stroke", "HC")
HEALTHY = "HC"
FOLDERS = {"ALS": "ALS", "Stroke": "Stroke", "HC": "Healthy controls"}
SHEETS = {"ALS": "ALS", "Stroke": "PS", "HC": "HC"}
"""How file names of sheets abbreviate the group."""
_ALIASES = {
    "ALS": ("als", "sla"),
    "Stroke": ("stroke", "ps", "post stroke", "poststroke"),
    "HC": ("healthy controls", "healthy control", "healthy", "hc", "n", "controls", "control", "normal"),
}
_BY_ALIAS = {alias: group for group, aliases in _ALIASES.items() for alias in aliases}

ITEMS = ("symmetry", "range_of_motion", "speed", "variability", "fatigue")
ITEM_HEADINGS = {"symmetry": "Symmetry", "range_of_motion": "ROM", "speed": "Speed"}
ITEM_HEADINGS |= {"variability": "Variability", "fatigue": "Fatigue"}
_ITEM_ALIASES = {"rom": "range_of_motion"}
TOTALS = ("tot", "total")
COMPUTED = (*TOTALS, "level")
"""What is computed from the items, so no item may have its name: it would count twice, and overwrite what was computed."""

VIDEO_SUFFIXES = (".avi", ".mp4", ".mov", ".mkv", ".webm", ".m4v")
_VIDEO = re.compile(r"(?P<subject>[^_]+)_(?P<session>[^_]+)_(?P<task>.+?)(?:_color)?", re.IGNORECASE | re.DOTALL)


class VideoName(NamedTuple):
    """What the stem of a video's name says."""

    subject: str
    session: str
    task: str


def plain(text: str) -> str:
    """Fold case, and underscores, hyphens and runs of blanks into one blank: how names are compared."""
    return " ".join(re.sub(r"[_\-\s]+", " ", text.casefold()).split())


def diagnosis(text: str) -> str:
    """Return what all spellings of a diagnosis share: like ``plain``, but a sign at its end, as of ``MCI-``, distinguishes."""
    between = re.sub(r"(?<=[^_\-\s])[_\-\s]+(?=[^_\-\s])", " ", text.casefold())
    return between.strip("_ \t\r\n")


def group_of(folder: str) -> str | None:
    """Return the group that a folder's name means, or None."""
    return _BY_ALIAS.get(plain(folder))


def is_healthy(group: str) -> bool:
    """Whether a diagnosis, in anybody's words, means healthy controls."""
    return _BY_ALIAS.get(diagnosis(group)) == HEALTHY


def item_of(heading: str) -> str:
    """Return the identifier of a rated item: ``ROM`` is ``range_of_motion``."""
    name = plain(heading).replace(" ", "_")
    return _ITEM_ALIASES.get(name, name)


def parse_stem(stem: str) -> VideoName | None:
    """Take ``<subject>_<session>_<task>_color`` apart; ids and tasks in capitals, so that spelling makes no second person."""
    match = _VIDEO.fullmatch(stem)
    return match and VideoName(match["subject"].upper(), match["session"], match["task"].upper())


def clip_key(name: str) -> str:
    """Return what a clip is joined by: its name without folder, suffix of a medium, ``_color`` and case."""
    stem = name.strip().replace("\\", "/").rsplit("/", 1)[-1].casefold()
    for suffix in (*VIDEO_SUFFIXES, ".wav", ".txt"):
        stem = stem.removesuffix(suffix)
    return stem.removesuffix("_gt").removesuffix("_color")
