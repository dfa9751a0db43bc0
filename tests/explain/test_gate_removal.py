"""Gates beside removal over a cohort: against the run's table read by hand, SciPy's correlation and repeated rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from divine.data.schema import ClipEntry, Index
from divine.data.splits import read_split
from divine.evaluation.resampling import draw_subjects
from divine.evaluation.weighted import drawn_spearman
from divine.explain import words
from divine.explain.gate_removal import BOTH, Rank
from divine.explain.prior import prior
from divine.services.interpret import gates_beside_removal
from divine.training.run import Run
from tests.explain.made_run import write_run
from tests.training.cohorts import write_cohort

CLASSES = ("ALS", "Stroke", "Healthy")
LEVELS = {"ALS": "severe", "Stroke": "mild"}
CLIP = ["group", "subject", "clip"]


def chance(clip: ClipEntry, setting: str, fold: int, seed: int) -> dict[str, object]:
    """Anything, but the same each time."""
    rng = np.random.default_rng([*map(ord, f"{clip.group}{clip.subject}{clip.task}{setting}"), seed])
    said = dict(zip(CLASSES, rng.dirichlet(np.ones(3)), strict=True))
    columns: dict[str, object] = {"prediction": "ALS"}
    columns |= {f"probability_{name}": float(value) for name, value in said.items()}
    return columns | {f"gate_{name}": float(rng.random()) if name in setting else 0.0 for name in ("video", "audio")}


def follower(clip: ClipEntry, setting: str, fold: int, seed: int) -> dict[str, object]:
    """The face's gate rises with what it is worth, the voice's falls; a clip's worth is its person's and its task's."""
    worth = (int(clip.subject.removeprefix("P")) + 0.3 * (clip.task == "DDK_PA")) / 10
    true = {"audio+video": 0.2 + worth, "video": 0.2 + worth / 3, "audio": 0.2}[setting]
    columns: dict[str, object] = {"prediction": clip.group}
    columns |= {f"probability_{name}": true if name == clip.group else (1 - true) / 2 for name in CLASSES}
    gates = {"gate_video": 0.4 + worth if "video" in setting else 0.0, "gate_audio": 0.9 - worth if "audio" in setting else 0.0}
    return columns | gates


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Index]:
    """A run with its majority baseline, in which one person of twelve has no sound."""
    folder = tmp_path_factory.mktemp("removed")
    manifest = write_cohort(folder / "cohort")
    table = pd.read_csv(manifest)
    table.loc[(table["group"] == "ALS") & (table["subject"] == "P0"), "features_audio_A"] = np.nan
    table.to_csv(manifest, index=False)
    run, index = write_run(folder / "run", manifest, chance, levels=LEVELS)
    path = run.folder / "predictions.parquet"
    own = pd.read_parquet(path)
    nobody = own[(own.modalities == "audio+video") & (own.part == "test")].assign(system="majority")
    nobody = nobody.assign(gate_video=np.nan, gate_audio=np.nan)
    split = {(one.fold, one.seed): set(one.train) for one in read_split(run.split_file, index).members}
    for name in CLASSES:
        shares = [
            np.mean([one.group == name for one in index.clips if one.person in split[fold, seed]])
            for fold, seed in zip(nobody.fold, nobody.seed, strict=True)
        ]
        nobody[f"probability_{name}"] = shares
    pd.concat([own, nobody]).to_parquet(path)
    return run, index


def by_hand(run: Run) -> pd.DataFrame:
    """The probability of each clip's true diagnosis in each setting, seeds averaged; gates of both; whoever has both."""
    table = pd.read_parquet(run.folder / "predictions.parquet")
    table = table[table.part == "test"]
    table["true"] = [row[f"probability_{row['target']}"] for _, row in table.iterrows()]
    own = table[table.system == "divine"]
    wide = own.pivot_table(index=CLIP, columns="modalities", values="true", aggfunc="mean").dropna()
    gates = own[own.modalities == "audio+video"].groupby(CLIP)[["gate_video", "gate_audio"]].mean()
    nobody = table[table.system == "majority"].groupby(CLIP)["true"].mean().rename("nobody")
    tasks = own.groupby(CLIP)["task"].first()
    return wide.join(gates, how="inner").join(nobody, how="inner").join(tasks)


def test_every_number_is_that_of_the_table_and_of_scipy(made: tuple[Run, Index]):
    run, _ = made
    told, table = gates_beside_removal(run.folder), by_hand(run)
    found = told.found
    assert (told.why, len(found.places), found.left_out, found.subjects) == ("", 22, 2, 11)
    rows = table.loc[[(place.person.group, place.person.subject, place.clip) for place in found.places]]
    for sense, name, other in zip(found.senses, ("video", "audio"), ("audio", "video"), strict=True):
        lost, gates = (rows["audio+video"] - rows[other]).to_numpy(), rows[f"gate_{name}"].to_numpy()
        assert sense.modality == name
        assert sense.gates == pytest.approx(gates) and sense.lost == pytest.approx(lost)
        assert sense.rank.rho == pytest.approx(stats.spearmanr(gates, lost)[0])
        assert sense.rank.of_size == pytest.approx(stats.spearmanr(gates, np.abs(lost))[0])
        means = rows.assign(lost=lost).groupby(["group", "subject"])[["lost", f"gate_{name}"]].mean()
        assert sense.rank.of_subjects == pytest.approx(stats.spearmanr(means)[0])
        assert sense.rank.low < sense.rank.rho < sense.rank.high
        assert sense.adds is not None
        # the mean over both orders: added to nothing, and added to the other
        added = ((rows[name] - rows["nobody"]) + lost) / 2
        assert sense.adds == pytest.approx(added.to_numpy())
        gaps = np.abs(stats.rankdata(gates) - stats.rankdata(lost))
        assert [gaps[one.clip] for one in sense.apart] == pytest.approx(sorted(gaps, reverse=True)[:4])
        for one in sense.apart:
            assert one.narrower == (gates < gates[one.clip]).sum() and one.less == (lost < lost[one.clip]).sum()
    wider = rows.gate_video > rows.gate_audio
    assert found.followed == (wider == (rows.video > rows.audio)).sum()
    als = next(one for one in found.means if one.group.id == "group:ALS")
    mine = table.loc["ALS"]
    assert als.group.subjects == 3
    assert {"+".join(sorted(one)): value for one, value in als.given.items()} == pytest.approx(
        {"": mine.nobody.mean(), "video": mine.video.mean(), "audio": mine.audio.mean()}
        | {"audio+video": mine["audio+video"].mean()}
    )
    assert sum(als.adds.values()) == pytest.approx(als.given[BOTH] - als.given[frozenset()])


def test_the_answer_to_nothing_is_the_prior_of_the_session_page(made: tuple[Run, Index]):
    run, index = made
    split, table = read_split(run.split_file, index), by_hand(run)
    for clip in index.clips:
        if (clip.group, clip.subject, clip.name) in table.index:
            shares = prior(index, split, clip, CLASSES).probabilities
            known = table.loc[(clip.group, clip.subject, clip.name), "nobody"]
            assert known == pytest.approx(shares[CLASSES.index(clip.group)])


def test_a_task_keeps_its_own_clips(made: tuple[Run, Index]):
    run, _ = made
    found = gates_beside_removal(run.folder, task="DDK_PA").found
    assert (set(found.tasks), len(found.places), found.left_out) == ({"DDK_PA"}, 11, 1)
    assert len(gates_beside_removal(run.folder, task="nobody did this").found.places) == 22


def test_without_a_majority_baseline_nothing_is_invented(tmp_path: Path):
    run, _ = write_run(tmp_path / "run", write_cohort(tmp_path / "cohort"), follower)
    told = gates_beside_removal(run.folder)
    assert all(one.adds is None for one in told.found.senses)
    assert all(frozenset() not in one.given and not one.adds for one in told.found.means)
    video, audio = told.sentences
    assert video.startswith("The gate and what removing the face really changes agree over these 24 clips of 12 subjects: ")
    assert audio.startswith("The gate and what removing the voice really changes contradict each other over these 24 clips")
    assert "rank correlation 1.00, 95 % interval 1.00 to 1.00" in video
    assert "rank correlation \N{MINUS SIGN}1.00" in audio


def test_what_cannot_be_looked_at_says_why(tmp_path: Path):
    manifest = write_cohort(tmp_path / "cohort")
    run, _ = write_run(tmp_path / "run", manifest, follower)
    path = run.folder / "predictions.parquet"
    whole = pd.read_parquet(path)

    def told(frame: pd.DataFrame, name: str) -> str:
        frame.to_parquet(path)
        path.touch()
        found = gates_beside_removal(run.folder)
        assert (found.found.senses, found.found.means) == ((), ()), name
        return found.why

    ungated = whole.assign(gate_video=np.nan, gate_audio=np.nan)
    assert told(ungated, "no gates") == words.NO_GATES
    assert told(whole[whole.modalities == "video"], "one modality") == words.NOT_BOTH
    shut = whole.assign(gate_video=1.0)
    shut.to_parquet(path)
    found = gates_beside_removal(run.folder)
    assert found.sentences[0] == "The gate of the face is the same on every clip: it cannot follow what removing the face does."
    assert np.isnan(found.found.senses[0].rank.rho) and found.found.senses[0].apart == ()


def test_a_draw_of_subjects_correlates_as_its_repeated_rows_do():
    rng = np.random.default_rng(0)
    subject = np.repeat(np.arange(6), 4)
    target, predicted = rng.integers(0, 5, 24).astype(float), rng.integers(0, 5, 24).astype(float)
    counts = draw_subjects(strata=np.array([0, 0, 0, 1, 1, 1]), draws=20)
    drawn = drawn_spearman(target=target, predicted=predicted, subject=subject, counts=counts)
    for draw, value in zip(counts, drawn, strict=True):
        rows = np.repeat(np.arange(24), draw[subject])
        assert value == pytest.approx(stats.spearmanr(target[rows], predicted[rows])[0])


@pytest.mark.parametrize(
    ("rank", "subjects", "said"),
    [
        (Rank(0.7, 0.5, 0.8, 0.6, 0.1), 9, "changes agree over these 30 clips of 9 subjects: where the gate is wider, "),
        (Rank(0.3, 0.1, 0.5, 0.6, 0.1), 9, "changes agree only weakly over"),
        (Rank(0.3, -0.1, 0.5, 0.6, 0.1), 9, "changes do not agree over"),
        (Rank(-0.3, -0.5, -0.1, 0.6, 0.1), 9, "contradict each other"),
        (Rank(0.9, 0.8, 1.0, 1.0, 1.0), 4, "Only 4 subjects have face and voice: too few to compare."),
        (Rank(*[float("nan")] * 5), 9, "there is nothing for a gate to follow"),
    ],
)
def test_words_say_no_more_than_the_interval_does(rank: Rank, subjects: int, said: str):
    assert said in words.follows("video", rank, 30, subjects, shut=False)
