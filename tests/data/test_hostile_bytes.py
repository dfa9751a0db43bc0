"""Bytes of any kind in any table: an index with problems, or a DataError that names the file; nothing else."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from divine.data.duplicates import same_content
from divine.data.errors import DataError
from divine.data.load import load
from divine.data.tables import read_table
from divine.data.tracks import read_boxes
from tests.data import trees

cell = st.sampled_from(["p1", "ALS", "HC", "a.wav", "../a.wav", "\0", "é", '"', "7", "-1", "nan", "=1+1", "\r", " ", "x" * 300])
rows = st.lists(st.lists(cell, max_size=6).map(",".join), max_size=6)


@settings(deadline=None, max_examples=80)
@given(
    head=st.sampled_from(["subject,group,audio,age,rating_x_y,split", "subject,group", ""]),
    lines=rows,
    noise=st.binary(max_size=60),
)
@example(head="subject,group,audio", lines=["p1,ALS,a.wav"], noise=b"\xff\xfe")
def test_manifests(head, lines, noise):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "cohort.csv"
        (Path(name) / "a.wav").write_bytes(b"sound")
        path.write_bytes("\n".join([head, *lines]).encode() + b"\n" + noise)
        try:
            loaded = load(path)
        except DataError as error:
            assert "cohort.csv" in str(error)
        else:
            assert len(loaded.index.clips) <= 1  # there is one recording
            assert all(clip.audio == Path(name).resolve() / "a.wav" for clip in loaded.index.clips)


@settings(deadline=None, max_examples=60)
@given(start=st.integers(0, 4000), junk=st.binary(min_size=1, max_size=40), cut=st.integers(0, 6000))
def test_damaged_sheets(start, junk, cut):
    with tempfile.TemporaryDirectory() as name:
        path = trees.sheet(Path(name) / "sheet.xlsx", [trees.rated("A002_02_DDK_PA_color.avi", [1] * 5, [2] * 5)])
        content = path.read_bytes()
        path.write_bytes((content[:start] + junk + content[start + len(junk) :])[: max(cut, 100)])
        try:
            table = read_table(path, heading="File Name")
        except DataError as error:
            assert "sheet.xlsx" in str(error)
        else:
            assert "File Name" in table.header


@settings(deadline=None, max_examples=60)
@given(noise=st.binary(max_size=80), lines=rows)
def test_annotations(noise, lines):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "boxes.txt"
        path.write_bytes("\n".join(["Frame,x1,y1,x2,y2", "1,2,3,4,5", *lines]).encode() + b"\n" + noise)
        try:
            found = read_boxes(path)
        except DataError as error:
            assert "boxes.txt" in str(error)
        else:
            assert found.boxes_px.shape == (len(found.frames), 4) and np.isfinite(found.boxes_px).all()
            assert 0 in found.frames and (np.diff(found.frames) > 0).all()


def test_a_sheet_may_say_less_of_its_size_than_it_holds(tmp_path):
    whole = trees.sheet(tmp_path / "whole.xlsx", [[1, 2, 3], [4, 5, 6]], ["a", "b", "c"])
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "lies.xlsx", "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1:A1"'))
    table = read_table(tmp_path / "lies.xlsx")
    assert [row.cells for row in table.rows] == [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "6"}]


@pytest.mark.parametrize(("changed", "same"), [(None, True), (0, False), (9_000, False), (50_001, False), (99_999, False)])
def test_files_are_the_same_only_in_every_byte(tmp_path, changed, same):
    content = bytearray(np.random.default_rng(0).bytes(100_000))
    (tmp_path / "a").write_bytes(content)
    if changed is not None:
        content[changed] ^= 1
    (tmp_path / "b").write_bytes(content)
    (tmp_path / "empty1").write_bytes(b"")
    (tmp_path / "empty2").write_bytes(b"")
    found = same_content([*sorted(tmp_path.iterdir()), tmp_path / "missing"])
    assert found == ([(tmp_path / "a", tmp_path / "b")] if same else [])
