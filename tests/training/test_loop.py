"""One training run: it learns, it stops, it repeats itself to the byte, and it copes with what a cohort lacks."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from divine.evaluation.metrics import accuracy, spearman
from divine.models.batch import Batch, take
from divine.models.config import DivineConfig, LossWeights, Schema
from divine.models.systems import build
from divine.training.average import Average
from divine.training.config import TrainingConfig
from divine.training.errors import TrainingCancelledError, TrainingError
from divine.training.latents import report_latents
from divine.training.loop import class_weights, fit
from divine.training.predict import infer, predict
from divine.training.source import MemorySource
from tests.models.toy import TINY
from tests.training.cohort import SCHEMA, cohort

FAST = TrainingConfig(learning_rate=3e-3, batch_size=16, max_epochs=20)
BRIEF = TrainingConfig(max_epochs=2)


def train(schema=SCHEMA, config=TINY, training=BRIEF, seed=0, clips=24, change=lambda batch: batch, **arguments):
    sources = (MemorySource(change(cohort(n, at, schema))) for n, at in ((clips, 0), (12, 1)))
    return fit(*sources, schema, config, training, seed, **arguments)


def right(fitted, batch: Batch) -> float:
    said = np.array([one.probabilities.argmax() for one in predict(fitted, batch)])
    return accuracy(target=batch.targets.diagnosis.numpy(), predicted=said)


@pytest.fixture(scope="module")
def learned():
    # Averaged weights lag: the 20 epochs that sufficed for the best epoch are too few.
    return train(config=DivineConfig.small(), training=replace(FAST, max_epochs=40), clips=96)


def test_a_planted_signal_is_found_on_clips_never_seen_in_either_modality(learned):
    unseen = cohort(90, 2)
    assert right(learned, unseen) > 0.95
    assert right(learned, unseen._replace(audio=None)) > 0.9
    assert right(learned, unseen._replace(video=None)) > 0.9


def test_severity_follows_the_planted_scores(learned):
    unseen = cohort(90, 2)
    totals = np.array([one.item_scores.sum() for one in predict(learned, unseen)])
    assert spearman(target=unseen.targets.ratings.sum(dim=1).numpy(), predicted=totals) > 0.8


def test_a_tiny_batch_can_be_learned_by_heart():
    few = cohort(12, 3, strength=0.0)  # nothing but noise
    calm = TrainingConfig(learning_rate=5e-3, max_epochs=90, patience=90, modality_dropout=0.0)
    fitted = fit(MemorySource(few), MemorySource(few), SCHEMA, DivineConfig.small(dropout=0.0), calm, 0)
    assert right(fitted, few) > 0.95


def test_the_best_epoch_is_restored_and_patience_ends_the_run(learned):
    again = fit(
        MemorySource(cohort(24, 0)),
        MemorySource(cohort(12, 1, strength=0.0)),  # a validation set that training can only make worse
        SCHEMA,
        DivineConfig.small(),
        TrainingConfig(learning_rate=1e-2, patience=3, keep="best", average=0.0),
        0,
    )
    values = [epoch.validation for epoch in again.history]
    best = int(np.argmin(values))
    assert len(values) == best + 4 < 50
    assert [epoch.best for epoch in again.history] == [value < min([math.inf, *values[:at]]) for at, value in enumerate(values)]
    stopped = fit(
        MemorySource(cohort(24, 0)),
        MemorySource(cohort(12, 1, strength=0.0)),
        SCHEMA,
        DivineConfig.small(),
        TrainingConfig(learning_rate=1e-2, max_epochs=best + 1, keep="best", average=0.0),
        0,
    )
    for a, b in zip(again.model.state_dict().values(), stopped.model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert not again.model.training


def test_the_average_of_the_weights_is_what_the_formula_says():
    torch.manual_seed(0)
    model = build("divine", TINY, SCHEMA)
    average = Average(model, 0.9)
    expected = {name: value.clone() for name, value in model.state_dict().items()}
    for step in range(1, 101):
        for parameter in model.parameters():
            parameter.data.normal_()
        average.follow()
        decay = min(0.9, step / (step + 10))
        for name, value in model.state_dict().items():
            expected[name] = decay * expected[name] + (1 - decay) * value
    for name, value in average.model.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-4, atol=1e-6)


def test_the_last_epoch_is_kept_though_validation_was_better_before():
    hopeless = cohort(12, 1, strength=0.0)
    sources = MemorySource(cohort(24, 0)), MemorySource(hopeless)
    steep = TrainingConfig(learning_rate=1e-2, max_epochs=12, average=0.0)
    last, best = (fit(*sources, SCHEMA, DivineConfig.small(), replace(steep, keep=keep), 0) for keep in ("last", "best"))
    assert len(last.history) == 12 and not last.history[-1].best
    assert any(not torch.equal(a, b) for a, b in zip(last.model.parameters(), best.model.parameters(), strict=True))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_model():
    one, two, other = train(), train(), train(seed=1)
    for a, b in zip(one.model.state_dict().values(), two.model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert [epoch.validation for epoch in one.history] == [epoch.validation for epoch in two.history]
    assert any(not torch.equal(a, b) for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True))


def test_training_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    train()
    assert torch.equal(torch.rand(1), expected)


def test_standardisation_and_class_weights_come_from_training_clips_only():
    fitted = train()
    values = cohort(24, 0).video
    steps = values.values[values.mask].double().numpy()
    np.testing.assert_allclose(fitted.moments.video.mean, steps.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(fitted.moments.video.std, steps.std(axis=0), rtol=1e-5)


def test_class_weights_balance_the_classes():
    batch = cohort(12, 0)
    uneven = take(batch, torch.tensor([0, 3, 6, 9, 1, 4]))  # four of class 0, two of class 1, none of class 2
    weights = class_weights(uneven.targets, 3)
    torch.testing.assert_close(weights, torch.tensor([6 / 8, 6 / 4, 0.0]))
    assert float(weights[uneven.targets.diagnosis].mean()) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(3))
def test_modality_dropout_keeps_every_clip(seed):
    from divine.training.modality_dropout import drop_modality

    batch = cohort(400, seed)
    batch.video.present[:20] = False
    batch.audio.present[20:40] = False
    dropped = drop_modality(batch, 0.3, torch.Generator().manual_seed(seed))
    assert (dropped.video.present | dropped.audio.present).all()
    assert dropped.audio.present[:20].all()
    assert dropped.video.present[20:40].all()
    lost_video, lost_audio = (~dropped.video.present[40:]).float().mean(), (~dropped.audio.present[40:]).float().mean()
    assert 0.09 < lost_video < 0.21
    assert 0.09 < lost_audio < 0.21


COHORTS = {
    "video only": Schema(12, None, ("a", "b", "c"), ("x",)),
    "audio only": Schema(None, 10, ("a", "b")),
    "no ratings": Schema(12, 10, ("one class", "another <class>")),
}


@pytest.mark.parametrize("name", COHORTS)
def test_cohorts_that_lack_something_train_and_judge(name):
    schema = COHORTS[name]
    fitted = train(schema)
    said = predict(fitted, cohort(3, 7, schema))
    assert all(one.classes == schema.classes and one.probabilities.sum() == pytest.approx(1, abs=1e-5) for one in said)
    assert all((one.item_scores is None) == (not schema.items) for one in said)
    assert {report.name.split()[0] for report in report_latents([infer(fitted, cohort(12, 1, schema))])} == set(schema.dims)


def test_clips_that_lack_a_modality_or_their_ratings_train():
    def lacking(batch: Batch) -> Batch:
        batch.video.present[::3] = False
        batch.audio.present[1::3] = False
        batch.targets.rated[::2] = False
        batch.targets.level[::2] = -1
        batch.targets.diagnosis[5] = -1
        return batch

    history = train(change=lacking).history
    assert all(math.isfinite(epoch.validation) and epoch.train.total.isfinite() for epoch in history)


def test_utterance_vectors_train():
    def one_step(batch: Batch) -> Batch:
        return batch._replace(
            **{
                name: part._replace(values=part.values[:, :1], mask=part.mask[:, :1])
                for name, part in (("video", batch.video), ("audio", batch.audio))
            }
        )

    assert len(train(change=one_step).history) == 2


@pytest.mark.parametrize("clips", [1, 33])
def test_a_clip_left_over_is_neither_dropped_nor_alone(clips, monkeypatch):
    from divine.training import source

    sizes, kept = [], source.take

    def counting(batch, index):
        sizes.append(len(index))
        return kept(batch, index)

    monkeypatch.setattr(source, "take", counting)
    train(clips=clips, training=TrainingConfig(max_epochs=1))
    training = [size for size in sizes if size not in (12, clips)] if clips == 33 else [1]
    assert sorted(training) == ([16, 17] if clips == 33 else [1])


def test_the_latents_are_reported(learned):
    found = report_latents([infer(learned, cohort(12, 1))])
    assert [one.name for one in found] == [
        f"{modality} {latent}" for modality in ("video", "audio") for latent in ("window", "shared", "private")
    ]
    assert all(one.kl > 0 and 0 < one.active <= one.size == 32 for one in found)


def test_a_system_without_latents_has_none_to_report():
    assert report_latents([infer(train(architecture="concat"), cohort(12, 1))]) == ()


def test_a_heavier_beta_closes_the_bottleneck(learned):
    heavy = LossWeights(beta_window=10.0, beta_shared=10.0, beta_private=10.0)
    closed = train(config=DivineConfig.small(loss=heavy), training=FAST)
    open_wide, shut = (report_latents([infer(one, cohort(12, 1))]) for one in (learned, closed))
    assert all(b.kl < 0.1 * a.kl for a, b in zip(open_wide, shut, strict=True))


def test_progress_is_told_and_cancelling_ends_the_run():
    seen = []
    with pytest.raises(TrainingCancelledError, match="epoch 2"):
        train(on_epoch=seen.append, cancelled=lambda: len(seen) == 1)
    assert [epoch.number for epoch in seen] == [1]


def test_what_cannot_be_trained_on_is_refused():
    whole = cohort(6, 0)
    nothing = whole.targets._replace(
        diagnosis=torch.full((6,), -1), level=torch.full((6,), -1), rated=torch.zeros(6, 2, dtype=torch.bool)
    )
    with pytest.raises(TrainingError, match="neither a diagnosis nor a rating"):
        train(change=lambda batch: batch._replace(targets=nothing) if batch.size == 12 else batch, clips=12)
    with pytest.raises(TrainingError, match="no training clips"):
        train(change=lambda batch: take(batch, torch.arange(0)) if batch.size == 24 else batch)
    with pytest.raises(TrainingError, match="no targets"):
        MemorySource(whole._replace(targets=None))
    whole.video.values[0, 0, 0] = math.inf
    with pytest.raises(TrainingError, match="not finite"):
        train(change=lambda batch: whole)
    with pytest.raises(TrainingError, match="patience"):
        TrainingConfig(patience=0)


def test_a_loss_that_is_no_number_stops_the_run():
    with pytest.raises(TrainingError, match="no number"):
        train(training=TrainingConfig(learning_rate=1e30, max_epochs=5))
