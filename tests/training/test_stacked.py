"""Members trained as one stack are those that the loop trains one after the other, where they draw the same numbers."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from divine.models import precision
from divine.models.batch import Batch, move, take
from divine.models.config import Schema
from divine.store import Store
from divine.training.config import TrainingConfig
from divine.training.cross_validate import cross_validate
from divine.training.errors import TrainingError
from divine.training.loop import Fitted, fit
from divine.training.predict import run
from divine.training.run import Run
from divine.training.source import MemorySource
from divine.training.spec import RunSpec
from divine.training.stack_adam import StackedAdam
from divine.training.stacked import Member, fit_stacked
from divine.training.standardise import Moments
from tests.models.toy import TINY
from tests.training.cohort import SCHEMA, cohort
from tests.training.cohorts import write_cohort
from tests.training.devices import CPU, DEVICES

QUIET = replace(TINY, dropout=0.0)
BRIEF = TrainingConfig(max_epochs=2)


@pytest.fixture(autouse=True)
def posterior_means(monkeypatch: pytest.MonkeyPatch):
    """Both engines take means instead of drawing: what is left that is random, they share."""
    for module in ("divine", "single_level"):
        monkeypatch.setattr(f"divine.models.{module}.sample", lambda mu, logvar: mu)


def members(clips: int = 70) -> list[Member]:
    """Three members of unequal size: 41, 33 and 20 training clips, so that some rest while others take a step."""
    order = torch.randperm(clips, generator=torch.Generator().manual_seed(1))
    return [
        Member(order[a:b], order[c:d], seed)
        for seed, (a, b, c, d) in enumerate([(0, 41, 41, 60), (20, 53, 53, 70), (50, 70, 0, 9)])
    ]


def lacking(whole: Batch) -> Batch:
    whole.video.present[::7] = False
    whole.audio.present[3::7] = False
    whole.targets.rated[::5] = False
    return whole


def on_cpu(fitted: Fitted) -> Fitted:
    """What the loop trained, where it can be asked; it trains where its sources lie."""
    moments = fitted.moments.map(lambda _, one: Moments(*(part.cpu() for part in one)))
    return replace(fitted, model=fitted.model.cpu(), moments=moments)


TRAININGS = {
    "averaged": TrainingConfig(batch_size=16, max_epochs=4, keep="last", average=0.9),
    "stopped early": TrainingConfig(batch_size=16, max_epochs=6, patience=1, keep="best", average=0.0, learning_rate=1e-2),
}


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("architecture", ["divine", "concat"])
def test_stacked_and_looped_members_agree(architecture: str, training: str, device: torch.device):
    clips, asked = lacking(cohort(70, 0)), TRAININGS[training]
    whole = move(clips, device)
    stacked = fit_stacked(clips, members(), SCHEMA, QUIET, asked, architecture=architecture, device=device)
    lengths = set()
    for member, one in zip(members(), stacked, strict=True):
        train, validation = MemorySource(take(whole, member.train)), MemorySource(take(whole, member.validation))
        alone = on_cpu(fit(train, validation, SCHEMA, QUIET, asked, member.seed, architecture=architecture))
        assert [e.best for e in one.history] == [e.best for e in alone.history]
        for mine, theirs in zip(one.history, alone.history, strict=True):
            assert mine.validation == pytest.approx(theirs.validation, rel=1e-4, abs=1e-4)
            torch.testing.assert_close(torch.stack(mine.train), torch.stack(theirs.train).cpu(), rtol=1e-4, atol=1e-4)
        for name, value in alone.model.state_dict().items():
            if not name.endswith("query_key_value.bias"):  # softmax is blind to a key's bias: Adam follows its rounding errors
                apart = torch.linalg.vector_norm(one.model.state_dict()[name] - value)
                assert apart <= 1e-3 * torch.linalg.vector_norm(value) + 1e-6
        unseen = cohort(9, 3)
        for mine, theirs in zip(run(one, unseen).logits, run(alone, unseen).logits, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
        lengths.add(len(one.history))
    assert training == "averaged" or len(lengths) > 1  # members stop each at its own time


def test_one_modality_and_no_ratings_stack():
    schema = Schema(None, 10, ("a", "b"))
    whole = cohort(40, 0, schema)
    two = [Member(torch.arange(0, 24), torch.arange(24, 32), 0), Member(torch.arange(8, 32), torch.arange(32, 40), 1)]
    fitted = fit_stacked(whole, two, schema, TINY, TrainingConfig(max_epochs=2), device=CPU)
    assert [len(one.history) for one in fitted] == [2, 2]
    assert run(fitted[0], whole).logits.level is None


def test_members_do_not_touch_one_another():
    """A member beside two others is what it is beside none, to rounding."""
    whole, asked = cohort(70, 0), TRAININGS["averaged"]
    together = fit_stacked(whole, members(), SCHEMA, QUIET, asked, device=CPU)
    (alone,) = fit_stacked(whole, members()[1:2], SCHEMA, QUIET, asked, device=CPU)
    unseen = cohort(9, 3)
    for mine, theirs in zip(run(together[1], unseen).logits, run(alone, unseen).logits, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_adam_over_rows_is_torchs_adam_and_resting_rows_rest():
    g = torch.Generator().manual_seed(0)
    start = torch.randn(2, 5, generator=g)
    rows, rests = start.clone(), torch.tensor([True, False])
    mine = StackedAdam(rows, 1e-2, 1e-1)
    theirs = [torch.nn.Parameter(row.clone()) for row in start]
    each = [torch.optim.AdamW([one], lr=1e-2, weight_decay=1e-1) for one in theirs]
    for step in range(6):
        gradient = torch.randn(2, 5, generator=g)
        active = torch.tensor([True, True]) if step % 2 else rests
        mine.step(gradient, active)
        for place in range(2):
            if active[place]:
                theirs[place].grad = gradient[place].clone()
                each[place].step()
    torch.testing.assert_close(rows, torch.stack([one.detach() for one in theirs]), rtol=1e-5, atol=1e-6)


def test_a_member_with_nothing_to_learn_from_is_named():
    whole = cohort(20, 0)
    with pytest.raises(TrainingError, match="no validation clips"):
        fit_stacked(
            whole, [Member(torch.arange(10), torch.arange(0), 0)], SCHEMA, TINY, TrainingConfig(max_epochs=1), device=CPU
        )


def test_a_run_on_the_stacked_engine_goes_on_to_the_same_predictions(tmp_path: Path):
    asked = RunSpec(str(write_cohort(tmp_path / "c", per_group=3)), "V+A", QUIET, folds=3, seeds=1, training=BRIEF)
    made, steps = Run(tmp_path / "run"), []
    cross_validate(asked, made, Store(tmp_path / "store"), engine="stacked", workers=1, on_step=steps.append)
    first = made.predictions().frame
    assert [(step.done, step.total) for step in steps if step.stage == "training"] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    for name in ("members/f1s0/predictions.parquet", "predictions.parquet"):
        (made.folder / name).unlink()
    cross_validate(asked, made, Store(tmp_path / "store"), engine="stacked", workers=1)
    pd.testing.assert_frame_equal(made.predictions().frame, first, check_exact=True)
    looped = Run(tmp_path / "looped")
    cross_validate(asked, looped, Store(tmp_path / "store"), engine="members", workers=1)
    pd.testing.assert_frame_equal(looped.predictions().frame, first, rtol=1e-3, atol=1e-3)


def test_what_has_no_network_cannot_be_stacked(tmp_path: Path):
    asked = RunSpec(str(write_cohort(tmp_path / "c", per_group=3)), "V+A", QUIET, system="majority", folds=3, seeds=1)
    with pytest.raises(TrainingError, match="no network to stack"):
        cross_validate(asked, Run(tmp_path / "run"), Store(tmp_path / "store"), engine="stacked", workers=1)


def test_the_products_of_a_stack_can_run_in_bfloat16(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(precision, "MANY_ROWS", 1)
    whole, asked = cohort(70, 0), TrainingConfig(batch_size=16, max_epochs=2)
    plain, reduced = (
        fit_stacked(whole, members(), SCHEMA, QUIET, asked, precision=p, device=CPU) for p in ("float32", "bfloat16")
    )
    for one, other in zip(plain, reduced, strict=True):
        assert one.history[-1].validation != other.history[-1].validation
        assert other.history[-1].validation == pytest.approx(one.history[-1].validation, rel=0.05)
