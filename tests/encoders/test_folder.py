"""A folder of weights is the same as when it was first used, or is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from divine.encoders import EncoderError, info, load, packages, registry
from divine.encoders.catalogue import catalogue, verify
from divine.encoders.folder import read_record
from divine.features.extract import extract
from tests.encoders.conftest import Made

Own = Callable[[str], Path]


def test_weights_that_are_missing_name_the_command_that_brings_them(own: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path))
    for entry in catalogue():
        if entry.about.weights is None:
            assert entry.present
            continue
        assert not entry.present and not entry.revision
        with pytest.raises(EncoderError, match=f"Run `divine encoders fetch {entry.about.code}`"):
            load(entry.about.code)
        with pytest.raises(EncoderError, match=f"Run `divine encoders fetch {entry.about.code}`"):
            verify(entry.about.code)


def test_the_first_use_records_and_later_uses_compare(own: Own, monkeypatch: pytest.MonkeyPatch):
    folder = own("WR")
    load("WR")
    record = read_record("WR")
    assert record is not None and record.revision == "" and record.source == info("WR").weights
    assert sorted(record.sha256) == ["config.json", "model.safetensors", "preprocessor_config.json"]
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    monkeypatch.setattr(registry, "_LOADED", {})
    with pytest.raises(EncoderError, match=r"WR: model.safetensors changed in .* since"):
        load("WR")
    with pytest.raises(EncoderError, match=r"WR: model.safetensors changed"):
        verify("WR")


@pytest.mark.parametrize(("harm", "message"), [("lose", "config.json missing"), ("add", "pytorch_model.bin new")])
def test_a_file_that_went_or_came_is_told(harm: str, message: str, own: Own):
    folder = own("WR")
    verify("WR")
    if harm == "lose":
        (folder / "config.json").unlink()
    else:
        (folder / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(EncoderError, match=message):
        load("WR")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"source": "", "revision": "", "sha256": 3}'])
def test_a_damaged_record_is_told(content: str, own: Own):
    (own("WR") / "divine.json").write_text(content)
    with pytest.raises(EncoderError, match=r"divine.json is damaged"):
        load("WR")


@pytest.mark.parametrize("content", [None, "", "[3"])
def test_settings_that_are_missing_or_damaged_are_told(content: str | None, own: Own):
    path = own("Vi") / "config.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(EncoderError, match=r"config.json is (missing|damaged)"):
        load("Vi")


def test_a_folder_of_pickles_is_refused(own: Own):
    folder = own("HT")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(EncoderError, match=r"holds pytorch_model.bin, a format that can carry code.*--from"):
        load("HT")


def test_a_saved_model_of_unknown_origin_is_refused(own: Own):
    (own("TR") / "divine.json").unlink()
    for use in (load, verify):
        with pytest.raises(EncoderError, match=r"loading them could run code.*--from FOLDER"):
            use("TR")


def test_the_record_tells_what_it_is_about(own: Own):
    folder = own("TA")
    verify("TA")
    about = json.loads((folder / "divine.json").read_text())
    assert about["source"] == "microsoft/resnet-18" and len(about["sha256"]["model.safetensors"]) == 64


def test_a_library_that_is_absent_names_the_command_that_installs_it():
    with pytest.raises(EncoderError, match=r"XX: needs no_such_library, .* `python3 -m divine.bootstrap"):
        packages.require("XX", "json", "no_such_library")


def test_weights_that_are_missing_today_are_not_kept_as_a_fact_about_a_clip(
    own: Own, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path / "empty"))
    with pytest.raises(EncoderError, match="Run `divine encoders fetch TA`"):
        extract(made(0.7, 2.0), ["TA"])
