import dataclasses
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from divine import cli, services
from divine.models.config import DivineConfig
from divine.store import Store
from divine.training.checkpoint import load
from divine.training.config import TrainingConfig
from divine.training.cross_validate import Step, cross_validate
from divine.training.errors import TrainingError
from divine.training.run import Run
from divine.training.spec import RunSpec, configure
from tests.training.cohorts import write_cohort

_SIZES = ("refine_channels", "window_hidden", "utterance_hidden", "mixer_hidden")
TINY = DivineConfig.small(window_latent=4, shared_latent=4, private_latent=4, **dict.fromkeys(_SIZES, 8))
QUICK = TrainingConfig(max_epochs=2)


def spec(manifest: Path, **changes: object) -> RunSpec:
    return dataclasses.replace(RunSpec(str(manifest), "V+A", TINY, folds=3, seeds=1, training=QUICK), **changes)


def run(asked: RunSpec, folder: Path, steps: list[Step] | None = None) -> Run:
    made = Run(folder)
    told = [] if steps is None else steps
    cross_validate(asked, made, Store(folder.parent / "store"), workers=1, on_step=told.append)
    return made


def test_a_run_judges_every_subject_once_per_seed_in_every_setting(tmp_path: Path):
    made = run(spec(write_cohort(tmp_path / "c"), seeds=2, baselines=("majority", "age-sex")), tmp_path / "run")
    assert (made.status().state, made.status().done, made.status().total) == ("done", 6, 6)
    frame = made.predictions().frame
    tested = frame[(frame["part"] == "test") & (frame["system"] == "divine")]
    counts = tested.groupby(["group", "subject", "clip", "seed", "modalities"]).size()
    assert len(counts) == 3 * 4 * 2 * 2 * 3 and (counts == 1).all()
    assert set(tested["modalities"]) == {"audio+video", "audio", "video"}
    probabilities = tested[[name for name in tested if name.startswith("probability_")]].to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert {"gate_video", "gate_audio", "attention_symmetry", "target_total", "predicted_level"} <= set(frame.columns)
    assert (tested.loc[tested["modalities"] == "audio", "gate_video"] == 0).all()
    assert set(frame["system"]) == {"divine", "majority", "age-sex"}


def test_nobody_stands_on_two_sides_in_the_stored_predictions(tmp_path: Path):
    made = run(spec(write_cohort(tmp_path / "c")), tmp_path / "run")
    frame = made.predictions().frame
    sides = frame[frame["system"] == "divine"].groupby(["group", "subject", "fold", "seed"])["part"].nunique()
    assert (sides == 1).all()


def test_a_member_can_be_loaded_and_names_its_training(tmp_path: Path):
    made = run(spec(write_cohort(tmp_path / "c")), tmp_path / "run")
    checkpoint = load(made.folder / "members" / "f0s0")
    assert "fold 0, seed 0" in checkpoint.card.trained_on
    assert [one.code for one in checkpoint.encoders] == ["V", "A"]


def test_members_leave_what_their_bottlenecks_let_through(tmp_path: Path):
    made = run(spec(write_cohort(tmp_path / "c")), tmp_path / "run")
    events = [json.loads(line) for line in (made.folder / "events.jsonl").read_text().splitlines()]
    finished = [one for one in events if one["event"] == "finished"]
    assert len(finished) == 3
    for one in finished:
        assert [each["name"] for each in one["latents"]][:3] == ["video window", "video shared", "video private"]
        assert all(0 <= each["active"] <= each["size"] == 4 and each["kl"] > 0 for each in one["latents"])


def test_what_is_finished_is_not_done_again_and_what_is_redone_is_the_same(tmp_path: Path):
    asked = spec(write_cohort(tmp_path / "c"))
    made = run(asked, tmp_path / "run")
    first = (made.folder / "predictions.parquet").read_bytes()
    kept = (made.folder / "members" / "f0s0" / "weights.safetensors").stat().st_mtime_ns
    (made.folder / "members" / "f1s0" / "predictions.parquet").unlink()
    (made.folder / "predictions.parquet").unlink()
    steps: list[Step] = []
    run(asked, tmp_path / "run", steps)
    assert [step for step in steps if step.stage == "training"] == [Step("training", 2, 3), Step("training", 3, 3)]
    assert (made.folder / "predictions.parquet").read_bytes() == first
    assert (made.folder / "members" / "f0s0" / "weights.safetensors").stat().st_mtime_ns == kept


def test_killed_in_the_middle_it_goes_on_to_the_same_predictions(tmp_path: Path):
    manifest = write_cohort(tmp_path / "c", per_group=3, tasks=("DDK_PA",))
    asked = spec(manifest)
    script = (
        "import sys; from pathlib import Path; from divine.store import Store; from divine.training.run import Run;"
        "from divine.training.spec import RunSpec; from divine.training.cross_validate import cross_validate;"
        "asked = RunSpec.from_json(Path(sys.argv[1]).read_bytes());"
        "cross_validate(asked, Run(Path(sys.argv[2])), Store(Path(sys.argv[2]).parent / 'store'))"
    )
    (tmp_path / "spec").write_bytes(asked.to_json())
    process = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path / "spec", tmp_path / "killed"], stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not list((tmp_path / "killed").glob("members/*/weights.safetensors")):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    whole, killed = (run(asked, tmp_path / name).predictions().frame for name in ("whole", "killed"))
    pd.testing.assert_frame_equal(whole, killed, check_exact=True)


@pytest.mark.parametrize(
    ("cohort", "encoders"),
    [
        ({"video": False}, "A"),
        ({"groups": ("ALS", "Healthy"), "ratings": False}, "V+A"),
        ({"steps": 1}, "V+A"),
        ({}, "V"),
    ],
    ids=["voice only", "two classes without ratings", "one step", "one encoder of two"],
)
def test_cohorts_that_lack_something_train_and_evaluate(tmp_path: Path, cohort: dict, encoders: str):
    made = run(spec(write_cohort(tmp_path / "c", **cohort), encoders=encoders), tmp_path / "run")
    document = services.evaluate(made.folder)
    assert {result["modalities"] for result in document["results"]} == (
        {"audio+video", "audio", "video"} if encoders == "V+A" else {"audio"} if encoders == "A" else {"video"}
    )
    has_severity = "mae_total" in document["results"][0]["metrics"]
    assert has_severity == cohort.get("ratings", True)
    json.dumps(document, allow_nan=False)


def test_majority_says_the_shares_of_training_and_age_and_sex_need_everybody(tmp_path: Path):
    made = run(spec(write_cohort(tmp_path / "c"), baselines=("majority",)), tmp_path / "run")
    frame = made.predictions().frame
    majority = frame[frame["system"] == "majority"]
    assert set(majority["part"]) == {"test"}
    np.testing.assert_allclose(majority[["probability_ALS", "probability_Stroke", "probability_Healthy"]], 1 / 3, atol=0.2)
    nobody, other = write_cohort(tmp_path / "d", ages=False), write_cohort(tmp_path / "e")
    other.write_text(other.read_text().replace(",50,F", ",50,divers"))
    for place in (nobody, other):
        with pytest.raises(TrainingError, match="has no age, or no sex of F or M"):
            run(spec(place, baselines=("age-sex",)), place.parent / "run")
        assert Run(place.parent / "run").status().state == "failed"


def test_baselines_are_judged_on_the_clips_that_their_system_judges(tmp_path: Path):
    manifest = write_cohort(tmp_path / "c")
    features = np.load(tmp_path / "c" / "0-1-DDK_PA-video.npy")
    np.save(tmp_path / "c" / "0-1-DDK_PA-video.npy", np.full_like(features, np.nan))
    frame = run(spec(manifest, encoders="V", baselines=("majority", "age-sex")), tmp_path / "run").predictions().frame
    test = frame[frame["part"] == "test"]
    judged = {name: set(rows["clip"]) for name, rows in test.groupby("system")}
    assert len(judged) == 3 and len(set(map(frozenset, judged.values()))) == 1
    assert len(judged["majority"]) == 23


def test_what_a_run_does_without_is_told(tmp_path: Path):
    manifest = write_cohort(tmp_path / "c")
    features = tmp_path / "c" / "0-1-DDK_PA-video.npy"
    np.save(features, np.full_like(np.load(features), np.nan))
    manifest.write_text(manifest.read_text().replace("1-2-DDK_PA-video.npy", "../away.npy"))
    status = run(spec(manifest, encoders="V"), tmp_path / "run").status()
    assert status.notes == (
        "1 error in the cohort: `divine data check` says what is left out.",
        "2 of 24 clips have no features of V: neither trained on nor judged.",
    )
    assert run(spec(write_cohort(tmp_path / "whole")), tmp_path / "other").status().notes == ()


def test_nothing_left_to_train_on_is_said_before_features_are_made(tmp_path: Path):
    with pytest.raises(TrainingError, match="of audio alone nothing is left"):
        run(spec(write_cohort(tmp_path / "c"), encoders="V", train_modalities="audio"), tmp_path / "run")
    assert not (tmp_path / "run" / "features").exists()


def test_an_altered_split_is_noticed(tmp_path: Path):
    made = run(spec(write_cohort(tmp_path / "c")), tmp_path / "run")
    made.split_file.write_text(made.split_file.read_text().replace("P1", "P2", 1))
    with pytest.raises(TrainingError, match=r"split\.json: was altered"):
        services.evaluate(made.folder)


def test_a_folder_keeps_to_what_it_was_asked(tmp_path: Path):
    manifest = write_cohort(tmp_path / "c")
    made = run(spec(manifest), tmp_path / "run")
    with pytest.raises(TrainingError, match="asked something else"):
        run(spec(manifest, seeds=2), tmp_path / "run")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.doc").touch()
    with pytest.raises(TrainingError, match="not empty"):
        run(spec(manifest), tmp_path / "other")
    with made.locked(), pytest.raises(TrainingError, match="another process"):
        run(spec(manifest), tmp_path / "run")


def test_a_spec_survives_json_and_names_its_objective(tmp_path: Path):
    for folds in (5, "loso"):
        asked = RunSpec("data", "KI+AC", configure("divine-no-sparse", "C", 100), folds=folds)
        assert RunSpec.from_json(asked.to_json()) == asked
    assert (asked.config.gates, asked.config.loss.sparse, asked.config.loss.alpha) == ("ones", False, 0.0)
    assert configure("divine", "M", 768) == DivineConfig()
    with pytest.raises(TrainingError, match="no such system"):
        configure("magic", "M", 10)


def test_more_of_the_task_set_than_there_is_says_so(tmp_path: Path):
    asked = spec(write_cohort(tmp_path / "c", tasks=("NSM_OPEN",)), tasks="speech")
    with pytest.raises(TrainingError, match="task set 'speech'"):
        run(asked, tmp_path / "run")


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int | str | None:
    """Give a command line to ``divine`` and return its exit status."""
    monkeypatch.setattr(sys, "argv", ["divine", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIVINE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("name", ["train", "sweep"])
def test_folds_that_are_no_number_are_wrong_usage(name: str, tmp_path: Path, home: Path, monkeypatch, capsys):
    more = ("--video", "V") if name == "sweep" else ()
    assert command(monkeypatch, name, tmp_path, "--run", tmp_path / "run", "--folds", "²", *more) == 2
    assert "give a number, loso or given" in capsys.readouterr().err


def test_a_baseline_that_is_named_twice_is_taken_once(tmp_path: Path, home: Path, monkeypatch):
    manifest = write_cohort(tmp_path / "c", per_group=3)
    about = ("--encoders", "V+A", "--system", "majority", "--folds", "3", "--seeds", "1", "--workers", "1")
    assert not command(monkeypatch, "train", manifest, "--run", tmp_path / "run", *about, "--baselines", "age-sex, age-sex")
    frame = Run(tmp_path / "run").predictions().frame
    assert not frame.duplicated(["system", "group", "subject", "clip", "modalities", "part"]).any()
    assert set(frame["system"]) == {"majority", "age-sex"}


def test_a_sweep_of_which_a_run_failed_exits_with_one(tmp_path: Path, home: Path, monkeypatch, capsys):
    manifest = write_cohort(tmp_path / "c", per_group=3, ages=False)
    about = (manifest, "--video", "V", "--folds", "3", "--seeds", "1", "--workers", "1")
    assert command(monkeypatch, "sweep", *about, "--run", tmp_path / "bad", "--systems", "majority,age-sex") == 1
    told = capsys.readouterr().err
    assert "1 of 2 runs done" in told and "has no age" in " ".join(told.split())
    absent = (*about, "--audio", "WV", "--systems", "majority")
    assert not command(monkeypatch, "sweep", *absent, "--run", tmp_path / "absent")
    assert "0 of 1 runs done" in capsys.readouterr().err


def test_a_cohort_of_which_nothing_is_left_says_so_and_who_says_why(tmp_path: Path, home: Path, monkeypatch, capsys):
    manifest = write_cohort(tmp_path / "c", per_group=3)
    for path in manifest.parent.glob("*.npy"):
        path.unlink()
    assert command(monkeypatch, "train", manifest, "--run", tmp_path / "run", "--encoders", "V+A") == 1
    told = capsys.readouterr().err
    assert "the cohort holds no usable clip" in told and f"divine data check {manifest}" in told
