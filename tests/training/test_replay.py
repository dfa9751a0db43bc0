import pytest
import torch

from divine.training.replay import Replay
from tests.training.devices import DEVICES


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_a_replayed_function_reads_its_arguments_and_keeps_what_it_changes(device: torch.device):
    kept = torch.zeros(3, device=device)

    def add(amount: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        kept.add_(amount * times)
        return kept.sum()

    replayed, total = Replay(add, device), 0.0
    for call in range(8):
        amount, times = torch.full((3,), float(call), device=device), torch.tensor([0.0, 1.0, 2.0], device=device)
        total += 3.0 * call
        assert float(replayed(amount, times)) == total
