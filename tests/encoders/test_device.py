"""What is done on a GPU, as far as a CPU can tell: compiled networks, several clips at once."""

import numpy as np
import pytest
import torch

from divine.encoders import info, pretrained
from divine.encoders.device import batch_size, compile_in_place, ready
from tests.encoders.conftest import Made, Tiny


@pytest.mark.filterwarnings("ignore")  # of the compiler's own imports
@pytest.mark.parametrize("code", ["HT", "Vi"])
def test_a_compiled_network_says_the_same(code: str, tiny: Tiny, made: Made, monkeypatch: pytest.MonkeyPatch):
    tiny.folder(code)
    clips = [made(4.0, 1.0), made(4.0, 2.0)]
    plain = info(code).load()(clips)
    compiled: list[torch.nn.Module] = []

    def also_compiled(network: torch.nn.Module) -> torch.nn.Module:
        compile_in_place(ready(network), backend="eager")
        compiled.append(network)
        return network

    monkeypatch.setattr(pretrained, "ready", also_compiled)
    for one, other in zip(plain, info(code).load()(clips), strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=1e-5)
    assert compiled and compiled[0]._compiled_call_impl is not None


def test_a_cpu_takes_one_at_a_time():
    assert batch_size(1, 16) == (16 if torch.cuda.is_available() else 1)
