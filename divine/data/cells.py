"""What a cell of a table may say: scores, ages, sexes, parts of a split. A ValueError says what is wrong with it."""

from __future__ import annotations

import math

from divine.data.schema import NORMAL_SCORE, WORST_SCORE, Part
from divine.data.tnf_names import plain

_ABSENT = {"", "na", "n/a", "nan", "none", "null", "unknown"}
_PARTS: dict[str, Part] = {"train": "train", "training": "train", "validation": "validation", "valid": "validation"}
_PARTS |= {"val": "validation", "dev": "validation", "test": "test", "testing": "test"}
_OLDEST = 120


def known(text: str) -> str:
    """Return the text, or nothing where it says that nothing is known."""
    return "" if text.casefold() in _ABSENT or set(text) <= set("-. ") else text


def number(text: str) -> float:
    """Return a finite number."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not finite")
    return value


def score(text: str) -> float | None:
    """Return a rating within its scale."""
    if not known(text):
        return None
    value = number(text)
    if not NORMAL_SCORE <= value <= WORST_SCORE:
        raise ValueError(f"rating {text} lies outside the scale {NORMAL_SCORE} to {WORST_SCORE}")
    return value


def age(text: str) -> float | None:
    """Return an age in years."""
    if not known(text):
        return None
    value = number(text)
    if not 0 <= value <= _OLDEST:
        raise ValueError(f"age {text} is not between 0 and {_OLDEST} years")
    return value


def sex(text: str) -> str | None:
    """Return ``F``, ``M``, or whatever else was written."""
    found = {"f": "F", "female": "F", "woman": "F", "w": "F", "m": "M", "male": "M", "man": "M"}.get(plain(text))
    return found or known(text) or None


def part(text: str) -> Part | None:
    """Return the part of a fixed hold-out."""
    if not known(text):
        return None
    found = _PARTS.get(plain(text))
    if found is None:
        raise ValueError(f"split {text!r} is none of train, validation and test")
    return found
