"""What the composed model must do whatever its weights: masks, absence, gradients, any cohort."""

import math
from dataclasses import replace

import pytest
import torch

from divine.models.batch import Batch, take
from divine.models.config import DivineConfig, LossWeights, Schema
from divine.models.divine import Divine
from divine.models.errors import ModelError
from divine.models.gaussian import Gaussian
from divine.models.losses import token_loss, utterance_loss, window_loss
from divine.models.tokens import Mixed
from tests.models.toy import ITEMS, SCHEMA, TINY, batch, model, without

VARIANTS = {
    "default": TINY,
    "dense": replace(TINY, token_mixer="dense"),
    "fused": replace(TINY, severity_from="fused"),
    "decode": replace(TINY, missing="decode"),
    "no sparse": replace(TINY, gates="ones", loss=LossWeights(sparse=False)),
    "no cycle": replace(TINY, loss=LossWeights(cycle=False)),
    "no token": replace(TINY, loss=LossWeights(token=False)),
    "apart": replace(TINY, loss=LossWeights(separation=10.0)),
}
COHORTS = {
    "Toronto NeuroFace": SCHEMA,
    "video only": Schema(5, None, ("well", "ill"), ITEMS[:2], scale=(0, 3)),
    "audio only": Schema(None, 5, ("Ä", "<b>", "c", "d"), ("one item",), levels=("low", "high")),
    "no ratings": Schema(5, 4, ("well", "ill")),
}


def said(one, whole):
    """Everything that a clip's prediction rests on, as one row per clip."""
    with torch.no_grad():
        out = one(whole._replace(targets=None)).generated
    logits = [part.flatten(1) for part in out.logits if part is not None]
    return torch.cat([*logits, out.mixed.attention, out.fused.h, *out.fused.gates.given], dim=1)


def test_what_was_only_judged_has_the_same_loss():
    one, whole = model().eval(), batch()
    latents = one.infer(whole)
    found = one.loss(whole.targets, latents, one.judge(latents).generated)
    for mine, theirs in zip(found, one(whole).losses, strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("training", [False, True])
def test_masked_content_changes_nothing(variant, training):
    one, whole = model(VARIANTS[variant]), without(batch(), video=[1], audio=[2])
    spoilt = []
    for sequence in (whole.video, whole.audio):
        hidden = ~(sequence.mask & sequence.present[:, None])
        assert hidden.any()
        values = sequence.values.clone()
        values[hidden] = math.nan
        spoilt.append(sequence._replace(values=values))
    t = whole.targets
    t.rated[3], t.rated[4, 2] = False, False
    ratings, soft = t.ratings.clone(), t.rating_soft.clone()
    ratings[~t.rated], soft[~t.rated] = math.nan, math.nan
    results, gradients = [], []
    for these in (whole, Batch(*spoilt, t._replace(ratings=ratings, rating_soft=soft))):
        one.train(training)
        one.load_state_dict(model(VARIANTS[variant]).state_dict())
        one.zero_grad()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            result = one(these)
        result.losses.total.backward()
        results.append(torch.stack(result.losses))
        gradients.append([p.grad for p in one.parameters() if p.grad is not None])
    assert torch.equal(*results)
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


def test_a_clip_is_judged_alike_alone_and_among_others_and_in_any_order():
    one, whole = model(), without(batch(), audio=[0])
    together = said(one, whole)
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    torch.testing.assert_close(said(one, take(whole, order)), together[order], rtol=0, atol=1e-6)
    for row in range(whole.size):
        torch.testing.assert_close(said(one, take(whole, torch.tensor([row])))[0], together[row], rtol=0, atol=1e-6)


def test_an_absent_modality_is_silent_however_it_is_absent():
    one, whole = model(), batch()
    marked = said(one, without(whole, audio=list(range(6))))
    torch.testing.assert_close(said(one, whole._replace(audio=None)), marked, rtol=0, atol=1e-6)
    with torch.no_grad():
        gates = one(whole._replace(audio=None)).generated.fused.gates
    assert (gates.audio == 0).all()
    assert (gates.video > 0).all()


def test_a_modality_that_is_there_is_heard():
    one, whole = model(), batch()
    complete = said(one, whole)
    for absent in ({"video": [0]}, {"audio": [0]}):
        changed = said(one, without(whole, **absent))
        assert not torch.allclose(changed[0], complete[0], atol=1e-4)
        torch.testing.assert_close(changed[1:], complete[1:], rtol=0, atol=1e-6)


def test_decoded_audio_stands_in_only_where_audio_is_absent():
    decode, zero = model(VARIANTS["decode"]), model()
    zero.load_state_dict(decode.state_dict())
    whole = without(batch(), video=[1], audio=[2])
    a, b = said(decode, whole), said(zero, whole)
    assert not torch.allclose(a[2], b[2], atol=1e-4)
    torch.testing.assert_close(a[[0, 1, 3, 4, 5]], b[[0, 1, 3, 4, 5]], rtol=0, atol=1e-6)


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_gradients_reach_every_parameter(cohort, variant):
    schema = COHORTS[cohort]
    one = model(replace(VARIANTS[variant], dropout=0.0), schema).train()  # of eight hidden units, chance can drop all
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        one(batch(schema=schema)).losses.total.backward()
    without_any = [name for name, p in one.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without_any == []
    assert all(p.grad.isfinite().all() for p in one.parameters())


@pytest.mark.parametrize("cohort", COHORTS)
def test_a_cohort_gets_the_outputs_that_its_schema_names(cohort):
    schema = COHORTS[cohort]
    logits = model(schema=schema)(batch(schema=schema)).generated.logits
    assert logits.diagnosis.shape == (6, len(schema.classes))
    if schema.items:
        assert logits.items.shape == (6, len(schema.items), len(schema.scores))
        assert logits.level.shape == (6, len(schema.levels))
    else:
        assert logits.items is None
        assert logits.level is None
        assert len(schema.tokens) == 5


@pytest.mark.parametrize("clips", [1, 3])
@pytest.mark.parametrize("steps", [(1,), (32,)])
def test_one_step_and_one_clip_train(clips, steps):
    one = model().train()
    losses = one(batch(clips, steps=steps)).losses
    losses.total.backward()
    assert all(term.isfinite() for term in losses)
    assert all(p.grad.isfinite().all() for p in one.parameters() if p.grad is not None)


def test_terms_that_nobody_can_give_are_zero():
    one, whole = model(), batch()
    t = whole.targets
    unknown = t._replace(diagnosis=torch.full_like(t.diagnosis, -1), level=torch.full_like(t.level, -1), rated=~t.rated)
    losses = one(without(whole, audio=list(range(6)))._replace(targets=unknown)).losses
    assert [losses.diagnosis.item(), losses.severity.item(), losses.cycle.item()] == [0.0, 0.0, 0.0]
    assert losses.window.item() > 0


def test_a_clip_with_nothing_counts_for_nothing():
    one, whole = model(), batch()
    empty = torch.stack(one(without(whole, video=[5], audio=[5])).losses)
    torch.testing.assert_close(empty, torch.stack(one(take(whole, torch.arange(5))).losses), rtol=1e-6, atol=1e-6)


def test_reconstruction_targets_are_detached():
    g = torch.Generator().manual_seed(0)
    posterior = Gaussian(torch.zeros(2, 3, 4), torch.zeros(2, 3, 4))
    whole = Gaussian(torch.zeros(2, 4), torch.zeros(2, 4))
    for target, term in (
        (torch.randn(2, 3, 5, generator=g), lambda x, y: window_loss(x, y, posterior, torch.ones(2, 3).bool(), 1e-3)),
        (torch.randn(2, 5, generator=g), lambda x, y: utterance_loss(x, y, whole, whole, torch.ones(2).bool(), 1e-3, 1e-3)),
    ):
        learned, rebuilt = target.clone().requires_grad_(), torch.zeros_like(target).requires_grad_()
        term(learned, rebuilt).backward()
        assert learned.grad is None
        assert rebuilt.grad.abs().sum() > 0


def test_the_token_loss_does_not_move_the_fused_latent():
    fused, tokens = torch.randn(2, 3, generator=torch.Generator().manual_seed(0)).requires_grad_(), torch.eye(2, 3)
    tokens.requires_grad_()
    mixed = Mixed(torch.zeros(2, 3, 3), torch.full((2, 2), 0.5))
    token_loss(tokens, mixed, fused, torch.ones(2).bool()).backward()
    assert fused.grad is None
    assert tokens.grad.abs().sum() > 0


def test_evaluation_takes_means_and_training_draws():
    one, whole = model(replace(TINY, dropout=0.0)), batch()
    assert torch.equal(said(one, whole), said(one, whole))
    drawn = one(whole, sampling=True).latents.video
    assert not torch.allclose(drawn.z_shared, drawn.utterance.shared.mu)
    assert torch.equal(one(whole).latents.video.z_shared, one(whole).latents.video.utterance.shared.mu)


def test_the_shared_encoder_is_one_and_the_private_ones_are_two():
    one = model()
    pooled = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
    video, audio = one.utterance_vae.encode("video", pooled), one.utterance_vae.encode("audio", pooled)
    assert torch.equal(video.shared.mu, audio.shared.mu)
    assert not torch.equal(video.private.mu, audio.private.mu)


def test_severity_is_read_where_the_config_says():
    whole = batch()
    for source, moved in (("tokens", False), ("fused", True)):
        one = model(replace(TINY, severity_from=source))
        rows = one(whole).generated.mixed.rows.detach()
        bent = rows.clone()
        bent[:, -1] += torch.randn(4, generator=torch.Generator().manual_seed(0))
        assert torch.equal(one.heads(bent).items, one.heads(rows).items) is not moved
        bent = rows.clone()
        bent[:, 2] += torch.randn(4, generator=torch.Generator().manual_seed(0))
        changed = (one.heads(bent).items != one.heads(rows).items).flatten(2).any(-1).any(0)
        assert changed.tolist() == ([False] * 5 if moved else [False, False, True, False, False])


def test_features_of_another_width_are_refused():
    one, whole = model(), batch()
    with pytest.raises(ModelError, match=r"7 video features.*has 6"):
        one(whole._replace(video=whole.audio))
    with pytest.raises(ModelError, match="no video"):
        model(schema=COHORTS["audio only"])(whole)


def test_parameters_at_published_feature_sizes():
    schema = Schema(768, 1024, SCHEMA.classes, ITEMS)
    counts = [
        sum(p.numel() for p in Divine(config, schema).parameters())
        for config in (DivineConfig(), DivineConfig(token_mixer="dense"), DivineConfig(severity_from="fused"))
    ]
    assert all(3_500_000 <= count <= 6_500_000 for count in counts), counts
    small = sum(p.numel() for p in Divine(DivineConfig.small(), Schema(90, 66, SCHEMA.classes, ITEMS)).parameters())
    assert small < 200_000
