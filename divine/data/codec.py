"""An index as JSON and back, without loss; paths inside the cohort are written from its folder on, so it may move."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from divine.data.errors import DataError
from divine.data.schema import ClipEntry, Index, Rating

FORMAT = 1
_PATHS = ("video", "audio", "landmarks", "boxes")


def index_to_json(index: Index) -> str:
    """Write an index."""
    about = {one.name: getattr(index, one.name) for one in fields(index) if one.name not in ("clips", "root")}
    clips = [_clip_to_plain(clip, index.root) for clip in index.clips]
    return json.dumps({"format": FORMAT, "root": str(index.root), **about, "clips": clips}, allow_nan=False, indent=1)


def index_from_json(text: str, *, root: Path | None = None) -> Index:
    """Read an index.

    Args:
        text: what ``index_to_json`` wrote.
        root: where the cohort lies now; where it lay then without it.

    Raises:
        DataError: the text is no index, or of another version.
    """
    try:
        content = json.loads(text)
        if content.pop("format") != FORMAT:
            raise DataError("This index was written by another version. Load the cohort again.")
        place = root or Path(content.pop("root"))
        content.pop("root", None)
        clips = tuple(_clip_from_plain(clip, place) for clip in content.pop("clips"))
        lists = {name: tuple(value) for name, value in content.items() if isinstance(value, list)}
        return Index(root=place, clips=clips, **{**content, **lists})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError("This is no index, or a damaged one. Load the cohort again.") from error


def _clip_to_plain(clip: ClipEntry, root: Path) -> Mapping[str, Any]:
    def short(path: Path) -> str:
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    content = {one.name: getattr(clip, one.name) for one in fields(clip)}
    content["metadata"] = dict(clip.metadata)
    content |= {name: short(content[name]) for name in _PATHS if content[name] is not None}
    content["ratings"] = [[rating.rater, list(rating.scores)] for rating in clip.ratings]
    content["features"] = [[modality, name, short(path)] for (modality, name), path in clip.features.items()]
    content["pictures"] = [[number, short(path)] for number, path in clip.pictures.items()]
    return content


def _clip_from_plain(content: dict[str, Any], root: Path) -> ClipEntry:
    content |= {name: root / content[name] for name in _PATHS if content[name] is not None}
    content["ratings"] = tuple(Rating(rater, tuple(scores)) for rater, scores in content["ratings"])
    content["features"] = {(modality, name): root / path for modality, name, path in content["features"]}
    content["pictures"] = {number: root / path for number, path in content["pictures"]}
    return ClipEntry(**content)
