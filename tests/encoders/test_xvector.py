"""SpeechBrain is a guest: what it leaves behind must not harm others."""

import subprocess
import sys

CODE = """
import inspect, sys
from divine.encoders.xvector import speechbrain_parts
speechbrain_parts()
assert "torchaudio" not in sys.modules
for module in list(sys.modules.values()):
    hasattr(module, "__anything__")  # as hypothesis, inspect and TensorFlow look at every module
from transformers.utils import is_torchaudio_available
print(is_torchaudio_available())
"""


def test_importing_it_leaves_no_module_that_fails_when_looked_at():
    done = subprocess.run([sys.executable, "-W", "error", "-c", CODE], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_the_pooling_is_speechbrains_but_for_its_noise():
    """The published network adds up to 9e-5 of noise to the mean; everything else is as it computes."""
    import torch

    from divine.encoders.xvector import _pooled, speechbrain_parts

    xvectors, _ = speechbrain_parts()
    torch.manual_seed(0)
    network = xvectors(in_channels=24, tdnn_channels=[16, 16, 16, 16, 20], lin_neurons=12).eval()
    spectra = torch.randn(2, 80, 24)
    with torch.no_grad():
        network.blocks[-2]._get_gauss_noise = lambda shape, device="cpu": torch.zeros(shape, device=device)
        torch.testing.assert_close(_pooled(network, spectra), network(spectra)[:, 0])
