"""Nobody on two sides: over generated cohorts, and against leaks planted on purpose."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divine.data.errors import LeakError, SplitError
from divine.data.schema import ClipEntry, Index
from divine.data.splits import Split, read_split, split, verify, write_split


def cohort(sizes: dict[str, int], clips: int = 2, parts: dict[str, str] | None = None) -> Index:
    """Build a cohort in which every group numbers its people from 0: ids recur."""
    entries = [
        ClipEntry("set", group, str(number), "", "DDK_PA", f"{clip}.wav", audio=Path(f"{group}{number}{clip}.wav"),
                  split=(parts or {}).get(f"{group}{number}"))
        for group, size in sizes.items() for number in range(size) for clip in range(clips)
    ]  # fmt: skip
    return Index(Path("set"), "manifest", tuple(entries), tuple(sizes), (), (), ())


def sides(member) -> list[set]:
    return [set(member.train), set(member.validation), set(member.test)]


sizes = st.dictionaries(st.sampled_from(["ALS", "Stroke", "HC", "PD"]), st.integers(3, 23), min_size=2)
small = st.dictionaries(st.sampled_from(["ALS", "Stroke", "HC", "PD"]), st.integers(3, 9), min_size=2, max_size=3)


@settings(deadline=None, max_examples=40)
@given(sizes=sizes, folds=st.integers(3, 7), seed=st.integers(0, 2**32))
def test_folds(sizes, folds, seed):
    index = cohort(sizes)
    if min(sizes.values()) < folds:
        with pytest.raises(SplitError, match="fewer folds"):
            split(index, folds, [seed])
        return
    made = split(index, folds, [seed])
    tested: Counter = Counter()
    for number, member in enumerate(made.members):
        train, validation, test = sides(member)
        assert not train & validation and not train & test and not validation & test
        assert train | validation | test == set(index.subjects)
        tested.update(test)
        # the validation set is the next fold's test set
        assert validation == set(made.members[(number + 1) % folds].test)
        for group in index.groups:
            share = sum(one.group == group for one in test)
            assert sizes[group] // folds <= share <= -(-sizes[group] // folds)
        assert len(index.subjects) // folds <= len(test) <= -(-len(index.subjects) // folds)
    assert set(tested.values()) == {1} and set(tested) == set(index.subjects)


@settings(deadline=None, max_examples=12)
@given(sizes=small, seed=st.integers(0, 9))
def test_loso(sizes, seed):
    index = cohort(sizes)
    made = split(index, "loso", [seed])
    assert [member.test for member in made.members] == [(one,) for one in index.subjects]
    for member in made.members:
        train, validation, test = sides(member)
        assert not train & validation and not train & test and not validation & test
        assert train | validation | test == set(index.subjects) and validation
        assert {one.group for one in train} == set(index.groups)


def test_seeds_redraw_and_repeat():
    index = cohort({"ALS": 11, "Stroke": 14, "HC": 11})
    made = split(index)
    assert len(made.members) == 25 and (made.folds, made.seeds) == (5, (0, 1, 2, 3, 4))
    assert made == split(index) and made.proof == split(index).proof
    tests = {(one.seed, one.fold): one.test for one in made.members}
    assert len(set(tests.values())) == 25
    # one seed's folds do not depend on the other seeds, nor on the order of clips
    assert split(index, 5, [3]).members == tuple(one for one in made.members if one.seed == 3)
    assert split(replace(index, clips=index.clips[::-1])).members == made.members


def test_given_split():
    parts = {"ALS0": "train", "ALS1": "validation", "ALS2": "test", "HC0": "train", "HC1": "validation", "HC2": "test"}
    index = cohort({"ALS": 3, "HC": 3}, parts=parts)
    made = split(index, "given", [0, 1])
    assert [len(made.members), made.folds] == [2, 1] and made.members[0].train == made.members[1].train
    assert {str(one) for one in made.members[0].test} == {"set/ALS/2", "set/HC/2"}
    assert {str(one) for one in made.members[0].validation} == {"set/ALS/1", "set/HC/1"}


def test_given_split_without_validation_draws_it_from_training():
    parts = {f"{group}{number}": "test" if number < 3 else "train" for group in ("ALS", "HC") for number in range(13)}
    index = cohort({"ALS": 13, "HC": 13}, parts=parts)
    made = split(index, "given", [0, 1])
    for member in made.members:
        assert {int(one.subject) for one in member.test} == {0, 1, 2} and len(member.validation) == 4
        assert Counter(one.group for one in member.validation) == {"ALS": 2, "HC": 2}
    assert made.members[0].validation != made.members[1].validation


def test_given_split_that_leaks_or_has_gaps():
    index = cohort({"ALS": 3, "HC": 3}, parts={"ALS0": "train", "HC0": "test"})
    with pytest.raises(SplitError, match="set/ALS/1 has clips without a split"):
        split(index, "given")
    leaking = [replace(clip, split="test" if clip.name == "0.wav" else "train") for clip in index.clips]
    with pytest.raises(LeakError, match="set/ALS/0 stands in test and train"):
        split(replace(index, clips=tuple(leaking)), "given")
    with pytest.raises(SplitError, match="nobody for test"):
        split(replace(index, clips=tuple(replace(clip, split="train") for clip in index.clips)), "given")


def test_given_split_that_cannot_be_learned_is_refused():
    only_tested = {"ALS0": "train", "ALS1": "validation", "ALS2": "train", "HC0": "train", "HC1": "test", "PD0": "test"}
    with pytest.raises(SplitError, match=r"nobody of PD for train\. Give some of its subjects train, or leave the group out"):
        split(cohort({"ALS": 3, "PD": 1, "HC": 2}, parts=only_tested), "given")
    one_class = {"ALS0": "train", "ALS1": "train", "HC0": "validation", "HC1": "test"}
    with pytest.raises(SplitError, match="nobody of HC for train"):
        split(cohort({"ALS": 2, "HC": 2}, parts=one_class), "given")


def test_given_split_without_validation_never_takes_a_groups_only_training_subject():
    parts = {"ALS0": "train", "ALS1": "test", "HC0": "train", "HC1": "train", "HC2": "test"}
    with pytest.raises(SplitError, match="one subject of ALS for train and nobody for validation"):
        split(cohort({"ALS": 2, "HC": 3}, parts=parts), "given")
    parts = {f"{group}{number}": "train" for group in ("ALS", "HC") for number in range(2)} | {"ALS2": "test", "HC2": "test"}
    for member in split(cohort({"ALS": 3, "HC": 3}, parts=parts), "given", range(10)).members:
        assert {one.group for one in member.train} == {"ALS", "HC"}


@pytest.mark.parametrize(
    ("sizes", "folds", "said"),
    [({"ALS": 4, "HC": 9}, 5, "ALS has 4 subjects, and 5 are needed. Ask for fewer folds"),
     ({"ALS": 2, "HC": 9}, "loso", "ALS has 2 subjects, and 3 are needed"),
     ({"ALS": 9, "HC": 1}, 3, "HC has 1 subject, and 3 are needed"),
     ({"ALS": 9}, 5, "two groups"), ({"ALS": 9, "HC": 9}, 2, "at least 3")],
)  # fmt: skip
def test_cohorts_too_small(sizes, folds, said):
    with pytest.raises(SplitError, match=said):
        split(cohort(sizes), folds)


def test_stored_proof(tmp_path):
    index = cohort({"ALS": 6, "HC": 7})
    made = split(index, 5, [0, 7])
    proof = write_split(made, tmp_path / "split.json")
    assert proof == hashlib.sha256((tmp_path / "split.json").read_bytes()).hexdigest() == made.proof
    assert read_split(tmp_path / "split.json", index, proof=proof) == made


def planted(made: Split, index: Index) -> Split:
    """Plant what a split by clip amounts to: one person's clips lie in training and in test."""
    first = made.members[0]
    return replace(made, members=(replace(first, train=(*first.train, first.test[0])), *made.members[1:]))


def test_planted_leak_is_detected(tmp_path):
    index = cohort({"ALS": 6, "HC": 7})
    leaking = planted(split(index), index)
    with pytest.raises(LeakError, match="stands twice in fold 0 of seed 0"):
        verify(leaking, index)
    write_split(leaking, tmp_path / "split.json")
    with pytest.raises(LeakError):
        read_split(tmp_path / "split.json", index)


def test_a_changed_cohort_or_file_is_detected(tmp_path):
    index = cohort({"ALS": 6, "HC": 7})
    made = split(index)
    for other in (cohort({"ALS": 7, "HC": 7}), cohort({"ALS": 6, "HC": 6})):
        with pytest.raises(SplitError, match="the cohort has changed"):
            verify(made, other)
    relabelled = tuple(replace(clip, group="HC" if clip.group == "ALS" else "ALS") for clip in index.clips)
    with pytest.raises(SplitError, match="the cohort has changed"):
        verify(made, replace(index, clips=relabelled))
    proof = write_split(made, tmp_path / "split.json")
    text = json.loads((tmp_path / "split.json").read_text())
    (tmp_path / "split.json").write_text(json.dumps(text))
    with pytest.raises(SplitError, match="altered"):
        read_split(tmp_path / "split.json", index, proof=proof)
    for content in ("", "[]", '{"format": 1}', '{"format": 2}'):
        (tmp_path / "split.json").write_text(content)
        with pytest.raises(SplitError, match=r"split\.json"):
            read_split(tmp_path / "split.json", index)


def test_tested_twice_is_detected():
    index = cohort({"ALS": 6, "HC": 7})
    made = split(index)
    with pytest.raises(SplitError, match="is tested 2 times in seed 0"):
        verify(replace(made, members=(made.members[0], replace(made.members[0], fold=1), *made.members[2:])), index)
