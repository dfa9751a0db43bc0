"""What the room of jobs raises."""

from divine.records import DivineError


class JobError(DivineError):
    """A job cannot be queued, found, gone on with or removed."""
