"""What a full disk, a power cut or a careless hand damages in a run: done again, to the same predictions, or told in a line."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest

from divine import services
from divine.records import DivineError
from divine.store import Store
from divine.training.config import TrainingConfig
from divine.training.cross_validate import cross_validate
from divine.training.errors import TrainingError
from divine.training.run import Run
from divine.training.spec import RunSpec, configure
from tests.training.cohorts import write_cohort


def train(root: Path, *, baselines: Sequence[str] = ()) -> Path:
    """Train logistic regression on a cohort under ``root``, in a blink, or go on with that."""
    manifest = root / "cohort" / "manifest.csv"
    if not manifest.is_file():
        write_cohort(root / "cohort", per_group=3)
    services.train(manifest, root / "run", encoders="V+A", system="logistic", folds=3, seeds=1, workers=1, baselines=baselines)
    return root / "run"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def blank(path: Path) -> None:
    """Leave zeros of the right length, as a power cut does."""
    path.write_bytes(bytes(path.stat().st_size))


def garble(path: Path) -> None:
    """Overwrite the first columns, where the footer does not tell of it."""
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(400) + content[404:])


DAMAGE = pytest.mark.parametrize("damage", [cut, blank, Path.unlink])


def members(run: Path) -> dict[str, int]:
    return {path.parent.name: path.stat().st_mtime_ns for path in run.glob("members/*/predictions.parquet")}


def table(run: Path) -> pd.DataFrame:
    return Run(run).predictions().frame


@DAMAGE
def test_a_member_whose_predictions_are_damaged_is_trained_again(tmp_path: Path, damage: Callable[[Path], None]):
    run = train(tmp_path)
    first, before = table(run), members(run)
    damage(run / "members" / "f0s0" / "predictions.parquet")
    train(tmp_path)
    pd.testing.assert_frame_equal(table(run), first, check_exact=True)
    assert [name for name in before if members(run)[name] != before[name]] == ["f0s0"]


@pytest.mark.parametrize(("name", "damage"), [("history.parquet", cut), ("weights.safetensors", Path.unlink)])
def test_a_network_that_lost_what_it_leaves_is_trained_again(tmp_path: Path, name: str, damage: Callable[[Path], None]):
    manifest, run = write_cohort(tmp_path / "cohort", per_group=3), Run(tmp_path / "run")
    config, quick = configure("concat", "M", 5), TrainingConfig(max_epochs=1)
    asked = RunSpec(str(manifest), "V+A", config, "concat", folds=3, seeds=1, training=quick)
    cross_validate(asked, run, Store(tmp_path / "store"), workers=1, engine="members")
    first, before = run.predictions().frame, members(run.folder)
    damage(run.folder / "members" / "f1s0" / name)
    cross_validate(asked, run, Store(tmp_path / "store"), workers=1, engine="members")
    pd.testing.assert_frame_equal(run.predictions().frame, first, check_exact=True)
    assert [one for one in before if members(run.folder)[one] != before[one]] == ["f1s0"]
    assert (run.folder / "members" / "f1s0" / name).is_file()


@DAMAGE
def test_a_baseline_whose_predictions_are_damaged_is_fitted_again(tmp_path: Path, damage: Callable[[Path], None]):
    run = train(tmp_path, baselines=["majority"])
    first, before = table(run), members(run)
    damage(run / "members" / "f0s0" / "baselines" / "majority.parquet")
    train(tmp_path, baselines=["majority"])
    pd.testing.assert_frame_equal(table(run), first, check_exact=True)
    assert members(run) == before


def test_what_is_damaged_where_nobody_looks_is_told_in_a_line(tmp_path: Path):
    run = train(tmp_path)
    garble(run / "members" / "f0s0" / "predictions.parquet")
    with pytest.raises(TrainingError, match=r"f0s0/predictions\.parquet: is damaged\. Delete it and give the command again"):
        train(tmp_path)
    (run / "members" / "f0s0" / "predictions.parquet").unlink()
    train(tmp_path)


@DAMAGE
@pytest.mark.parametrize("name", ["pack.json", "video.npy", "video_mask.npy", "audio.npy"])
def test_features_that_are_damaged_are_packed_anew(tmp_path: Path, name: str, damage: Callable[[Path], None]):
    run = train(tmp_path)
    first, whole = table(run), (run / "features" / name).read_bytes()
    (run / "members" / "f0s0" / "predictions.parquet").unlink()
    damage(run / "features" / name)
    train(tmp_path)
    pd.testing.assert_frame_equal(table(run), first, check_exact=True)
    assert (run / "features" / name).read_bytes() == whole


def test_features_that_were_deleted_are_packed_anew_unless_the_cohort_has_changed(tmp_path: Path):
    run = train(tmp_path)
    first, manifest = table(run), tmp_path / "cohort" / "manifest.csv"
    shutil.rmtree(run / "features")
    whole = manifest.read_text()
    manifest.write_text("".join(line for line in whole.splitlines(keepends=True) if "0-1-DDK_PA" not in line))
    with pytest.raises(TrainingError, match="1 gone"):
        train(tmp_path)
    manifest.write_text(whole)
    train(tmp_path)
    pd.testing.assert_frame_equal(table(run), first, check_exact=True)


def test_a_folder_of_before_cohorts_were_noted_does_not_go_on_with_other_clips(tmp_path: Path):
    run, manifest = train(tmp_path), tmp_path / "cohort" / "manifest.csv"
    whole = manifest.read_text()
    manifest.write_text("".join(line for line in whole.splitlines(keepends=True) if "0-1-DDK_PA" not in line))
    (run / "cohort.json").unlink()
    with pytest.raises(DivineError, match="features of 18 clips lie there, and the cohort has 17"):
        train(tmp_path)


def test_a_table_without_rows_is_refused_by_whoever_reads_it(tmp_path: Path):
    run = train(tmp_path)
    pd.read_parquet(run / "predictions.parquet").iloc[:0].to_parquet(run / "predictions.parquet")
    with pytest.raises(TrainingError, match=r"run/predictions\.parquet: has no rows\. Delete it and train again"):
        services.evaluate(run)
    train(tmp_path)
    assert services.evaluate(run)
