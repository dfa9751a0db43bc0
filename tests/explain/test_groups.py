"""Attention and gates over a cohort: against counts and medians taken from the run's table by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from divine.data.schema import Index
from divine.explain import words
from divine.services.interpret import overview
from divine.training.run import Run
from tests.explain.made_run import write_run
from tests.explain.test_run import LEVELS, answer
from tests.training.cohorts import write_cohort


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Index]:
    folder = tmp_path_factory.mktemp("grouped")
    return write_run(folder / "run", write_cohort(folder / "cohort"), answer, levels=LEVELS)


def by_hand(run: Run) -> pd.DataFrame:
    """What was said of each clip given everything, seeds averaged."""
    table = pd.read_parquet(run.folder / "predictions.parquet")
    table = table[(table.part == "test") & (table.modalities == "audio+video")]
    numbers = ["attention_symmetry", "attention_speed", "gate_video", "gate_audio"]
    return table.groupby(["group", "subject", "clip", "task", "target_level"], dropna=False)[numbers].mean().reset_index()


def test_every_number_is_that_of_its_clips(made: tuple[Run, Index]):
    run, _ = made
    found, table = overview(run.folder), by_hand(run)
    assert (found.tested, found.tasks) == (24, (("DDK_PA", 12), ("NSM_OPEN", 12)))
    groups = {one.id: one for one in found.groups.groups}
    assert {key: (len(one.members), one.subjects) for key, one in groups.items()} == {
        "healthy": (8, 4),
        "group:ALS": (8, 4),
        "group:Stroke": (8, 4),
        "level:mild": (8, 4),
        "level:severe": (8, 4),
        "everybody": (24, 12),
    }
    names = {f"{one.kind}_{one.name}": one for one in found.groups.numbers}
    assert set(names) == {"attention_symmetry", "attention_speed", "gate_video", "gate_audio"}
    of = {"healthy": table.group == "Healthy", "group:ALS": table.group == "ALS", "level:mild": table.target_level == "mild"}
    for column, number in names.items():
        for spread in number.spreads:
            if spread.group in of:
                values = table.loc[of[spread.group], column]
                assert spread.middle == pytest.approx(values.median())
                assert spread.quartiles == pytest.approx(tuple(values.quantile([0.25, 0.5, 0.75])))
    whose = {(place.person.group, place.person.subject, place.clip): at for at, place in enumerate(found.groups.places)}
    for row in table.to_dict(orient="records"):
        at = whose[row["group"], row["subject"], row["clip"]]
        assert names["gate_audio"].values[at] == pytest.approx(row["gate_audio"])
        assert found.groups.tasks[at] == row["task"]


def test_a_task_leaves_too_few_to_speak_of_a_middle_half(made: tuple[Run, Index]):
    found = overview(made[0].folder, task="DDK_PA")
    assert (len(found.groups.places), found.tested, found.against) == (12, 24, "healthy")
    assert all(
        spread.quartiles is None for one in found.groups.numbers for spread in one.spreads if spread.group != "everybody"
    )
    assert set(found.sentences) == {"Only 4 clips of healthy controls: too few to compare with."}
    assert len(overview(made[0].folder, task="nobody did this").groups.places) == 24


def test_the_sentence_names_who_leaves_the_reference_group(made: tuple[Run, Index]):
    found = overview(made[0].folder)
    said = dict(zip([one.name for one in found.groups.numbers], found.sentences, strict=True))
    # healthy controls have a tenth more attention to symmetry, and so a tenth less to speed; gates do not know groups
    assert said["symmetry"] == (
        "By the median, ALS, Stroke, rated mild and rated severe lie below the middle half of healthy controls; "
        "medians run from 31.5 to 41.5 %."
    )
    assert "lie above the middle half" in said["speed"]
    assert said["audio"].startswith("No group's median leaves the middle half of healthy controls")
    turned = overview(made[0].folder, against="group:ALS")
    assert turned.against == "group:ALS"
    assert "healthy controls lies above the middle half of ALS" in turned.sentences[0]


def test_words_for_a_place_beside_a_group():
    middle_half = (0.2, 0.3, 0.4)
    assert [words.beside(value, middle_half) for value in (0.19, 0.2, 0.4, 0.41)] == ["below", "within", "within", "above"]
    assert words.beside(None, middle_half) == words.beside(0.3, None) == ""
    both = words.apart({"ALS": "above", "Stroke": "below"}, "healthy controls", 9, "1 to 2 %")
    assert both.startswith("By the median, ALS lies above and Stroke lies below the middle half of healthy controls; ")
    assert both.endswith("medians run from 1 to 2 %.")
