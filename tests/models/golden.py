"""Golden values of a tiny seeded model. ``python -m tests.models.golden`` remakes them; say in the commit why they changed.

The file holds the weights and the batch too: another torch may draw others from the same seed.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from divine.models.batch import Batch, Sequence, Targets
from divine.models.divine import Divine
from tests.models.toy import TINY, batch, model, without

FILE = Path(__file__).parents[1] / "golden" / "divine_tiny.safetensors"
PARTS = {"video": Sequence, "audio": Sequence, "targets": Targets}


def judged(one: Divine, whole: Batch) -> dict[str, Tensor]:
    """What the model makes of a batch: outputs, and every loss term."""
    with torch.no_grad():
        result = one(whole)
    logits = result.generated.logits
    outputs = {"diagnosis": logits.diagnosis, "level": logits.level, "items": logits.items}
    terms = {f"loss.{name}": term for name, term in result.losses._asdict().items()}
    return outputs | terms | {"attention": result.generated.mixed.attention}


def flat(whole: Batch) -> dict[str, Tensor]:
    """The batch by name, as ``unflat`` reads it."""
    return {f"{part}.{name}": value for part in PARTS for name, value in getattr(whole, part)._asdict().items()}


def unflat(stored: dict[str, Tensor]) -> Batch:
    return Batch(**{part: kind(*(stored[f"{part}.{name}"] for name in kind._fields)) for part, kind in PARTS.items()})


def main() -> None:
    """Write the file."""
    one, whole = model(TINY), without(batch(), video=[1], audio=[2])
    kinds = {"weight": one.state_dict(), "in": flat(whole), "out": judged(one, whole)}
    content = {f"{kind}:{name}": value.contiguous() for kind, found in kinds.items() for name, value in found.items()}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(save(content))


if __name__ == "__main__":
    main()
