"""Published tensors into a network, strictly: every tensor that it needs, in its shape, finite. No pickle, no code.

The libraries' own loaders log missing keys and go on with random weights, and look for a folder that does not exist on
the network; so tensors are read and named here, from safetensors, whole or in shards.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from divine.encoders.device import Network, ready
from divine.encoders.registry import EncoderError

WHOLE = "model.safetensors"
INDEX = "model.safetensors.index.json"


def settings(code: str, folder: Path, name: str = "config.json") -> dict[str, Any]:
    """Read one of the published JSON files.

    Raises:
        EncoderError: it is missing or damaged.
    """
    try:
        return dict(json.loads((folder / name).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise EncoderError(f"{code}: {folder / name} is missing. Run `divine encoders fetch {code}` again.") from error
    except (ValueError, TypeError) as error:
        raise EncoderError(f"{code}: {folder / name} is damaged. Run `divine encoders fetch {code}` again.") from error


def tensors(code: str, folder: Path, *, prefix: str = "", file: str = WHOLE) -> dict[str, Tensor]:
    """Read the tensors whose published names begin with ``prefix``, without it; no others are read.

    They are all in ``file``, or spread over the shards that an index names.

    Raises:
        EncoderError: a file is missing or damaged.
    """
    shards = _shards(code, folder, prefix, file)
    found: dict[str, Tensor] = {}
    for name in shards:
        try:
            with safe_open(folder / name, framework="pt") as opened:
                keys = opened.keys()
                for key in keys:
                    if key.startswith(prefix):
                        found[key.removeprefix(prefix)] = opened.get_tensor(key)
        except FileNotFoundError as error:
            raise EncoderError(f"{code}: {folder / name} is missing. Run `divine encoders fetch {code}` again.") from error
        except SafetensorError as error:
            raise EncoderError(
                f"{code}: {folder / name} is damaged ({error}). Remove {folder} and run `divine encoders fetch {code}`."
            ) from error
    return found


def _shards(code: str, folder: Path, prefix: str, file: str) -> list[str]:
    if (folder / INDEX).is_file():
        places = settings(code, folder, INDEX).get("weight_map")
        if not isinstance(places, dict):
            raise EncoderError(f"{code}: {folder / INDEX} names no tensors. Run `divine encoders fetch {code}` again.")
        return sorted({Path(str(shard)).name for key, shard in places.items() if key.startswith(prefix)})
    if (folder / file).is_file():
        return [file]
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in {".bin", ".pt", ".ckpt", ".pth"})
    if pickled:
        raise EncoderError(
            f"{code}: {folder} holds {', '.join(pickled)}, a format that can carry code, and no safetensors. Move it elsewhere "
            f"and run `divine encoders fetch {code} --from FOLDER`, which converts it."
        )
    raise EncoderError(f"{code}: no {file} in {folder}. Run `divine encoders fetch {code}`.")


def unprefixed(found: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Take away a prefix that only some publications of a network carry, and with it what is outside the network."""
    if not any(key.startswith(prefix) for key in found):
        return dict(found)
    return {key.removeprefix(prefix): tensor for key, tensor in found.items() if key.startswith(prefix)}


def filled(code: str, network: Network, found: Mapping[str, Tensor], rename: Callable[[str], str] = str) -> Network:
    """Fill a network with published tensors, and make it ready to run where networks run.

    Args:
        code: the encoder.
        network: with any weights.
        found: tensors by published name; those the network does not know are left out.
        rename: from the published name to the network's.

    Raises:
        EncoderError: a tensor is missing, has another shape, or holds values that are not finite.
    """
    given = {rename(key): tensor for key, tensor in found.items()}
    wanted = network.state_dict()
    missing = sorted(wanted.keys() - given.keys())
    if missing:
        raise EncoderError(f"{code}: {len(missing)} of {len(wanted)} tensors are missing: {_some(missing)}. {_again(code)}")
    wrong = [
        f"{key} {tuple(given[key].shape)} for {tuple(wanted[key].shape)}"
        for key in wanted
        if given[key].shape != wanted[key].shape
    ]
    if wrong:
        raise EncoderError(f"{code}: {len(wrong)} tensors have the wrong shape: {_some(wrong)}. {_again(code)}")
    for key, tensor in wanted.items():
        if not torch.isfinite(given[key]).all():
            raise EncoderError(f"{code}: {key} holds values that are not finite. {_again(code)}")
        tensor.copy_(given[key])
    return ready(network)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _again(code: str) -> str:
    return f"These are not the published weights: remove their folder and run `divine encoders fetch {code}`."
