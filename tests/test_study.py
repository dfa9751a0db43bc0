"""Two runs beside each other through the services and the command line; runs are written by hand, none is trained."""

import dataclasses
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from divine import cli, services
from divine.evaluation.table import Predictions
from divine.records import LEVELS
from divine.report.errors import ReportError
from divine.services.runs import RunError
from divine.training.run import Run, Status
from divine.training.spec import RunSpec, configure
from tests.evaluation.test_evaluate import table
from tests.training.cohorts import write_cohort


def made(folder: Path, predictions: Predictions, *, settings=("audio+video", "video", "audio"), split=b"", **spec) -> Run:
    """Write a finished run whose system answers alike in every setting."""
    asked = RunSpec("cohort", "KI+AC", configure("divine", "M", 10), folds=3, seeds=2)
    asked = dataclasses.replace(asked, **spec)
    run = Run(folder)
    run.begin(asked)
    content = split or json.dumps({"members": [{"train": list(range(12)), "test": list(range(6))}] * 6}).encode()
    run.split_file.write_bytes(content)
    run.set_status(Status("done", 6, 6, hashlib.sha256(content).hexdigest(), True))
    frame = pd.concat([predictions.frame.assign(modalities=one, system=asked.system) for one in settings], ignore_index=True)
    level = np.where(frame["target"] == "HC", None, np.array(LEVELS)[np.arange(len(frame)) % 3])
    frame.assign(target_level=level, predicted_level="mild").to_parquet(folder / "predictions.parquet")
    return run


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Run, Run]:
    good, guess = table(skill=3.0, seed=1), table(skill=0.0, seed=2)
    targets = [name for name in good.frame if name.startswith("target_")]
    same = Predictions(guess.frame.assign(**good.frame[targets]))
    return made(tmp_path / "good", good), made(tmp_path / "guess", same, system="concat")


def test_two_runs_are_compared_in_every_setting_and_corrected_within_a_level(runs: tuple[Run, Run]):
    document = services.comparison_document(services.compare(runs[0].folder, runs[1].folder))
    assert (document["first"]["system"], document["second"]["system"], document["synthetic"]) == ("divine", "concat", True)
    assert {one["setting"] for one in document["comparisons"]} == {"audio+video", "video", "audio"}
    for level in ("clip", "subject"):
        tested = [one for one in document["comparisons"] if one["level"] == level and "wilcoxon_holm_p" in one]
        assert len(tested) == 3 * 2 and {one["metric"] for one in tested} == {"accuracy", "mae_total"}
        smallest = min(tested, key=lambda one: one["wilcoxon_p"])
        assert smallest["wilcoxon_holm_p"] == pytest.approx(min(1, len(tested) * smallest["wilcoxon_p"]), abs=2e-5)
    accuracy = next(one for one in document["comparisons"] if one["metric"] == "accuracy")
    assert accuracy["low"] > 0 and accuracy["difference"] == pytest.approx(accuracy["first"] - accuracy["second"], abs=2e-6)
    assert all("wilcoxon_p" not in one for one in document["comparisons"] if one["metric"] == "auroc")
    json.dumps(document, allow_nan=False)


def test_a_run_of_one_encoder_meets_one_of_two_where_both_have_all_they_take(runs: tuple[Run, Run], tmp_path: Path):
    single = made(tmp_path / "one", table(seed=3), settings=("video",), system="fcn", encoders="KI")
    found = services.compare(runs[0].folder, single.folder).comparisons
    assert {one.setting for one in found} == {"video", "audio+video | video"}


def test_what_cannot_be_paired_is_refused(runs: tuple[Run, Run], tmp_path: Path):
    others = table(seed=1)
    strangers = made(tmp_path / "a", Predictions(others.frame.assign(dataset="e")), split=b'{"members": []}')
    with pytest.raises(ReportError, match=r"different cohorts \(18 and 18 subjects"):
        services.compare(runs[0].folder, strangers.folder)
    redrawn = made(tmp_path / "b", others, split=b'{"members": [] }')
    with pytest.raises(ReportError, match="split the same people differently"):
        services.compare(runs[0].folder, redrawn.folder)
    spoken = made(tmp_path / "c", others, tasks="speech")
    with pytest.raises(ReportError, match="used the tasks all, c speech"):
        services.compare(runs[0].folder, spoken.folder)


def test_runs_that_learned_nothing_in_common_are_refused_and_others_judged_on_what_both_learned(
    runs: tuple[Run, Run], tmp_path: Path
):
    def under(objective: str) -> Run:
        return made(tmp_path / objective, Predictions(table(seed=1).frame.assign(objective=objective)), objective=objective)

    diagnosis, severity = under("C"), under("R")
    with pytest.raises(ReportError, match=r"objectives C and R\): compare runs that learned the same"):
        services.compare(diagnosis.folder, severity.folder)
    tested = [one for one in services.compare(diagnosis.folder, runs[1].folder).comparisons if one.wilcoxon_holm_p is not None]
    assert len(tested) == 3 * 2 and {one.metric for one in tested} == {"accuracy"}


def test_the_command_prints_one_document_or_a_table(
    runs: tuple[Run, Run], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def told(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["divine", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        return capsys.readouterr().out

    folders = [str(run.folder) for run in runs]
    assert json.loads(told("compare", *folders, "--json"))["second"]["run"] == "guess"
    shown = told("compare", *folders)
    assert "minus concat KI+AC" in shown and "SYNTHETIC" in shown


def test_a_page_gets_metrics_confusion_and_calibration_of_a_run(runs: tuple[Run, Run]):
    folder = runs[0].folder
    assert {(one.modalities, one.level) for one in services.run_metrics(folder)} == {
        (setting, level) for setting in ("audio+video", "video", "audio") for level in ("clip", "subject")
    }
    for kind, size in (("diagnosis", 3), ("level", 3), ("combined", 7)):
        found = services.run_confusion(folder, kind, modalities="video")
        assert found is not None and len(found.labels) == size
        assert sum(one.times for target in found.labels for said in found.labels for one in found.clips(target, said)) == int(
            found.counts.sum()
        )
    curve = services.run_calibration(folder, modalities="video")
    assert sum(one.clips for one in curve) == 3 * 6 * 3


def test_a_setting_that_a_run_never_judged_is_refused_with_those_that_it_has(runs: tuple[Run, Run], tmp_path: Path):
    single = made(tmp_path / "one", table(seed=3), settings=("video",), system="fcn", encoders="KI")
    for folder, asked, there in ((runs[0].folder, "nope", "audio, audio\\+video, video"), (single.folder, "audio", "video")):
        with pytest.raises(RunError, match=rf"judged nothing with '{asked}'. Ask for one of {there}\.$"):
            services.run_calibration(folder, modalities=asked)
        with pytest.raises(RunError, match=rf"judged nothing with '{asked}'. Ask for one of {there}\.$"):
            services.run_confusion(folder, "diagnosis", modalities=asked)


def test_raters_agree_as_their_scores_say(tmp_path: Path):
    manifest = write_cohort(tmp_path / "c", per_group=4)
    found = {one.item: one for one in services.rater_agreement(manifest)}
    # speed has one rater, so nothing of it, or of the total, was rated by all
    assert (found["speed"].clips, found["total"].clips, found["symmetry"].clips) == (0, 0, 24)
    assert found["symmetry"].single.value == 1.0 and found["symmetry"].kappas[0].kappa == 1.0
    text = pd.read_csv(manifest)
    text["rating_symmetry_SLP2"] = [min(5, score + place % 2) for place, score in enumerate(text["rating_symmetry_SLP1"])]
    text.to_csv(manifest, index=False)
    one = next(one for one in services.rater_agreement(manifest) if one.item == "symmetry")
    expected = sk.cohen_kappa_score(text["rating_symmetry_SLP1"], text["rating_symmetry_SLP2"], weights="quadratic")
    assert one.kappas[0].kappa == pytest.approx(expected)
    assert one.single.low < one.single.value < one.mean.value < 1
