"""Frozen dataclasses to JSON values and back, with every field checked on the way in."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from divine.models.errors import ModelError

Record = TypeVar("Record")


def to_json(record: object) -> dict[str, Any]:
    """Return what JSON can say of a frozen dataclass."""
    return asdict(record)  # type: ignore[arg-type]


def from_json(kind: type[Record], values: object, where: str = "") -> Record:
    """Build a record of ``kind`` from what ``to_json`` gave, after a passage through JSON.

    Understands int, float, bool, str, None, literals, unions of these, tuples (``tuple[X, ...]`` or fixed) and nested records.

    A field that older files lack says in its metadata what they meant: ``field(default=..., metadata={"before": "..."})``.

    Raises:
        ModelError: a field is missing or unknown, or a value is not of its type.
    """
    where = where or kind.__name__
    if not isinstance(values, dict):
        raise ModelError(f"{where} is {values!r}: expected an object.")
    known = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    before = {one.name: one.metadata["before"] for one in fields(kind) if "before" in one.metadata}  # type: ignore[arg-type]
    values = before | values
    if set(values) != known:
        missing, unknown = sorted(known - set(values)), sorted(set(values) - known)
        raise ModelError(f"{where}: missing {missing}, unknown {unknown}: written by another version.")
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], value, f"{where}.{name}") for name, value in values.items()})


def _value(kind: Any, value: Any, where: str) -> Any:
    options = get_args(kind) if get_origin(kind) in (UnionType, Union) else (kind,)
    for option in options:
        if is_dataclass(option) and isinstance(option, type) and isinstance(value, dict):
            return from_json(option, value, where)
        if get_origin(option) is tuple and isinstance(value, list | tuple):
            parts = get_args(option)
            parts = parts[:1] * len(value) if parts[-1] is Ellipsis else parts
            if len(parts) == len(value):
                return tuple(_value(part, one, where) for part, one in zip(parts, value, strict=True))
        if get_origin(option) is Literal and value in get_args(option):
            return value
        if option is NoneType and value is None:
            return None
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if option in (int, bool, str) and type(value) is option:
            return value
    raise ModelError(f"{where} is {value!r}: expected {kind}.")
