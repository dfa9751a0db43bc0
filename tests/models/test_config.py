"""Records to JSON and back, and what they refuse."""

import json
from dataclasses import replace

import pytest

from divine.models.codec import from_json, to_json
from divine.models.config import DivineConfig, LossWeights, Schema
from divine.models.errors import ModelError
from tests.models.toy import SCHEMA, TINY

RECORDS = [DivineConfig(), DivineConfig.small(loss=LossWeights(alpha=1.0)), TINY, SCHEMA, Schema(None, 3, ("a", "b"))]


@pytest.mark.parametrize("record", RECORDS)
def test_records_survive_json(record):
    assert from_json(type(record), json.loads(json.dumps(to_json(record)))) == record


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"dropout": "0.3"}, "dropout"),
        ({"window_latent": 4.0}, "window_latent"),
        ({"window_latent": True}, "window_latent"),
        ({"gates": "open"}, "gates"),
        ({"loss": 1}, "loss"),
        ({"loss": {}}, "missing"),
        ({"surprise": 1}, "surprise"),
        ({"refine_kernel": 4}, "refine_kernel"),
        ({"refine_channels": 0}, "refine_channels"),
        ({"refine_channels": 10**12}, "refine_channels"),
        ({"mixer_heads": 3}, "mixer_heads"),
        ({"dropout": float("nan")}, "dropout"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_a_config_that_no_model_can_have_is_refused_by_name(changes, named):
    with pytest.raises(ModelError, match=named):
        from_json(DivineConfig, to_json(TINY) | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"video_dim": None, "audio_dim": None},
        {"video_dim": 0},
        {"audio_dim": -3},
        {"classes": ("only",)},
        {"classes": ("twice", "twice")},
        {"items": ("a", "a")},
        {"scale": (5, 1)},
    ],
)
def test_a_cohort_that_no_model_can_serve_is_refused(changes):
    with pytest.raises(ModelError):
        replace(SCHEMA, **changes)


def test_a_weight_is_not_negative():
    with pytest.raises(ModelError, match="alpha"):
        LossWeights(alpha=-1.0)
