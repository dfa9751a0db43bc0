"""Where tests of training run: a machine with a GPU tests both."""

import torch

DEVICES = [torch.device(name) for name in ("cpu", "cuda") if name == "cpu" or torch.cuda.is_available()]
CPU = DEVICES[0]
