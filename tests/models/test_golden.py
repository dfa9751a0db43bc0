"""A tiny model with stored weights says today what it said when they were stored."""

import torch
from safetensors.torch import load_file

from tests.models.golden import FILE, judged, unflat
from tests.models.toy import TINY, model


def test_the_stored_model_says_what_it_said():
    stored = {"weight": {}, "in": {}, "out": {}}
    for name, value in load_file(FILE).items():
        kind, rest = name.split(":", 1)
        stored[kind][rest] = value
    one = model(TINY, seed=1)
    one.load_state_dict(stored["weight"])
    found = judged(one, unflat(stored["in"]))
    assert found.keys() == stored["out"].keys()
    for name, value in stored["out"].items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5, msg=name)
