"""A checkpoint comes back to the bit, and a folder that is not one is refused with a remedy."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from divine.models.batch import PerModality
from divine.models.config import Schema
from divine.records import NOTICE, SYNTHETIC_NOTICE, CheckpointCard
from divine.training.checkpoint import Checkpoint, EncoderRef, load, save
from divine.training.errors import CheckpointError
from divine.training.predict import predict
from divine.training.severity import tertiles
from divine.training.source import MemorySource
from divine.training.standardise import measure
from tests.models.toy import TINY, model
from tests.training.cohort import SCHEMA, cohort

KI, AC = EncoderRef("video", "KI", "1"), EncoderRef("audio", "AC", "1")


def make(schema: Schema = SCHEMA, encoders=(KI, AC), synthetic=True) -> Checkpoint:
    moments = measure(MemorySource(cohort(12, 0, schema)))
    cutoffs = tertiles(np.array([5.5, 8.0, 12.25])) if schema.items else None
    return Checkpoint(model(TINY, schema), moments, encoders, cutoffs, CheckpointCard("toy", "toy clips", synthetic))


def same(a, b):
    return (
        np.array_equal(a.probabilities, b.probabilities)
        and a.gates == b.gates
        and np.array_equal(a.attention, b.attention)
        and (a.item_scores is None or np.array_equal(a.item_scores, b.item_scores))
    )


@pytest.fixture
def folder(tmp_path):
    save(make(), tmp_path / "toy")
    return tmp_path / "toy"


def test_a_checkpoint_comes_back_exactly(folder):
    made, read, clips = make(), load(folder), cohort(4, 1)
    for name, value in made.model.state_dict().items():
        assert torch.equal(read.model.state_dict()[name], value)
    assert read.model.config == made.model.config
    assert read.model.schema == made.model.schema
    assert (read.encoders, read.cutoffs, read.card) == (made.encoders, made.cutoffs, made.card)
    assert read.encoder("audio") == AC
    assert all(same(a, b) for a, b in zip(predict(made, clips), predict(read, clips), strict=True))
    assert all(p.device.type == "cpu" and p.requires_grad for p in read.model.parameters())


@pytest.mark.parametrize(
    ("schema", "encoders"), [(Schema(None, 10, ("a", "b")), (AC,)), (Schema(12, None, ("Ä", "<b>", "c"), ("x",)), (KI,))]
)
def test_checkpoints_of_one_modality(schema, encoders, tmp_path):
    made = make(schema, encoders)
    save(made, tmp_path)
    assert all(
        same(a, b)
        for a, b in zip(predict(made, cohort(2, 1, schema)), predict(load(tmp_path), cohort(2, 1, schema)), strict=True)
    )


def test_saving_twice_gives_the_same_bytes(folder, tmp_path):
    save(load(folder), tmp_path / "again")
    for file in ("weights.safetensors", "config.json", "README.md"):
        assert (tmp_path / "again" / file).read_bytes() == (folder / file).read_bytes()


def test_the_card_says_what_it_is_and_is_not(folder, tmp_path):
    text = (folder / "README.md").read_text()
    assert all(part in text for part in (NOTICE, SYNTHETIC_NOTICE, "toy clips", "healthy, ALS, stroke", "not a clinical grade"))
    save(make(synthetic=False), tmp_path / "real")
    assert "SYNTHETIC" not in (tmp_path / "real" / "README.md").read_text()


def rewrite(folder, change):
    """Change the tensors, and let config.json vouch for them, as a careless tool would."""
    import hashlib

    tensors = load_file(folder / "weights.safetensors")
    change(tensors)
    save_file(tensors, folder / "weights.safetensors")
    config = json.loads((folder / "config.json").read_text())
    config["weights_sha256"] = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    (folder / "config.json").write_text(json.dumps(config))


def poison(tensors):
    tensors["model.tokens.tokens"][0, 0] = float("nan")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: t.pop("model.tokens.tokens"), "tokens.tokens"),
        (lambda t: t.pop("features.audio.std"), r"features\.audio\.std"),
        (lambda t: t.update(surprise=torch.zeros(1)), "surprise"),
        (lambda t: t.update({"model.tokens.tokens": torch.zeros(9, 9)}), r"\(9, 9\)"),
        (lambda t: t.update({"model.tokens.tokens": t["model.tokens.tokens"].double()}), "float64"),
        (poison, "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(folder, change, named):
    rewrite(folder, change)
    with pytest.raises(CheckpointError, match=named) as caught:
        load(folder)
    assert "again" in str(caught.value)  # every message ends in what to do


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda c: c.update(version=2), "version 2"),
        (lambda c: c.pop("version"), "version None"),
        (lambda c: c.pop("schema"), "schema"),
        (lambda c: c.update(surprise=1), "surprise"),
        (lambda c: c["config"].update(refine_channels=10**9), "refine_channels"),
        (lambda c: c["config"].update(refine_channels=60000), "config.json asks for"),
        (lambda c: c["config"].update(gates="open"), "gates"),
        (lambda c: c["schema"].update(classes="abc"), "classes"),
        (lambda c: c["cutoffs"].update(totals=[3.0, 1.0]), "cut-offs"),
        (lambda c: c.update(encoders=c["encoders"][:1]), "encoders"),
        (lambda c: c.update(weights_sha256="0" * 64), "does not belong"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(folder, change, named):
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=named):
        load(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff\xfe{}", b"{" * 100_000, b"[" * 100_000])
def test_a_config_that_is_no_config_is_refused(folder, content):
    (folder / "config.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"config\.json|version"):
        load(folder)


@pytest.mark.parametrize("file", ["weights.safetensors", "config.json"])
def test_a_missing_file_is_named(folder, file):
    (folder / file).unlink()
    with pytest.raises(CheckpointError, match=file.replace(".", r"\.")):
        load(folder)


def test_truncated_weights_are_refused_even_if_vouched_for(folder):
    import hashlib

    content = (folder / "weights.safetensors").read_bytes()[:-10]
    (folder / "weights.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match="does not belong"):
        load(folder)
    config = json.loads((folder / "config.json").read_text()) | {"weights_sha256": hashlib.sha256(content).hexdigest()}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="damaged"):
        load(folder)


def test_what_should_not_be_saved_is_not(tmp_path):
    broken = make()
    broken.model.tokens.tokens.data[0] = torch.inf
    with pytest.raises(CheckpointError, match="not finite"):
        save(broken, tmp_path)
    with pytest.raises(CheckpointError, match="encoder"):
        save(make(encoders=(KI,)), tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written"):
        save(make(), tmp_path / "file" / "below")


def test_moments_must_be_there_to_be_saved(tmp_path):
    made = make()
    hollow = Checkpoint(made.model, PerModality(made.moments.video, None), made.encoders, made.cutoffs, made.card)
    with pytest.raises(CheckpointError, match="audio"):
        save(hollow, tmp_path)


def test_loading_imports_nothing_heavy(folder):
    """Loading checks shapes on torch's meta device, where some initialisers import sympy: two seconds before a page answers."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from divine.training.checkpoint import load; "
        "before = set(sys.modules); load(Path(sys.argv[1])); print(sorted(set(sys.modules) - before))"
    )
    found = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True).stdout
    assert "sympy" not in found
    assert found.count(",") < 40
