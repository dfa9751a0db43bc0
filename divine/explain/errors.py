"""Errors of this room."""

from divine.records import DivineError


class ExplainError(DivineError):
    """A run cannot be explained on a clip."""
