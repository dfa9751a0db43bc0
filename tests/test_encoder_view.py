from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from divine import services
from divine.data.schema import ClipEntry
from divine.records import DivineError
from divine.services import encoder_view
from divine.services.encoder_view import Likeness, agreement, agreement_over_time, pair_grid, paired, pooled
from tests.explain.made_run import Answer, write_run
from tests.training.cohorts import write_cohort

PRINTED = Path(__file__).parents[1] / "divine" / "evaluation" / "paper_results.csv"


def seen(matrix: np.ndarray, first: float = 0.0) -> Likeness:
    return Likeness("X", first + np.arange(len(matrix)) / 5, matrix)


def blocks(*lengths: int) -> np.ndarray:
    """Moments are alike within a block, and unlike across."""
    of = np.repeat(np.arange(len(lengths)), lengths)
    return np.where(of[:, None] == of[None, :], 1.0, -1.0)


def test_the_same_events_agree_and_others_do_not():
    one, same, other = seen(blocks(10, 10, 10)), seen(0.5 * blocks(10, 10, 10)), seen(blocks(3, 3, 3, 3, 3, 3, 3, 3, 3, 3))
    assert agreement(one, same) == pytest.approx(1.0)
    found = agreement(one, other)
    assert found is not None
    assert found < 0.5


def test_agreement_looks_at_the_same_times_whatever_the_rate():
    slow = seen(blocks(10, 10, 10))
    fast = Likeness("Y", np.arange(120) / 20 - 0.075, blocks(40, 40, 40))
    assert agreement(slow, fast) == pytest.approx(1.0)


def test_nothing_in_common_or_nothing_to_tell_apart_is_no_number():
    assert agreement(seen(blocks(5, 5)), seen(blocks(5, 5), first=100.0)) is None
    assert agreement(seen(blocks(5, 5)), seen(np.ones((10, 10)))) is None


def test_agreement_over_time_names_the_moment_at_which_two_part():
    other = blocks(10, 10, 10)
    other[4, :], other[:, 4] = -other[4, :], -other[:, 4]
    found = agreement_over_time(seen(blocks(10, 10, 10)), seen(other))
    assert found is not None
    times, values = found
    np.testing.assert_allclose(times, np.arange(30) / 5)
    assert values[4] == pytest.approx(-1.0)
    assert np.delete(values, 4).min() > 0.8
    assert agreement_over_time(seen(blocks(5, 5)), seen(np.ones((10, 10)))) is None


def answers(worth: float, off: float) -> Answer:
    """The truth gets ``worth`` and a hundredth per person; the total is ``off`` and a tenth per person too high."""

    def answer(clip: ClipEntry, setting: str, fold: int, seed: int) -> dict[str, object]:
        person = int(clip.subject.removeprefix("P"))
        sure = worth + person / 100 * (1 if worth > 0.5 else -1) + (0.05 if seed else -0.05)
        others = [name for name in ("ALS", "Healthy", "Stroke") if name != clip.group]
        said: dict[str, object] = {f"probability_{name}": (1 - sure) / 2 for name in others}
        said |= {f"probability_{clip.group}": sure}
        said |= {"prediction": clip.group, "target_total": 4.0, "predicted_total": 4.0 + off + person / 10}
        return said | {"predicted_symmetry": 2.0 + off / 2, "predicted_speed": 2.0 + off / 2}

    return answer


def test_subject_by_subject_two_runs_differ_as_they_were_made_to(tmp_path: Path):
    data = write_cohort(tmp_path / "cohort")
    write_run(tmp_path / "first", data, answers(0.7, 1.0))
    write_run(tmp_path / "second", data, answers(0.5, 0.5))
    truth, total = paired(tmp_path / "first", tmp_path / "second")
    assert (truth.metric, total.metric) == ("probability_of_truth", "error_of_total")
    assert len(truth.subjects) == len(total.subjects) == 12
    by_person = {(one.group, one.subject): one for one in truth.subjects}
    assert by_person["ALS", "P3"].first == pytest.approx(0.73)
    assert by_person["ALS", "P3"].difference == pytest.approx(0.73 - 0.47)
    assert all(one.difference == pytest.approx(0.5) for one in total.subjects)
    # twelve differences of one sign: two of all 2^12 signs are as extreme
    assert truth.wilcoxon_p == pytest.approx(2 / 2**12)
    again = paired(tmp_path / "first", tmp_path / "first")
    assert all(one.difference == 0 for one in again[0].subjects) and np.isnan(again[0].wilcoxon_p)


def test_runs_of_other_people_are_not_paired(tmp_path: Path):
    write_run(tmp_path / "first", write_cohort(tmp_path / "one"), answers(0.7, 1.0))
    write_run(tmp_path / "second", write_cohort(tmp_path / "other", per_group=5), answers(0.7, 1.0))
    with pytest.raises(DivineError, match="judged other people"):
        paired(tmp_path / "first", tmp_path / "second")


def test_pooling_averages_stretches_in_order():
    values, times = pooled(np.arange(10.0)[:, None], np.arange(10.0), 5)
    np.testing.assert_allclose(values[:, 0], [0.5, 2.5, 4.5, 6.5, 8.5])
    np.testing.assert_allclose(times, [0.5, 2.5, 4.5, 6.5, 8.5])
    values, _ = pooled(np.ones((3, 2)), np.arange(3.0), 5)
    assert values.shape == (3, 2)


@pytest.mark.parametrize(
    ("system", "tasks", "table"),
    [("divine", "speech", "3"), ("concat", "speech", "2"), ("divine", "non-speech", "9"), ("concat", "non-speech", "8")],
)
def test_the_grid_prints_what_the_paper_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: encoder_view.PairSystem, tasks: str, table: str
):
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path))
    cells = pair_grid(tmp_path, system=system, tasks=tasks, modalities="audio+video", metric="accuracy")
    with PRINTED.open() as file:
        rows = [row for row in csv.DictReader(file) if row["table"] == table and row["metric"] == "accuracy"]
    printed = {row["encoders"]: float(row["value"]) for row in rows if row["modality"] in ("audio+video", "own")}
    assert {f"{one.video}+{one.audio}": one.printed for one in cells if one.printed is not None} == printed
    assert len(printed) == 36
    assert all(one.ours is None and one.run == "" for one in cells)
    assert next(one for one in cells if (one.video, one.audio) == ("KI", "AC")).absent == ()


def test_ours_is_the_latest_run_of_the_pair_on_this_cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path / "home"))
    manifest = write_cohort(tmp_path / "cohort", per_group=3, tasks=("DDK_PA",))
    text = manifest.read_text()
    manifest.write_text(text.replace("features_video_V", "features_video_KI").replace("features_audio_A", "features_audio_AC"))
    run = tmp_path / "home" / "runs" / "r1"
    services.train(manifest, run, encoders="KI+AC", tasks="speech", folds=3, seeds=1, workers=1)

    def ours(data: Path, modalities: str = "audio+video") -> list[encoder_view.PairCell]:
        cells = pair_grid(data, system="divine", tasks="speech", modalities=modalities, metric="macro_f1")
        return [one for one in cells if one.ours is not None]

    alone = {"tasks": "speech", "folds": 3, "seeds": 1, "workers": 1}
    services.train(manifest, run.with_name("r2"), encoders="KI+AC", modalities="video", **alone)
    assert ours(manifest) == ours(manifest.parent)  # a folder means its manifest
    (cell,) = ours(manifest)
    (result,) = (
        one for one in services.evaluate(run)["results"] if one["modalities"] == "audio+video" and one["level"] == "clip"
    )
    assert (cell.video, cell.audio, cell.run) == ("KI", "AC", "r1")
    assert cell.ours is not None
    assert cell.ours.mean == result["metrics"]["macro_f1"]["mean"]
    assert ours(tmp_path / "elsewhere") == []
