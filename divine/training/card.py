"""The model card: what a checkpoint is, and is not, in a page of Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from divine.models.config import Schema
from divine.records import NOTICE, SYNTHETIC_NOTICE, CheckpointCard
from divine.training.severity import Cutoffs


def model_card(card: CheckpointCard, schema: Schema, encoders: Sequence[str], cutoffs: Cutoffs | None, parameters: int) -> str:
    """Write the card as Markdown."""
    widths = ", ".join(f"{modality} ({dim} features per step)" for modality, dim in schema.dims.items())
    lines = [
        f"# {card.name}",
        "",
        f"**{NOTICE}**",
        *(["", f"**{SYNTHETIC_NOTICE}**"] if card.synthetic else []),
        "",
        f"- Trained on: {card.trained_on}",
        f"- Reads: {widths}, from the encoders {', '.join(encoders)}",
        f"- Says: one of {', '.join(schema.classes)}, each with a probability",
        *_severity(schema, cutoffs),
        f"- Parameters: {parameters:,}",
        "",
        "`weights.safetensors` holds the weights and the features' mean and standard deviation over the training subjects;",
        "`config.json` holds the rest. Load both with `divine.training.checkpoint.load`.",
        "",
    ]
    return "\n".join(lines)


def _severity(schema: Schema, cutoffs: Cutoffs | None) -> list[str]:
    if not schema.items:
        return ["- Severity: none, its cohort was not rated"]
    low, high = schema.scale
    lines = [f"- Severity: {', '.join(schema.items)}, each from {low} (normal) to {high}; the total is their sum"]
    if cutoffs is not None:
        bounds = [f"{level} up to {total:.2f}" for level, total in zip(cutoffs.levels, cutoffs.totals, strict=False)]
        lines.append(f"- Levels of the total (*not a clinical grade*): {', '.join(bounds)}, {cutoffs.levels[-1]} above")
    return lines
