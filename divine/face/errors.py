"""The one family of errors of this room."""

from divine.records import DivineError


class FaceError(DivineError):
    """Landmarks cannot be found: no picture, or a backend that is not there."""
