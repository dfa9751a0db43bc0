"""What the room of training raises."""

from divine.records import DivineError


class TrainingError(DivineError):
    """A model cannot be trained on, or cannot judge, what it was given."""


class TrainingCancelledError(TrainingError):
    """Whoever asked for a training run called it off."""


class CheckpointError(DivineError):
    """A checkpoint cannot be written or read."""
