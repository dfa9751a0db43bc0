"""What the room of models raises."""

from divine.records import DivineError


class ModelError(DivineError):
    """A model cannot be built as asked, or a batch does not fit it."""
