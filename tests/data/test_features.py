"""Files of features: three formats, one or two axes, and nothing that is executed."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from divine.data.errors import DataError
from divine.data.features import read_features

VALUES = np.arange(12, dtype=np.float64).reshape(4, 3)


def test_formats_agree(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    np.savez(tmp_path / "b.npz", VALUES)
    np.savez(tmp_path / "c.npz", features=VALUES, times_s=np.arange(4))
    save_file({"anything": VALUES}, tmp_path / "d.safetensors")
    save_file({"x": VALUES.astype(np.float16), "y": VALUES}, tmp_path / "e.safetensors")
    for path in sorted(tmp_path.iterdir()):
        found = read_features(path)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, VALUES)


def test_a_vector_is_one_step(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(5))
    assert read_features(tmp_path / "a.npy").shape == (1, 5)


class Bomb:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize(
    "array",
    [np.array([Bomb()], dtype=object), np.array(["a"]), np.zeros((2, 2, 2)), np.zeros((0, 3)), np.array(3.0),
     np.array([1.0, np.nan]), np.array([1j])],
)  # fmt: skip
def test_what_is_no_sequence_of_numbers(tmp_path, array, capsys):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    np.savez(tmp_path / "b.npz", array, allow_pickle=True)
    for name in ("a.npy", "b.npz"):
        with pytest.raises(DataError, match=name):
            read_features(tmp_path / name)
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.safetensors", "a.pt"])
@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"\xff" * 64, b"text"])
def test_damage(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        read_features(tmp_path / name)


def test_truncated_and_missing(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-8])
    np.savez(tmp_path / "two.npz", one=VALUES, other=VALUES)
    for name in ("a.npy", "nowhere.npy", "two.npz"):
        with pytest.raises(DataError, match=name):
            read_features(tmp_path / name)
