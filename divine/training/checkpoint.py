"""A trained model as a folder: ``weights.safetensors``, ``config.json``, and a model card in ``README.md``. No pickle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as serialise
from torch import Tensor

from divine.models.answer import System
from divine.models.batch import PerModality
from divine.models.codec import from_json, to_json
from divine.models.config import DivineConfig, Schema
from divine.models.errors import ModelError
from divine.models.systems import architecture_of, build
from divine.records import CheckpointCard, Modality
from divine.store import StoreError, write_atomically
from divine.training.card import model_card
from divine.training.errors import CheckpointError, TrainingError
from divine.training.severity import Cutoffs
from divine.training.standardise import Moments

VERSION = 1
_MODEL = "model."


@dataclass(frozen=True)
class EncoderRef:
    """The encoder whose features a model reads: others, or another revision, would mean something else."""

    modality: Modality
    code: str
    revision: str


@dataclass(frozen=True)
class _Manifest:
    """What ``config.json`` holds."""

    version: int
    weights_sha256: str
    config: DivineConfig
    schema: Schema
    encoders: tuple[EncoderRef, ...]
    cutoffs: Cutoffs | None
    card: CheckpointCard
    architecture: str = field(default="divine", metadata={"before": "divine"})


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Everything that judging a clip takes, but the encoders themselves."""

    model: System
    moments: PerModality[Moments]
    encoders: tuple[EncoderRef, ...]
    """One per modality of the schema."""
    cutoffs: Cutoffs | None
    """Of the severity levels; None in a cohort without ratings."""
    card: CheckpointCard

    def encoder(self, modality: Modality) -> EncoderRef | None:
        """Return the encoder of one modality, None where the model does not use it."""
        return next((one for one in self.encoders if one.modality == modality), None)


def save(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a checkpoint, each file whole; ``config.json``, which vouches for the weights, comes last.

    Raises:
        CheckpointError: a weight is not finite, encoders do not fit the schema, or the folder cannot be written.
    """
    model = checkpoint.model
    if sorted(one.modality for one in checkpoint.encoders) != sorted(model.schema.dims):
        raise CheckpointError(f"{folder.name}: name one encoder for each of {sorted(model.schema.dims)}.")
    tensors = {name: value.contiguous() for name, value in _tensors(model, checkpoint.moments).items()}
    _require_same(_tensors(model, _blank_moments(model.schema)), tensors, folder)
    _require_finite(tensors, folder)
    weights = serialise(tensors)
    manifest = _Manifest(
        version=VERSION,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        config=model.config,
        schema=model.schema,
        encoders=checkpoint.encoders,
        cutoffs=checkpoint.cutoffs,
        card=checkpoint.card,
        architecture=architecture_of(model),
    )
    parameters = sum(one.numel() for one in model.parameters())
    try:
        write_atomically(folder / "weights.safetensors", weights)
        card = model_card(
            checkpoint.card, model.schema, [one.code for one in checkpoint.encoders], checkpoint.cutoffs, parameters
        )
        write_atomically(folder / "README.md", card.encode())
        write_atomically(folder / "config.json", json.dumps(to_json(manifest), indent=1).encode())
    except StoreError as error:
        raise CheckpointError(str(error)) from error


def load(folder: Path) -> Checkpoint:
    """Read a checkpoint back, in evaluation mode; nothing in it is executed, and nothing is trusted before it was checked.

    Raises:
        CheckpointError: a file is missing, damaged or of another version; weights are missing, unknown, of a wrong shape or
            type, or not finite. The message says what to do.
    """
    manifest = _manifest(folder)
    content = _read(folder / "weights.safetensors")
    if hashlib.sha256(content).hexdigest() != manifest.weights_sha256:
        raise CheckpointError(
            f"{folder.name}: weights.safetensors does not belong to config.json; copy the whole folder again."
        )
    try:
        tensors = parse(content)
    except SafetensorError as error:
        raise CheckpointError(f"{folder.name}: weights.safetensors is damaged ({error}); copy the folder again.") from error
    try:
        with torch.device("meta"):  # shapes without memory: a config that lies about sizes costs nothing
            model = build(manifest.architecture, manifest.config, manifest.schema)
    except ModelError as error:
        raise CheckpointError(f"{folder.name}: {error} Copy the folder again, or train it again.") from error
    blank = _blank_moments(manifest.schema)
    _require_same(_tensors(model, blank), tensors, folder)
    _require_finite(tensors, folder)
    state = {name.removeprefix(_MODEL): value for name, value in tensors.items() if name.startswith(_MODEL)}
    model.load_state_dict(state, assign=True)
    model.eval()
    moments = blank.map(lambda name, _: Moments(tensors[f"features.{name}.mean"], tensors[f"features.{name}.std"]))
    return Checkpoint(model, moments, manifest.encoders, manifest.cutoffs, manifest.card)


def _manifest(folder: Path) -> _Manifest:
    content = _read(folder / "config.json")
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{folder.name}: config.json is not JSON ({error}); copy the folder again.") from error
    version = values.get("version") if isinstance(values, dict) else None
    if version != VERSION:
        remedy = "train it again, or use the release that made it"
        raise CheckpointError(f"{folder.name}: written in version {version!r}, this release reads {VERSION}; {remedy}.")
    try:
        manifest = from_json(_Manifest, values, "config.json")
    except (ModelError, TrainingError) as error:
        raise CheckpointError(f"{folder.name}: {error} Copy the folder again, or train it again.") from error
    if sorted(one.modality for one in manifest.encoders) != sorted(manifest.schema.dims):
        raise CheckpointError(f"{folder.name}: config.json names encoders that do not fit its schema; copy the folder again.")
    return manifest


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        remedy = "a checkpoint is a folder with weights.safetensors and config.json"
        raise CheckpointError(f"{path.parent.name}/{path.name}: cannot be read ({error.strerror}); {remedy}.") from error


def _tensors(model: System, moments: PerModality[Moments]) -> dict[str, Tensor]:
    found = {f"{_MODEL}{name}": value for name, value in model.state_dict().items()}
    for name, one in moments.named:
        if one is not None:
            found |= {f"features.{name}.mean": one.mean, f"features.{name}.std": one.std}
    return found


def _blank_moments(schema: Schema) -> PerModality[Moments]:
    def blank(dim: int | None) -> Moments | None:
        return Moments(torch.empty(dim), torch.empty(dim)) if dim else None

    with torch.device("meta"):
        return PerModality(blank(schema.video_dim), blank(schema.audio_dim))


def _require_same(expected: dict[str, Tensor], found: dict[str, Tensor], folder: Path) -> None:
    missing, unknown = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if missing or unknown:
        which = f"missing {missing[:3]}, unknown {unknown[:3]}"
        raise CheckpointError(f"{folder.name}: weights do not fit config.json ({which}); copy the folder again.")
    for name, value in expected.items():
        if found[name].shape != value.shape or found[name].dtype != value.dtype:
            have, want = (f"{tuple(one.shape)} {one.dtype}" for one in (found[name], value))
            raise CheckpointError(f"{folder.name}: {name} is {have}, config.json asks for {want}; copy the folder again.")


def _require_finite(tensors: dict[str, Tensor], folder: Path) -> None:
    bad = [name for name, value in tensors.items() if not bool(value.isfinite().all())]
    if bad:
        raise CheckpointError(f"{folder.name}: {bad[0]} holds values that are not finite; train the model again.")
