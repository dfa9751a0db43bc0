"""What the room of reports raises."""

from divine.records import DivineError


class ReportError(DivineError):
    """A report cannot be made."""
