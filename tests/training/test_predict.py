"""Predictions of raw features, and the standardisation between them and the model."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from divine.models.batch import Batch, PerModality, Sequence, take
from divine.models.config import DivineConfig, Schema
from divine.models.errors import ModelError
from divine.models.systems import build
from divine.training.errors import TrainingError
from divine.training.loop import Fitted
from divine.training.predict import Inferred, infer, predict, predict_with
from divine.training.source import MemorySource, Source, in_order
from divine.training.standardise import measure, measure_each, standardise
from tests.models.toy import TINY, model
from tests.training.cohort import SCHEMA, cohort


def trained(schema: Schema = SCHEMA, config: DivineConfig = TINY) -> Fitted:
    return Fitted(model(config, schema), measure(MemorySource(cohort(9, 0, schema))), (), 0)


def test_a_prediction_is_complete_and_consistent():
    one = predict(trained(), cohort(3, 1))[2]
    assert one.classes == SCHEMA.classes
    assert one.probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert one.items == one.tokens == SCHEMA.items
    assert ((one.item_scores >= 1) & (one.item_scores <= 5)).all()
    assert one.level_probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert one.attention.sum() == pytest.approx(1, abs=1e-6)
    assert all(0 < gate < 1 for gate in one.gates.values())


def test_a_clip_is_judged_alike_alone_and_among_others():
    fitted, clips = trained(), cohort(5, 1)
    for row, among in enumerate(predict(fitted, clips)):
        (alone,) = predict(fitted, take(clips, torch.tensor([row])))
        np.testing.assert_allclose(alone.probabilities, among.probabilities, atol=1e-6)
        np.testing.assert_allclose(alone.item_scores, among.item_scores, atol=1e-5)


@pytest.mark.parametrize("architecture", ["divine", "flat", "single-level", "concat"])
@pytest.mark.parametrize("missing", ["zero", "decode"])
def test_what_was_inferred_once_serves_every_setting(architecture, missing):
    clips = cohort(7, 1)
    clips.video.present[2] = clips.audio.present[4] = False
    torch.manual_seed(0)
    system = build(architecture, replace(TINY, missing=missing), SCHEMA).eval()
    one = Fitted(system, measure(MemorySource(cohort(9, 0))), (), 0)
    inferred = Inferred(np.arange(20, 27), infer(one, clips))
    for setting, lacks in ((("audio", "video"), []), (("video",), [2]), (("audio",), [4])):
        rows = [row for row in range(7) if row not in lacks]
        given = take(clips, torch.tensor(rows))
        alone = predict(one, Batch(given.video if "video" in setting else None, given.audio if "audio" in setting else None))
        found = list(predict_with(one, inferred, setting))
        assert [row for row, _ in found] == [20 + row for row in rows]
        for (_, mine), theirs in zip(found, alone, strict=True):
            np.testing.assert_allclose(mine.probabilities, theirs.probabilities, atol=1e-6)
            np.testing.assert_allclose(mine.item_scores, theirs.item_scores, atol=1e-5)
            np.testing.assert_allclose(mine.attention, theirs.attention, atol=1e-6)
            assert mine.gates == pytest.approx(theirs.gates, abs=1e-6)


def test_the_gate_of_an_absent_modality_is_zero():
    fitted, clips = trained(), cohort(2, 1)
    assert predict(fitted, clips._replace(audio=None))[0].gates["audio"] == 0.0
    assert predict(trained(Schema(None, 10, ("a", "b"))), clips._replace(video=None))[0].gates["video"] == 0.0


def test_a_cohort_without_ratings_has_no_severity():
    schema = Schema(12, 10, ("a", "b"))
    one = predict(trained(schema), cohort(1, 1, schema))[0]
    assert (one.item_scores, one.level_probabilities, one.items, one.levels) == (None, None, (), ())
    assert len(one.attention) == len(one.tokens) == 5


def test_a_trained_model_is_left_as_it_was_found():
    fitted = trained()
    before = {name: value.clone() for name, value in fitted.model.state_dict().items()}
    fitted.model.train()
    predict(fitted, cohort(2, 1))
    assert fitted.model.training
    assert all(torch.equal(value, before[name]) for name, value in fitted.model.state_dict().items())


def test_what_cannot_be_judged_is_refused():
    fitted, clips = trained(), cohort(2, 1)
    clips.video.present[0] = clips.audio.present[0] = False
    with pytest.raises(TrainingError, match="nothing to judge"):
        predict(fitted, clips)
    with pytest.raises(TrainingError, match="nothing to judge"):
        predict(fitted, Batch(None, None))
    with pytest.raises(ModelError, match="12 video features"):
        predict(fitted, cohort(2, 1, Schema(11, 10, SCHEMA.classes, SCHEMA.items)))


class Chunked:
    """A source that lies in pieces, to show that statistics do not depend on how clips are fetched."""

    def __init__(self, whole: Batch) -> None:
        self.whole, self.targets, self.largest = whole, whole.targets, 0

    def batch(self, index):
        self.largest = max(self.largest, len(index))
        return take(self.whole, index)


def test_moments_are_those_of_all_valid_steps_however_they_come():
    whole = cohort(300, 0)
    whole.video.values[:, :, 3] = 7.5  # does not vary
    whole.audio.present[::2] = False
    source = Chunked(whole)
    assert isinstance(source, Source)
    found = measure(source)
    assert source.largest == 128
    steps = whole.video.values[whole.video.mask].double().numpy()
    np.testing.assert_allclose(found.video.mean, steps.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(np.delete(found.video.std.numpy(), 3), np.delete(steps.std(axis=0), 3), rtol=1e-6)
    assert found.video.std[3] == 1
    heard = whole.audio.values[1::2][whole.audio.mask[1::2]].double().numpy()
    np.testing.assert_allclose(found.audio.std, heard.std(axis=0), rtol=1e-6)


def test_members_are_measured_as_each_would_be_alone():
    whole = cohort(150, 0)
    whole.audio.present[::2] = False
    whole.video.values[~whole.video.mask] = torch.nan
    members = [torch.arange(0, 150, 3), torch.arange(140, 5, -1), torch.arange(0, 10, 2)]
    for rows, found in zip(members, measure_each(MemorySource(whole), members), strict=True):
        alone = measure(MemorySource(take(whole, rows)))
        for mine, theirs in zip(found.given, alone.given, strict=True):
            torch.testing.assert_close(mine.mean, theirs.mean, rtol=1e-6, atol=1e-7)
            torch.testing.assert_close(mine.std, theirs.std, rtol=1e-6, atol=1e-7)
    whole.video.values[0, 0] = torch.inf
    whole.video.mask[0, 0] = True
    with pytest.raises(TrainingError, match="video features hold values that are not finite"):
        measure_each(MemorySource(whole), members)


def test_standardised_steps_have_mean_zero_and_spread_one_and_the_rest_is_zero():
    whole = cohort(50, 0)
    whole.audio.values[~whole.audio.mask] = torch.nan
    ready = standardise(whole, measure(MemorySource(whole)))
    for sequence in ready.sequences.given:
        steps = sequence.values[sequence.mask]
        torch.testing.assert_close(steps.mean(dim=0), torch.zeros(steps.shape[1]), atol=1e-5, rtol=0)
        torch.testing.assert_close(steps.std(dim=0, correction=0), torch.ones(steps.shape[1]), atol=1e-4, rtol=0)
        assert (sequence.values[~sequence.mask] == 0).all()


def test_a_modality_that_no_training_clip_has_still_standardises():
    whole = cohort(4, 0)
    whole.audio.present[:] = False
    moments = measure(MemorySource(whole))
    assert moments.audio.mean.eq(0).all()
    assert moments.audio.std.eq(1).all()
    assert isinstance(standardise(whole, PerModality(moments.video, None)).audio, Sequence)


def test_chunks_come_in_order():
    whole = cohort(7, 0)
    chunks = list(in_order(MemorySource(whole), chunk=3))
    assert [chunk.size for chunk in chunks] == [3, 3, 1]
    assert torch.equal(torch.cat([chunk.video.values for chunk in chunks]), whole.video.values)
