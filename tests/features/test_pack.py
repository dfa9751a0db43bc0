"""Features laid out for training: every row as it was made, a full disk a message."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from divine.data.load import load
from divine.features.batches import Pair
from divine.features.cohort import CohortFeatures, modalities_of
from divine.features.pack import PackError, Rows, pack, packed_in
from divine.models.pooling import pool_steps
from divine.store import Store, StoreError
from tests.training.cohorts import write_cohort


@pytest.fixture
def cohort(tmp_path: Path) -> CohortFeatures:
    index = load(write_cohort(tmp_path / "cohort", steps=6)).index
    return CohortFeatures(index, Pair.parse("V+A", modalities_of(index)), Store(tmp_path / "store"))


def test_every_clip_stands_in_its_row(cohort: CohortFeatures, tmp_path: Path):
    packed = pack(cohort, tmp_path / "pack", max_steps=4)
    assert packed.dims == {"video": 5, "audio": 4} and packed.present().all()
    order = np.array([3, 0, 7])
    batch = packed.batch(order)
    for place, row in enumerate(order):
        values = torch.from_numpy(np.load(cohort.index.clips[row].features["video", "V"]))
        expected = pool_steps(values, torch.ones(len(values), dtype=torch.bool), 4)
        assert batch.video is not None
        torch.testing.assert_close(batch.video.values[place], expected.values)
        assert batch.video.mask[place].equal(expected.mask)


def test_a_pack_is_taken_as_it_is_while_it_is_whole(cohort: CohortFeatures, tmp_path: Path):
    assert packed_in(tmp_path / "pack") is None
    first = pack(cohort, tmp_path / "pack", max_steps=4)
    written = (tmp_path / "pack" / "video.npy").stat().st_mtime_ns
    assert pack(cohort, tmp_path / "pack", max_steps=4) == first == packed_in(tmp_path / "pack")
    assert (tmp_path / "pack" / "video.npy").stat().st_mtime_ns == written


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"dims": {}}', '{"dims": {"video": 6}}', '{"dims": {"smell": 5}}'])
def test_a_pack_whose_description_does_not_fit_is_made_anew(cohort: CohortFeatures, tmp_path: Path, content: str):
    first = pack(cohort, tmp_path / "pack", max_steps=4)
    (tmp_path / "pack" / "pack.json").write_text(content)
    assert packed_in(tmp_path / "pack") is None
    assert pack(cohort, tmp_path / "pack", max_steps=4) == first


def test_what_others_have_linked_stays_as_it_was_when_a_pack_is_made_anew(cohort: CohortFeatures, tmp_path: Path):
    pack(cohort, tmp_path / "pack", max_steps=4)
    os.link(tmp_path / "pack" / "video.npy", tmp_path / "linked.npy")
    (tmp_path / "pack" / "pack.json").unlink()
    pack(cohort, tmp_path / "pack", max_steps=2)
    assert np.load(tmp_path / "linked.npy").shape == (24, 4, 5)


def test_a_pack_that_is_being_made_anew_does_not_pass_for_whole(
    cohort: CohortFeatures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    pack(cohort, tmp_path / "pack", max_steps=4)
    os.truncate(tmp_path / "pack" / "video.npy", 200)
    monkeypatch.setattr(Rows, "put", killed)
    with pytest.raises(KeyboardInterrupt):
        pack(cohort, tmp_path / "pack", max_steps=4)
    assert packed_in(tmp_path / "pack") is None


def test_a_pack_of_other_clips_is_refused(cohort: CohortFeatures, tmp_path: Path):
    pack(cohort, tmp_path / "pack", max_steps=4)
    index = dataclasses.replace(cohort.index, clips=cohort.index.clips[1:])
    with pytest.raises(PackError, match="features of 24 clips lie there, and the cohort has 23"):
        pack(CohortFeatures(index, cohort.pair, cohort.store), tmp_path / "pack", max_steps=4)


def test_rows_are_a_numpy_file(tmp_path: Path):
    with Rows(tmp_path / "a.npy", (3, 2, 2), np.float32) as rows:
        rows.put(2, np.array([[1.0, 2.0]]))
    found = np.load(tmp_path / "a.npy")
    np.testing.assert_array_equal(found[2], [[1, 2], [0, 0]])
    assert found.shape == (3, 2, 2) and not found[:2].any()


def test_a_full_disk_is_a_message(cohort: CohortFeatures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Rows, "put", full)
    with pytest.raises(StoreError, match="No space left"):
        pack(cohort, tmp_path / "pack", max_steps=4)
    monkeypatch.undo()
    assert pack(cohort, tmp_path / "pack", max_steps=4).present().all()
