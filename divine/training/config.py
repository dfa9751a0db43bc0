"""How one model is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from divine.training.errors import TrainingError


@dataclass(frozen=True)
class TrainingConfig:
    """The paper's protocol (section 5) where it gives one: Adam at 1e-3, batches of 32, at most 50 epochs.

    ``keep="best", average=0`` is its early stopping to the letter. The defaults differ because with few subjects the validation
    loss is lowest long before diagnosis and severity are learned (docs/study.md).
    """

    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    """Decoupled from the gradient."""
    batch_size: int = 32
    max_epochs: int = 50
    patience: int = 10
    """Epochs without a better validation loss after which training stops, where ``keep`` is ``best``."""
    keep: Literal["best", "last"] = field(default="last", metadata={"before": "best"})
    """Which epoch's weights are the result. ``last`` trains all epochs."""
    average: float = field(default=0.98, metadata={"before": 0.0})
    """Decay per step of the moving average of the weights that is validated and kept; 0 keeps the weights themselves."""
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
        if not 0 <= self.average < 1:
            raise TrainingError(f"training: average is {self.average}; it must lie in [0, 1).")
