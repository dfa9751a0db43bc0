"""How one model is trained."""

from __future__ import annotations

from dataclasses import dataclass

from divine.training.errors import TrainingError


@dataclass(frozen=True)
class TrainingConfig:
    """The paper's protocol (section 5) where it gives one: Adam at 1e-3, batches of 32, at most 50 epochs, early stopping."""

    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    """Decoupled from the gradient."""
    batch_size: int = 32
    max_epochs: int = 50
    patience: int = 10
    """Epochs without a better validation loss after which training stops."""
    modality_dropout: float = 0.3
    """Chance that a clip with both modalities loses one for a batch, in every two-modality system."""

    def __post_init__(self) -> None:
        """Refuse what cannot be run.

        Raises:
            TrainingError: a count below one, or a rate outside its range.
        """
        if min(self.batch_size, self.max_epochs, self.patience) < 1:
            raise TrainingError("training: batch_size, max_epochs and patience must be at least 1.")
        if not (self.learning_rate > 0 and self.weight_decay >= 0 and 0 <= self.modality_dropout <= 1):
            raise TrainingError("training: needs learning_rate > 0, weight_decay >= 0 and modality_dropout in [0, 1].")
