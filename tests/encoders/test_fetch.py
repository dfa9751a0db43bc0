"""Bringing weights: from a hub, from a folder; pickles converted in a child; nothing half-brought."""

import json
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from divine.encoders import EncoderError, fetch, load, registry
from divine.encoders.catalogue import catalogue, verify
from divine.encoders.convert import convert
from divine.weights import encoder_folder, encoder_present
from tests.encoders import fake_hub
from tests.encoders.conftest import Tiny, convert_here
from tests.encoders.fake_hub import Hub, serving

REPOSITORIES = {"WR": "openai/whisper-base", "HT": "facebook/hubert-base-ls960", "DS": "deepseek-ai/deepseek-vl2-tiny"}


@pytest.fixture
def empty(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without weights."""
    home = tmp_path / "home"
    monkeypatch.setenv("DIVINE_HOME", str(home))
    monkeypatch.setattr(registry, "_LOADED", {})
    return home


@pytest.fixture
def hub(empty: Path, tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving({name: tiny.source(code) for code, name in REPOSITORIES.items()}, monkeypatch) as hub:
        yield hub


@pytest.mark.parametrize("code", REPOSITORIES)
def test_what_was_fetched_loads_and_is_verified(code: str, hub: Hub):
    told: list[tuple[int, int]] = []
    record = fetch.fetch(code, on_progress=lambda done, total: told.append((done, total)))
    assert record.revision == fake_hub.REVISION and record.source == REPOSITORIES[code]
    assert told[-1][0] == told[-1][1] > 0 and told == sorted(told)
    assert verify(code) == record
    load(code)
    entry = next(entry for entry in catalogue() if entry.about.code == code)
    assert entry.present and entry.revision == fake_hub.REVISION


def test_only_what_is_needed_is_fetched(hub: Hub, tiny: Tiny, tmp_path: Path):
    source = tmp_path / "whisper"
    shutil.copytree(tiny.source("WR"), source)
    for name in ("pytorch_model.bin", "tf_model.h5", "tokenizer.json", "modeling.py"):
        (source / name).write_bytes(b"no")
    hub.repositories["openai/whisper-base"] = source
    fetch.fetch("WR")
    brought = {path.name for path in encoder_folder("WR").iterdir()}
    assert brought == {"config.json", "preprocessor_config.json", "model.safetensors", "divine.json"}
    assert {name for name, _ in hub.sent} == brought - {"divine.json"}


def test_shards_without_the_tower_stay_where_they_are(hub: Hub, tiny: Tiny, tmp_path: Path):
    source = tmp_path / "deepseek"
    shutil.copytree(tiny.source("DS"), source)
    index = source / "model.safetensors.index.json"
    places = json.loads(index.read_text())["weight_map"] | {"language.lm_head.weight": "model-00003-of-00003.safetensors"}
    index.write_text(json.dumps({"weight_map": places}))
    (source / "model-00003-of-00003.safetensors").write_bytes(b"gigabytes")
    hub.repositories[REPOSITORIES["DS"]] = source
    fetch.fetch("DS")
    assert not (encoder_folder("DS") / "model-00003-of-00003.safetensors").exists()
    load("DS")


def test_a_broken_connection_is_gone_on_with(hub: Hub):
    hub.break_after = 3_000_000
    fetch.fetch("WR")
    starts = [start for name, start in hub.sent if name == "model.safetensors"]
    assert starts == [0, 3_000_000, 6_000_000]
    load("WR")


def test_a_connection_that_gives_nothing_is_an_error(hub: Hub):
    hub.break_after = 0
    with pytest.raises(EncoderError, match=r"broke off after 0 of .* What has come is kept"):
        fetch.fetch("WR")
    assert not encoder_present("WR")


def test_an_interrupted_fetch_is_gone_on_with(hub: Hub):
    def interrupt(done: int, total: int) -> None:
        if done > 4_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch.fetch("WR", on_progress=interrupt)
    assert not encoder_present("WR")
    hub.sent.clear()
    told: list[int] = []
    fetch.fetch("WR", on_progress=lambda done, total: told.append(done))
    ((name, start),) = hub.sent
    assert name == "model.safetensors" and start > 3_000_000
    assert told == sorted(told) and told[-1] > 7_000_000
    load("WR")


def test_a_file_that_arrives_damaged_is_refused(hub: Hub):
    hub.flip = True
    with pytest.raises(EncoderError, match=r"model.safetensors arrived damaged"):
        fetch.fetch("WR")
    hub.flip = False
    fetch.fetch("WR")
    load("WR")


def test_without_a_network_the_message_says_what_to_do(empty: Path, monkeypatch: pytest.MonkeyPatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match=r"WV: microsoft/wavlm-base cannot be fetched .*carry the folder over"):
        fetch.fetch("WV")
    assert not encoder_present("WV")


def test_a_repository_that_is_gone(hub: Hub):
    with pytest.raises(EncoderError, match="not published under that name"):
        fetch.fetch("W2")


def test_a_folder_that_another_tool_brought(empty: Path, tiny: Tiny):
    record = fetch.fetch("VV", folder=tiny.source("VV"))
    assert record.revision == "" and "model.safetensors" in record.sha256
    load("VV")


@pytest.mark.parametrize("code", ["V2", "TR"])
def test_code_and_strangers_are_left_behind(code: str, empty: Path, tiny: Tiny):
    fetch.fetch(code, folder=tiny.source(code))
    assert not list(encoder_folder(code).rglob("*.py"))


def test_an_encoder_without_weights_has_nothing_to_fetch(empty: Path):
    with pytest.raises(EncoderError, match="needs no weights"):
        fetch.fetch("KI")


@pytest.mark.parametrize("what", ["nothing", "settings"])
def test_a_folder_without_weights(what: str, empty: Path, tmp_path: Path):
    (tmp_path / "other").mkdir()
    if what == "settings":
        (tmp_path / "other" / "config.json").write_text("{}")
    with pytest.raises(EncoderError, match="no weights in"):
        fetch.fetch("WV", folder=tmp_path / "other")
    assert not encoder_present("WV")


def test_a_folder_that_is_none(empty: Path, tmp_path: Path):
    with pytest.raises(EncoderError, match="is no folder"):
        fetch.fetch("WV", folder=tmp_path / "nowhere")


def test_what_is_here_stays_until_the_new_is_whole(empty: Path, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    before = fetch.fetch("HT", folder=tiny.source("HT"))

    def no_space(pickle: Path, out: Path) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch, "convert", no_space)
    with pytest.raises(EncoderError, match="No space left on device"):
        fetch.fetch("HT", folder=tiny.source("HT"))
    assert verify("HT") == before
    monkeypatch.setattr(fetch, "convert", convert_here)
    fetch.fetch("HT", folder=tiny.source("HT"))
    assert sorted(path.name for path in encoder_folder("HT").parent.iterdir()) == ["HT"]


def test_a_pickle_becomes_safetensors_in_a_child(tmp_path: Path):
    tensors = {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.tensor(3)}
    tensors["c"] = tensors["a"]  # shared memory, which safetensors would refuse
    torch.save(tensors, tmp_path / "a.bin")
    assert convert(tmp_path / "a.bin", tmp_path / "a.safetensors") == 3
    found = load_file(tmp_path / "a.safetensors")
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


class Evil:
    """What a hostile pickle does."""

    def __reduce__(self) -> tuple:
        return (open, ("/tmp/divine-was-here", "w"))


@pytest.mark.parametrize("content", ["evil", "nested", "noise"])
def test_a_pickle_that_is_more_than_tensors_is_refused(content: str, tmp_path: Path):
    path = tmp_path / "a.bin"
    if content == "evil":
        path.write_bytes(pickle.dumps({"a": Evil()}))
    elif content == "nested":
        torch.save({"state": {"a": torch.ones(2)}}, path)
    else:
        path.write_bytes(b"\x80\x02noise")
    with pytest.raises(EncoderError, match=r"a\.bin: (is damaged|holds something else)"):
        convert_here(path, tmp_path / "a.safetensors")
    assert not (tmp_path / "a.safetensors").exists() and not Path("/tmp/divine-was-here").exists()


def test_two_fetches_at_once_do_not_mix(empty: Path, tiny: Tiny, monkeypatch: pytest.MonkeyPatch):
    def meanwhile(pickle: Path, out: Path) -> int:
        with pytest.raises(EncoderError, match="is being fetched already"):
            fetch.fetch("HT", folder=tiny.source("HT"))
        return convert_here(pickle, out)

    monkeypatch.setattr(fetch, "convert", meanwhile)
    fetch.fetch("HT", folder=tiny.source("HT"))
    load("HT")
