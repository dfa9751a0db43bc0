from __future__ import annotations

import threading
import time

import pytest

from divine.face.ahead import ahead


def test_all_items_in_order():
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead([])) == []


def test_no_more_than_its_depth_is_in_hand():
    made = []

    def source():
        for i in range(50):
            made.append(i)
            yield i

    items = ahead(source(), depth=3)
    next(items)
    time.sleep(0.3)
    assert len(made) <= 1 + 3 + 1 + 1  # taken, waiting, in the maker's hand
    items.close()


def test_an_error_comes_after_the_items_before_it():
    def source():
        yield 1
        raise ValueError("damaged")

    items = ahead(source())
    assert next(items) == 1
    with pytest.raises(ValueError, match="damaged"):
        next(items)


def test_leaving_early_ends_the_thread():
    before = threading.active_count()
    items = ahead(iter(range(1000)))
    assert next(items) == 0
    items.close()
    assert threading.active_count() == before
