"""The catalogue: complete sentences, no name twice, norms only with their source, the printed table in step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from divine.measures import CATALOGUE, TASKS, MeasureError, applicable
from divine.measures.catalogue import index
from divine.measures.compute import AbsentError, compute, known
from divine.measures.rhythm import drift, variation
from divine.measures.table import table


def test_every_entry_explains_itself():
    for name, info in CATALOGUE.items():
        assert info.name == name == name.lower()
        assert info.title
        assert info.formula
        assert info.source
        assert info.help.endswith(".")
        assert info.help.count(". ") == 0, f"{name}: one sentence"
        assert set(info.tasks) <= set(TASKS)
        assert info.tasks
        assert info.modality in ("video", "audio")
        assert (info.norm is None) == (info.norm_source == "") == (info.norm_note == "")
        assert info.norm is None or info.norm[0] < info.norm[1]


def test_norms_are_the_published_means_with_two_standard_deviations():
    assert CATALOGUE["ddk_pa_rate"].norm == pytest.approx((6.7 - 2 * 1.2, 6.7 + 2 * 1.2))
    assert CATALOGUE["ddk_pataka_rate"].norm == pytest.approx((5.4 - 2 * 1.0, 5.4 + 2 * 1.0))
    assert sum(info.norm is not None for info in CATALOGUE.values()) == 2


def test_a_norm_says_whose_it_is_and_that_other_languages_differ():
    for name in ("ddk_pa_rate", "ddk_pataka_rate"):
        note = CATALOGUE[name].norm_note
        assert "Tamil" in note and "Rates differ between languages" in note
    assert "4.06" in CATALOGUE["ddk_pa_rate"].norm_note  # of /pa/ alone
    assert "4.06" not in CATALOGUE["ddk_pataka_rate"].norm_note
    norm = CATALOGUE["ddk_pa_rate"].norm
    assert norm is not None and norm[0] > 4.06


def test_a_name_twice_is_refused():
    entry = CATALOGUE["hnr"]
    with pytest.raises(MeasureError, match="'hnr' stands twice"):
        index((entry, entry))


def test_a_task_shows_what_means_something_for_it():
    names = lambda modality, task: {info.name for info in applicable(modality, task)}  # noqa: E731
    assert "ddk_pa_rate" in names("audio", "DDK_PA")
    assert "ddk_pa_rate" not in names("audio", "DDK_PATAKA") | names("audio", None) | names("audio", "READING")
    assert names("audio", "NSM_OPEN") == set()
    assert names("video", "NSM_BROW") >= {"brow_range_asymmetry", "repetition_rate"}
    assert "jaw_opening_range" not in names("video", "NSM_BROW")
    assert names("video", None) == {name for name, info in CATALOGUE.items() if info.modality == "video"}


def test_compute_turns_absence_into_a_reason():
    def absent() -> float:
        raise AbsentError("the reason")

    table_ = {info.name: absent for info in applicable("audio", None)} | {"f0_mean": lambda: np.float64(120.0)}
    table_["hnr"] = lambda: float("nan")
    found = {one.name: one for one in compute("audio", None, table_)}
    assert (found["f0_mean"].value, found["f0_mean"].why) == (120.0, "")
    assert found["hnr"].value is None
    assert found["hnr"].why
    assert (found["jitter_local"].value, found["jitter_local"].why) == (None, "the reason")
    with pytest.raises(AbsentError, match="none"):
        known(None, "none")


def test_variation_and_drift_are_their_formulas():
    some = np.array([2.0, 3.0, 5.0, 4.0])
    mean = 14 / 4
    deviation = (((2 - mean) ** 2 + (3 - mean) ** 2 + (5 - mean) ** 2 + (4 - mean) ** 2) / 3) ** 0.5
    assert variation(some) == pytest.approx(100 * deviation / mean)
    assert drift(some) == pytest.approx(100 * np.polyfit(range(4), some, 1)[0] / mean)
    assert variation(some[:2]) is None
    assert drift(some[:3]) is None
    assert variation(np.array([-1.0, 0.0, 1.0])) is None


def test_the_documented_table_is_in_step():
    page = Path(__file__).parents[2] / "docs" / "measures.md"
    assert page.read_text(encoding="utf-8") == table(), "run: python -m divine.measures.table > docs/measures.md"
