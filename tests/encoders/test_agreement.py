"""Each adapter against the reference computation of the same tiny network, and against planted faults."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from divine.encoders import EncoderError, deepseek, info, load
from divine.encoders.face_crops import FaceCrops
from tests.encoders import published, reference
from tests.encoders.conftest import Made, Tiny

SIZES = {"Vi": 32, "V2": 32, "VV": 32, "DS": 28, "TA": 224}
Own = Callable[[str], Path]
Answers = Callable[[str], np.ndarray]


@pytest.fixture(scope="session")
def expected() -> dict[str, np.ndarray]:
    return {}


@pytest.fixture
def answers(tiny: Tiny, made: Made, expected: dict[str, np.ndarray]) -> Answers:
    """The reference's answer about 4 s of a face, or 2 s of a voice."""

    def answer(code: str) -> np.ndarray:
        if code not in expected:
            expected[code] = _answer(code, tiny.source(code), made)
        return expected[code]

    return answer


def _answer(code: str, folder: Path, made: Made) -> np.ndarray:
    if code not in SIZES:
        sound = made(2.0, 2.0).sound
        assert sound is not None
        return reference.hear(code, folder, sound.samples)
    with FaceCrops(code, made(4.0, 2.0), SIZES[code]) as crops:
        return reference.look(code, folder, np.stack(list(crops)))


def said(code: str, made: Made) -> np.ndarray:
    return load(code)([made(4.0 if code in SIZES else 2.0, 2.0)])[0].values


@pytest.mark.parametrize("code", published.CODES)
def test_agrees_with_the_reference(code: str, tiny: Tiny, made: Made, answers: Answers):
    tiny.folder(code)
    values = said(code, made)
    assert values.std() > 0.1
    np.testing.assert_allclose(values, answers(code), atol=1e-5, rtol=0)


def test_the_published_sizes_are_the_registry_s():
    from transformers import HubertConfig, ResNetConfig, VideoMAEConfig, VivitConfig, Wav2Vec2Config, WavLMConfig, WhisperConfig

    # transformers' defaults are the base models; whisper-base is 512 wide, ResNet-18 ends with 512 channels.
    for code, config in (("WV", WavLMConfig), ("W2", Wav2Vec2Config), ("HT", HubertConfig), ("Vi", VideoMAEConfig)):
        assert info(code).dim == config().hidden_size
    assert info("VV").dim == VivitConfig().hidden_size
    assert info("WR").dim == WhisperConfig(d_model=512).hidden_size
    assert (
        info("TA").dim
        == ResNetConfig(depths=[2, 2, 2, 2], hidden_sizes=[64, 128, 256, 512], layer_type="basic").hidden_sizes[-1]
    )


SAFE = [code for code in published.CODES if code != "TR"]
A_WEIGHT = re.compile(r"(^|\.)(encoder\.(layers?|stages)|blocks)\.0\..*weight$")
A_BIAS = re.compile(r"(^|\.)(encoder\.(layers?|stages)|blocks)\.[02]\..*(norm|normalization)\w*\.bias$")


def changed(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    """Rewrite every file of tensors."""
    for path in folder.glob("*.safetensors"):
        save_file({k: v.contiguous() for k, v in change(load_file(path)).items()}, path, metadata={"format": "pt"})


def a_weight(tensors: dict[str, torch.Tensor]) -> str | None:
    return next((name for name in sorted(tensors) if A_WEIGHT.search(name) and tensors[name].dim() > 1), None)


@pytest.mark.parametrize("code", SAFE)
class TestDamage:
    def test_a_missing_tensor_is_refused(self, code: str, own: Own):
        changed(own(code), lambda tensors: {k: v for k, v in tensors.items() if k != a_weight(tensors)})
        with pytest.raises(EncoderError, match="missing"):
            load(code)

    def test_a_wrong_shape_is_refused(self, code: str, own: Own):
        changed(own(code), lambda tensors: {k: v[:-1] if A_BIAS.search(k) else v for k, v in tensors.items()})
        with pytest.raises(EncoderError, match="wrong shape"):
            load(code)

    def test_a_number_that_is_none_is_refused(self, code: str, own: Own):
        changed(own(code), lambda tensors: {k: v * torch.nan if k == a_weight(tensors) else v for k, v in tensors.items()})
        with pytest.raises(EncoderError, match="not finite"):
            load(code)

    def test_a_truncated_file_is_refused(self, code: str, own: Own):
        for path in own(code).glob("*.safetensors"):
            path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(EncoderError, match="damaged"):
            load(code)


def test_a_shard_left_out_is_refused(own: Own):
    (own("DS") / "model-00002-of-000002.safetensors").unlink()
    with pytest.raises(EncoderError, match=r"model-00002-of-000002.safetensors is missing"):
        load("DS")


def test_a_shard_left_out_of_the_index_too_is_refused(own: Own):
    folder = own("DS")
    index = folder / "model.safetensors.index.json"
    places = json.loads(index.read_text())["weight_map"]
    left = {name: shard for name, shard in places.items() if "00002" not in shard}
    index.write_text(json.dumps({"weight_map": left}))
    with pytest.raises(EncoderError, match="missing"):
        load("DS")


def test_of_the_large_model_only_the_tower_is_read(own: Own, made: Made, answers: Answers):
    """A tensor of the language model that nobody could read does no harm."""
    changed(own("DS"), lambda tensors: tensors | {"language.huge": torch.full((3,), torch.nan)})
    np.testing.assert_allclose(said("DS", made), answers("DS"), atol=1e-5, rtol=0)


SWAPS = {
    "WV": ("encoder.layers.0.attention.q_proj.weight", "encoder.layers.0.attention.k_proj.weight"),
    "W2": ("wav2vec2.encoder.layers.0.attention.q_proj.weight", "wav2vec2.encoder.layers.0.attention.v_proj.weight"),
    "HT": ("encoder.layers.0.attention.k_proj.weight", "encoder.layers.0.attention.v_proj.weight"),
    "WR": ("model.encoder.layers.0.self_attn.q_proj.weight", "model.encoder.layers.0.self_attn.v_proj.weight"),
    "Vi": (
        "videomae.encoder.layer.0.attention.attention.query.weight",
        "videomae.encoder.layer.0.attention.attention.key.weight",
    ),
    "VV": ("vivit.encoder.layer.0.attention.attention.query.weight", "vivit.encoder.layer.0.attention.attention.key.weight"),
}
JOINT = {"V2": "model.blocks.0.attn.qkv.weight", "DS": "vision.blocks.0.attn.qkv.weight"}


def is_told_from(code: str, made: Made, answers: Answers) -> bool:
    return float(np.abs(said(code, made) - answers(code)).max()) > 1e-5


@pytest.mark.parametrize("code", SWAPS)
def test_permuted_attention_is_told(code: str, own: Own, made: Made, answers: Answers):
    one, other = SWAPS[code]
    changed(own(code), lambda tensors: tensors | {one: tensors[other], other: tensors[one]})
    assert is_told_from(code, made, answers)


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (2, 1, 0)])
@pytest.mark.parametrize("code", JOINT)
def test_permuted_joint_attention_is_told(code: str, order: tuple[int, int, int], own: Own, made: Made, answers: Answers):
    def permuted(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if JOINT[code] not in tensors:
            return tensors
        parts = tensors[JOINT[code]].chunk(3)
        return tensors | {JOINT[code]: torch.cat([parts[i] for i in order])}

    changed(own(code), permuted)
    assert is_told_from(code, made, answers)


@pytest.mark.parametrize("code", ["WV", "W2", "HT", "Vi", "VV"])
def test_another_epsilon_is_told(code: str, own: Own, made: Made, answers: Answers):
    path = own(code) / "config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps(settings | {"layer_norm_eps": 1e-3}))
    assert is_told_from(code, made, answers)


def test_another_epsilon_is_told_of_v2(own: Own, made: Made, answers: Answers):
    path = own("V2") / "config.json"
    settings = json.loads(path.read_text())
    settings["model_config"]["layer_norm_eps"] = 1e-5
    path.write_text(json.dumps(settings))
    assert is_told_from("V2", made, answers)


def test_another_epsilon_is_told_of_deepseek(own: Own, made: Made, answers: Answers, monkeypatch: pytest.MonkeyPatch):
    own("DS")
    monkeypatch.setattr(deepseek, "EPSILON", 1e-5)
    assert is_told_from("DS", made, answers)


def test_other_dilations_are_told(own: Own, made: Made, answers: Answers, monkeypatch: pytest.MonkeyPatch):
    from divine.encoders import xvector

    own("XV")
    monkeypatch.setattr(xvector, "DILATIONS", [1, 2, 2, 1, 1])
    assert is_told_from("XV", made, answers)


def test_a_saved_model_without_its_variables_is_refused(own: Own):
    folder = own("TR")
    for path in (folder / "variables").iterdir():
        path.unlink()
    (folder / "divine.json").write_text(json.dumps({"source": "", "revision": "", "sha256": _digests(folder)}))
    with pytest.raises(EncoderError, match=r"TR: .* cannot be loaded"):
        load("TR")


def _digests(folder: Path) -> dict[str, str]:
    import hashlib

    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "divine.json"]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
