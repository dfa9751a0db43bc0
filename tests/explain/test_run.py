"""A run's own table, read for one clip: tested rows only, averaged over seeds; its prior; its reference groups."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from divine.data.schema import ClipEntry, Index
from divine.data.splits import read_split
from divine.explain import words
from divine.explain.errors import ExplainError
from divine.explain.held_out import Said, held_out
from divine.explain.prior import prior
from divine.explain.reference import Others, Placed, place_attention, place_gates
from divine.explain.removal import Answer, removal
from divine.records import Modality
from divine.services.interpret import judge
from divine.training.run import Run
from tests.explain.made_run import write_run
from tests.training.cohorts import write_cohort

LEVELS = {"ALS": "severe", "Stroke": "mild"}
GAIN = {"audio+video": 0.3, "video": 0.1, "audio": 0.2}


def answer(clip: ClipEntry, setting: str, fold: int, seed: int) -> dict[str, object]:
    """ALS above a third by what the setting is worth; seeds differ by a hundredth to either side."""
    als = 1 / 3 + GAIN[setting] + (0.01 if seed else -0.01)
    person = int(clip.subject.removeprefix("P"))
    return {
        "prediction": "ALS",
        "probability_ALS": als,
        "probability_Stroke": 2 * (1 - als) / 3,
        "probability_Healthy": (1 - als) / 3,
        "predicted_symmetry": 1.0 + person / 10 + seed,
        "predicted_speed": 2.0,
        "predicted_total": 3.0 + person / 10 + seed,
        "gate_video": 0.5 if "video" in setting else 0.0,
        "gate_audio": 0.3 + person / 100 if "audio" in setting else 0.0,
        "attention_symmetry": 0.3 + person / 100 + (0.1 if clip.group == "Healthy" else 0.0),
        "attention_speed": 0.7 - person / 100 - (0.1 if clip.group == "Healthy" else 0.0),
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Index]:
    folder = tmp_path_factory.mktemp("explained")
    return write_run(folder / "run", write_cohort(folder / "cohort"), answer, levels=LEVELS)


def entry(index: Index, group: str, subject: str, task: str = "DDK_PA") -> ClipEntry:
    return next(one for one in index.clips if (one.group, one.subject, one.task) == (group, subject, task))


def test_only_test_rows_count_and_seeds_are_averaged(made: tuple[Run, Index]):
    run, index = made
    found = held_out(run.predictions(), "divine")
    said = found.of(entry(index, "ALS", "P2"))
    assert found.seeds == 2
    assert said.probabilities[0] == pytest.approx(1 / 3 + 0.3)
    assert said.scores == pytest.approx([1.7, 2.0])
    assert said.total == pytest.approx(3.7)
    assert said.level == "severe"
    assert said.gates == pytest.approx({"video": 0.5, "audio": 0.32})
    settings = {answer.modalities: answer.probabilities[0] for answer in found.answers(entry(index, "ALS", "P2"))}
    names = frozenset[Modality]
    expected = {names(["audio", "video"]): 1 / 3 + 0.3, names(["video"]): 1 / 3 + 0.1, names(["audio"]): 1 / 3 + 0.2}
    assert settings == pytest.approx(expected)


def test_a_clip_without_sound_has_one_modality(tmp_path: Path):
    manifest = write_cohort(tmp_path / "cohort")
    table = pd.read_csv(manifest)
    table.loc[(table["group"] == "ALS") & (table["subject"] == "P0"), "features_audio_A"] = np.nan
    table.to_csv(manifest, index=False)
    run, index = write_run(tmp_path / "run", manifest, answer)
    found = held_out(run.predictions(), "divine")
    silent = entry(index, "ALS", "P0")
    assert {one.modalities for one in found.answers(silent)} == {frozenset(["video"])}
    assert set(found.of(silent).gates) == {"video"}
    judged = judge(run.folder, index, silent)
    assert judged.removal is not None
    assert [one.modality for one in judged.removal.contributions] == ["video"]
    assert judged.removal_says.startswith("Only the face was used")


def test_a_clip_that_was_not_tested_is_refused(made: tuple[Run, Index]):
    run, index = made
    found = held_out(run.predictions(), "divine")
    with pytest.raises(ExplainError, match="tested no such clip"):
        found.of(replace(entry(index, "ALS", "P2"), name="other"))
    with pytest.raises(ExplainError, match="no test prediction of svm"):
        held_out(run.predictions(), "svm")


def test_a_system_without_tokens_gates_or_scores(made: tuple[Run, Index]):
    run, index = made
    bare = run.predictions()
    frame = bare.frame.copy()
    frame.loc[:, [name for name in frame if name.startswith(("attention", "gate", "predicted"))]] = np.nan
    found = held_out(type(bare)(frame), "divine")
    said = found.of(entry(index, "ALS", "P1"))
    assert (found.tokens, found.items, dict(said.gates), said.scores) == ((), (), {}, None)


def test_the_prior_counts_training_subjects_only(made: tuple[Run, Index]):
    run, index = made
    split = read_split(run.split_file, index)
    clip = entry(index, "Stroke", "P1")
    found = prior(index, split, clip, ("Healthy", "ALS", "Stroke"))
    shares, totals = [], []
    for fold in split.members:
        if clip.person not in fold.test:
            continue
        train = [one for one in index.clips if one.person in fold.train]
        shares.append([sum(one.group == name for one in train) / len(train) for name in ("Healthy", "ALS", "Stroke")])
        by_item = []
        for item in range(2):
            scores = [[r.scores[item] for r in one.ratings if r.scores[item] is not None] for one in train]
            by_item.append(float(np.median([np.mean(given) for given in scores if given])))
        totals.append(sum(by_item))
    assert len(shares) == 2
    assert found.probabilities == pytest.approx(np.mean(shares, axis=0))
    assert found.total == pytest.approx(np.mean(totals))
    assert found.modalities == frozenset()


def test_reference_groups_leave_the_person_out(made: tuple[Run, Index]):
    run, index = made
    found = held_out(run.predictions(), "divine")
    clip = entry(index, "Healthy", "P3")
    others = Others(found.everybody(), "DDK_PA", clip.person, index.healthy)
    choices = {one.id: (one.clips, one.subjects) for one in others.choices(index.groups, ("mild", "moderate", "severe"))}
    assert choices == dict.fromkeys(("group:ALS", "group:Stroke", "level:mild", "level:severe"), (4, 4)) | {
        "healthy": (3, 3),
        "everybody": (11, 11),
    }
    assert others.rows("group:nobody") == []
    said = found.of(clip)
    placed = place_attention(said, found.tokens, [one for _, one in others.rows("healthy")])[0]
    assert placed.others == pytest.approx([0.40, 0.41, 0.42])
    assert (placed.value, placed.below, placed.quartiles) == (pytest.approx(0.43), 3, None)
    assert set(place_gates(said, [])) == {"video", "audio"}


def test_judgement(made: tuple[Run, Index]):
    run, index = made
    found = judge(run.folder, index, entry(index, "ALS", "P2"), against="everybody")
    assert found.against is not None
    assert found.against.id == "everybody"
    middle = {one.choice.id: (one.attention[0], one.gates["audio"]) for one in found.typical}
    # attention 0.3 + person / 100, a tenth more in healthy controls; gate 0.3 + person / 100; P2 of ALS is left out
    assert middle["healthy"] == pytest.approx((0.415, 0.315))
    assert middle["group:ALS"] == pytest.approx((0.31, 0.31))
    assert middle["level:severe"] == middle["group:ALS"]
    assert [one.entry.task for one in found.battery] == ["DDK_PA", "NSM_OPEN"]
    assert found.removal is not None
    (*_, nothing) = found.removal.answers
    above = 1 / 3 - nothing.probabilities[0]
    # ((f(v) - f()) + (f(av) - f(a))) / 2, and likewise for the voice
    told = {one.modality: one.probability for one in found.removal.contributions}
    assert told == pytest.approx({"video": (above + 0.1 + 0.1) / 2, "audio": (above + 0.2 + 0.2) / 2})
    assert "the two views disagree" in found.removal_says
    assert judge(run.folder, index, entry(index, "ALS", "P2")).against.id == "healthy"  # type: ignore[union-attr]


def test_a_cohort_that_changed_since_keeps_its_predictions(made: tuple[Run, Index], tmp_path: Path):
    run, index = made
    fewer = replace(index, clips=tuple(one for one in index.clips if one.subject != "P0"))
    found = judge(run.folder, fewer, entry(index, "ALS", "P2"))
    assert found.removal is None
    assert found.removal_says


def said(gates: dict[Modality, float]) -> Said:
    return Said("T", "A", np.array([1.0]), None, None, np.zeros(0), gates)


def verdict(video: float, audio: float, gates: dict[Modality, float]) -> str:
    names = frozenset[Modality]
    worth = {names(): 0.0, names(["video"]): video, names(["audio"]): audio, names(["video", "audio"]): video + audio}
    found = removal(Answer(given, np.array([value, 0.0]), None) for given, value in worth.items())
    return words.compare(gates, found, ("ALS", "HC"))


def test_sentences_say_where_the_views_part():
    assert "the two views agree" in verdict(0.4, 0.1, {"video": 0.8, "audio": 0.2})
    assert "the two views disagree" in verdict(0.1, 0.4, {"video": 0.8, "audio": 0.2})
    assert "gates are about equally open" in verdict(0.1, 0.4, {"video": 0.5, "audio": 0.49})
    assert "contribute about equally" in verdict(0.2, 0.2, {"video": 0.8, "audio": 0.2})
    assert "no gates" in verdict(0.2, 0.1, {})
    assert "the voice moves it by \N{MINUS SIGN}10.0 points" in verdict(0.4, -0.1, {"video": 0.8, "audio": 0.2})


def test_a_place_among_others_in_words():
    group = np.linspace(0.1, 0.5, 9)
    assert words.among(Placed("speed", 0.05, group), "healthy controls") == (
        "Below the middle half of healthy controls, and higher than 0 of 9."
    )
    assert words.among(Placed("speed", 0.3, group), "healthy controls").startswith("Within")
    assert words.among(Placed("speed", 0.9, group), "healthy controls").endswith("higher than 9 of 9.")
    assert "too few to compare" in words.among(Placed("speed", 0.9, group[:4]), "healthy controls")
    assert words.among(Placed("speed", 0.9, group[:0]), "nobody") == "There is nobody to compare it with."
