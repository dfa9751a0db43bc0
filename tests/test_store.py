import errno
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divine.store import Store, StoreError, content_key, write_atomically

json_values = st.one_of(st.text(max_size=8), st.integers(-5, 5), st.booleans(), st.none())


@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), json_values, min_size=1))
def test_key_depends_on_what_went_in_and_not_on_its_order(parts):
    assert content_key(**parts) == content_key(**dict(reversed(parts.items())))
    name, value = next(iter(parts.items()))
    assert content_key(**parts) != content_key(**{**parts, name: f"{value}x"})


def test_what_is_put_comes_back_to_the_bit(tmp_path: Path):
    store, key = Store(tmp_path), content_key(a=1)
    values = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float16)
    assert key not in store and store.get(key) is None
    store.put(key, {"values": values, "turned": values.T}, {"clip": "ä"})
    found = store.get(key)
    assert key in store and found is not None
    arrays, about = found
    np.testing.assert_array_equal(arrays["values"], values)
    np.testing.assert_array_equal(arrays["turned"], values.T)
    assert about == {"clip": "ä"}


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, b"\xff" * 8])
def test_a_damaged_entry_counts_as_absent(tmp_path: Path, damage: bytes):
    store, key = Store(tmp_path), content_key(a=1)
    store.put(key, {"x": np.zeros(100)})
    store.path(key).write_bytes(damage)
    assert store.get(key) is None


def test_a_truncated_entry_counts_as_absent(tmp_path: Path):
    store, key = Store(tmp_path), content_key(a=1)
    store.put(key, {"x": np.zeros(100)})
    store.path(key).write_bytes(store.path(key).read_bytes()[:-1])
    assert store.get(key) is None


def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    target = tmp_path / "file"
    write_atomically(target, b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
