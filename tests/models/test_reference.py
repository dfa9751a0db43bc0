"""The whole model, and every loss term, against the paper's equations written out in numpy."""

import numpy as np
import pytest
import torch

from tests.models.reference import Reference, softmax
from tests.models.toy import TINY, batch, model, without


def cross_entropy(logits, target):
    return -np.log(softmax(logits))[target]


def clips_of(whole):
    for row in range(whole.size):
        yield [
            sequence.values[row][sequence.mask[row]].double().numpy() if sequence.present[row] else None
            for sequence in (whole.video, whole.audio)
        ]


@pytest.fixture(scope="module", params=["zero", "decode"])
def case(request):
    from dataclasses import replace

    config = replace(TINY, missing=request.param)
    one = model(config)
    whole = without(batch(), video=[1], audio=[2, 4])
    t = whole.targets
    t.diagnosis[3], t.rated[5, 1], t.rated[0] = -1, False, False
    weights = torch.tensor([0.5, 1.5, 2.0])
    with torch.no_grad():
        return request.param, one, whole, weights, one(whole, weights)


@pytest.fixture(scope="module")
def heard(case):
    missing, one, whole, _, _ = case
    reference = Reference(one.state_dict(), heads=2)
    clips = []
    for video, audio in clips_of(whole):
        v = None if video is None else reference.hear("video", video)
        a = None if audio is None else reference.hear("audio", audio)
        fused = sum(x.gate * x.shared[0] for x in (v, a) if x is not None)
        if a is None and missing == "decode":
            fused = fused + v.gate * reference.decode_audio(v)
        clips.append((v, a, fused, *reference.speak(fused)))
    return reference, clips


def test_every_clip_says_what_the_equations_say(case, heard):
    *_, result = case
    generated = result.generated
    for row, (v, a, fused, diagnosis, level, items, attention) in enumerate(heard[1]):
        np.testing.assert_allclose(generated.fused.h[row], fused, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(generated.logits.diagnosis[row], diagnosis, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(generated.logits.level[row], level, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(generated.logits.items[row], items, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(generated.mixed.attention[row], attention, rtol=1e-4, atol=1e-6)
        for gate, one in zip(generated.fused.gates.given, (v, a), strict=True):
            np.testing.assert_allclose(gate[row], np.zeros(4) if one is None else one.gate, rtol=1e-4, atol=1e-6)


def test_diagnosis_and_severity_terms(case, heard):
    _, _, whole, weights, result = case
    t, scores = whole.targets, np.arange(1, 6)
    diagnosis = [
        float(weights[y]) * cross_entropy(clip[3], int(y)) for y, clip in zip(t.diagnosis, heard[1], strict=True) if y >= 0
    ]
    level = [cross_entropy(clip[4], int(y)) for y, clip in zip(t.level, heard[1], strict=True) if y >= 0]
    items = []
    for row, clip in enumerate(heard[1]):
        for k in range(5):
            if t.rated[row, k]:
                p, q = softmax(clip[5][k]), t.rating_soft[row, k].double().numpy()
                items.append(-np.sum(q * np.log(p)) + abs(p @ scores - float(t.ratings[row, k])))
    assert len(diagnosis) == 5
    assert len(items) == 24
    assert float(result.losses.diagnosis) == pytest.approx(np.mean(diagnosis), rel=1e-4)
    assert float(result.losses.severity) == pytest.approx(np.mean(level) + np.mean(items), rel=1e-4)


def test_variational_terms(case, heard):
    *_, result = case
    reference, clips = heard
    for term, found in ((reference.window_term, result.losses.window), (reference.utterance_term, result.losses.utterance)):
        expected = sum(
            np.mean([term(m, clip[at]) for clip in clips if clip[at] is not None]) for at, m in enumerate(("video", "audio"))
        )
        assert float(found) == pytest.approx(expected, rel=1e-4)


def test_alignment_gate_and_token_terms(case, heard):
    *_, result = case
    reference, clips = heard
    both = [(v, a) for v, a, *_ in clips if v is not None and a is not None]
    assert len(both) == 3
    cycle = np.mean([np.mean((reference.decode_audio(v) - a.shared[0]) ** 2) for v, a in both])
    sparse = sum(np.mean([np.abs(clip[at].gate).mean() for clip in clips if clip[at] is not None]) for at in (0, 1))
    rebuilt = np.mean(
        [np.mean((fused - attention @ reference.w["tokens.tokens"]) ** 2) for _, _, fused, *_, attention in clips]
    )
    assert float(result.losses.cycle) == pytest.approx(cycle, rel=1e-4)
    assert float(result.losses.sparse) == pytest.approx(sparse, rel=1e-4)
    assert float(result.losses.token) == pytest.approx(reference.tokens_alike() + rebuilt, rel=1e-4)


def test_the_total_weighs_the_terms_as_printed(case):
    x = case[-1].losses
    alpha, epsilon, token = 2.0, 0.1, 0.4
    expected = x.diagnosis + alpha * x.severity + epsilon * (x.cycle + x.sparse + epsilon * token * x.token)
    assert float(x.total) == pytest.approx(float(expected + x.window + x.utterance + 10.0 * x.separation), rel=1e-6)
