"""The model under ``torch.func``: many members in one pass must equal each member alone."""

import torch
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from divine.models.batch import Batch, Sequence, Targets
from tests.models.toy import batch, model, without


def stacked(batches):
    def stack(kind, parts):
        return kind(*(torch.stack(one) for one in zip(*parts, strict=True)))

    return Batch(
        *(
            stack(kind, [getattr(b, name) for b in batches])
            for kind, name in ((Sequence, "video"), (Sequence, "audio"), (Targets, "targets"))
        )
    )


def test_stacked_members_train_as_they_would_alone():
    members = [model(seed=seed).train() for seed in range(3)]
    for member in members:
        for layer in member.modules():
            if isinstance(layer, torch.nn.Dropout):
                layer.p = 0.0
    # one member's batch holds a single clip with video: it must fall back on running statistics, beside others that do not
    batches = [batch(4, seed=5), without(batch(4, seed=6), video=[0, 1, 2]), without(batch(4, seed=7), audio=[3])]
    parameters, buffers = stack_module_state(members)

    def loss(p, b, x):
        return functional_call(members[0], (p, b), (x,), {"sampling": False}).losses.total

    gradients, losses = vmap(grad_and_value(loss))(parameters, buffers, stacked(batches))
    for at, (member, one) in enumerate(zip(members, batches, strict=True)):
        total = member(one, sampling=False).losses.total
        total.backward()
        torch.testing.assert_close(losses[at], total.detach(), rtol=1e-5, atol=1e-6)
        for name, p in member.named_parameters():
            expected = torch.zeros_like(p) if p.grad is None else p.grad
            torch.testing.assert_close(gradients[name][at], expected, rtol=1e-4, atol=1e-6)
        for name, value in member.named_buffers():
            torch.testing.assert_close(buffers[name][at], value)


def test_members_draw_their_own_latents():
    one = model().train()
    parameters, buffers = stack_module_state([one, one])
    same = stacked([batch(4), batch(4)])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        drawn = vmap(lambda p, b, x: functional_call(one, (p, b), (x,)).latents.video.z_shared, randomness="different")(
            parameters, buffers, same
        )
    assert not torch.allclose(drawn[0], drawn[1])
