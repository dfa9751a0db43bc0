"""Every term of the joint loss as a pure function; each is averaged over the clips that have what it needs.

Squares and KL are means over dimensions: the paper gives no reduction, and with sums the variational terms outweigh the rest by
two orders of magnitude (docs/model.md).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from divine.models.batch import Targets
from divine.models.gaussian import Gaussian, kl_standard
from divine.models.heads import Logits, expected_scores
from divine.models.layers import keep, masked_mean
from divine.models.tokens import Mixed


class Losses(NamedTuple):
    """The weighted total, and each term as printed in the paper, before its weight."""

    total: Float[Tensor, ""]
    diagnosis: Float[Tensor, ""]
    severity: Float[Tensor, ""]
    window: Float[Tensor, ""]
    utterance: Float[Tensor, ""]
    cycle: Float[Tensor, ""]
    sparse: Float[Tensor, ""]
    token: Float[Tensor, ""]
    separation: Float[Tensor, ""]


def class_loss(
    logits: Float[Tensor, "b c"], target: Int[Tensor, " b"], weights: Float[Tensor, " c"] | None = None
) -> Float[Tensor, ""]:
    """Cross-entropy over the clips whose class is known (not -1), each times the weight of its class."""
    known = target.clamp(min=0)
    each = F.cross_entropy(logits, known, reduction="none")
    return masked_mean(each if weights is None else each * weights[known], target >= 0)


def item_loss(
    logits: Float[Tensor, "b k r"],
    ratings: Float[Tensor, "b k"],
    rated: Bool[Tensor, "b k"],
    soft: Float[Tensor, "b k r"],
    scale: tuple[int, int],
) -> Float[Tensor, ""]:
    """Cross-entropy against the raters' soft target plus L1 between expectation and mean rating, over rated items.

    An expectation alone shrinks to the middle of the scale; the distribution alone ignores that scores are ordered.
    """
    entropy = -(keep(soft, rated) * logits.log_softmax(dim=-1)).sum(dim=-1)
    distance = (expected_scores(logits, scale) - torch.where(rated, ratings, 0.0)).abs()
    return masked_mean(entropy + distance, rated)


def supervised_losses(
    logits: Logits,
    targets: Targets,
    present: Bool[Tensor, " b"],
    scale: tuple[int, int],
    class_weights: Float[Tensor, " c"] | None = None,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """``L_cls`` and ``L_sev`` (level cross-entropy + mean item loss) over the clips with a modality and a target."""
    diagnosis = class_loss(logits.diagnosis, torch.where(present, targets.diagnosis, -1), class_weights)
    if logits.level is None or logits.items is None:
        return diagnosis, torch.zeros_like(diagnosis)
    level = class_loss(logits.level, torch.where(present, targets.level, -1))
    rated = targets.rated & present[:, None]
    return diagnosis, level + item_loss(logits.items, targets.ratings, rated, targets.rating_soft, scale)


def window_loss(
    refined: Float[Tensor, "b s c"],
    reconstructed: Float[Tensor, "b s c"],
    posterior: Gaussian,
    mask: Bool[Tensor, "b s"],
    beta: float,
) -> Float[Tensor, ""]:
    """``L_w = mean_t(||X' - X'_hat||^2 + beta KL)``: over a clip's valid steps, then over the clips that have any.

    The target is detached: it is learned, and shrinking it would be a way to cheat.
    """
    each = (refined.detach() - reconstructed).square().mean(dim=-1) + beta * _kl(posterior)
    per_clip = torch.where(mask, each, 0.0).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
    return masked_mean(per_clip, mask.any(dim=1))


def utterance_loss(
    pooled: Float[Tensor, "b w"],
    reconstructed: Float[Tensor, "b w"],
    shared: Gaussian,
    private: Gaussian,
    present: Bool[Tensor, " b"],
    beta_shared: float,
    beta_private: float,
) -> Float[Tensor, ""]:
    """``L_u = ||z_bar - z_bar_hat||^2 + beta_s KL_shared + beta_p KL_private`` over the clips present.

    The target is detached here too.
    """
    each = (pooled.detach() - reconstructed).square().mean(dim=-1)
    return masked_mean(each + beta_shared * _kl(shared) + beta_private * _kl(private), present)


def cycle_loss(
    decoded: Float[Tensor, "b s"], shared_audio: Float[Tensor, "b s"], both: Bool[Tensor, " b"]
) -> Float[Tensor, ""]:
    """``L_cycle = ||D_a(z_shared^v) - z_shared^a||^2`` over the clips with both modalities."""
    return masked_mean((decoded - shared_audio).square().mean(dim=-1), both)


def sparse_loss(gate: Float[Tensor, "b s"], present: Bool[Tensor, " b"]) -> Float[Tensor, ""]:
    """``||g_m||_1`` of one modality, as a mean over dimensions and over the clips that have it."""
    return masked_mean(gate.abs().mean(dim=-1), present)


def token_loss(
    tokens: Float[Tensor, "k s"], mixed: Mixed, fused: Float[Tensor, "b s"], present: Bool[Tensor, " b"]
) -> Float[Tensor, ""]:
    """Specialisation plus reconstruction.

    ``mean_{i != j} cos(T_i, T_j)^2 + ||stopgrad(h_fused) - sum_k a_k T_k||^2`` with ``a`` the fused row's attention.
    """
    directions = F.normalize(tokens, dim=-1)
    count = len(tokens)
    cosine = directions @ directions.T
    alike = (cosine.square() * (1 - torch.eye(count, device=tokens.device))).sum() / max(count * (count - 1), 1)
    distance = (fused.detach() - mixed.attention @ tokens).square().mean(dim=-1)
    return alike + masked_mean(distance, present)


RIDGE = 0.1
"""Of the whitening in ``separation_loss``, in mean variances: a batch has hardly more clips than a latent has dimensions."""


def separation_loss(private: Float[Tensor, "b p"], other: Float[Tensor, "b w"], both: Bool[Tensor, " b"]) -> Float[Tensor, ""]:
    """How much one modality's private latent says, linearly, of what the *other* modality holds; only what is shared can.

    The mean squared canonical correlation: with both sides centred and whitened (a ridge on each covariance), and ``K``, ``L``
    their Gram matrices over the ``n`` clips with both modalities, ``HSIC_u(K, L) / min(p, w)``. ``HSIC_u`` is the unbiased
    estimator of Song, Smola, Gretton, Bedo and Borgwardt, "Feature selection via dependence maximization" (JMLR 2012): about
    zero on average where nothing is shared, however small the batch. Zero for fewer than four clips. ``other`` is not moved.
    """
    n = both.sum().to(private.dtype)
    mine, theirs = _whitened_gram(private, both, n), _whitened_gram(other.detach(), both, n)
    n = n.clamp(min=4.0)
    of_all = mine.sum() * theirs.sum() / ((n - 1) * (n - 2))
    of_rows = 2 * (mine.sum(dim=0) @ theirs.sum(dim=0)) / (n - 2)
    hsic = ((mine * theirs).sum() + of_all - of_rows) / (n * (n - 3))
    return torch.where(both.sum() >= 4, hsic / min(private.shape[1], other.shape[1]), 0.0)


def _whitened_gram(z: Float[Tensor, "b d"], rows: Bool[Tensor, " b"], n: Tensor) -> Float[Tensor, "b b"]:
    """Inner products of the whitened rows, without each row's own; zero beyond ``rows``."""
    count = n.clamp(min=1.0)
    held = keep(z, rows)
    centred = keep(held - held.sum(dim=0) / count, rows)
    covariance = centred.T @ centred / count
    ridge = RIDGE * covariance.diagonal().mean() + 1e-5
    # unchecked: a loss that is no number must reach the training loop, which says so
    factor, _ = torch.linalg.cholesky_ex(covariance + ridge * torch.eye(z.shape[1], device=z.device))
    white = torch.linalg.solve_triangular(factor, centred.T, upper=False)
    return (white.T @ white) * (1 - torch.eye(len(z), device=z.device))


def _kl(posterior: Gaussian) -> Tensor:
    """KL per latent dimension."""
    return kl_standard(posterior.mu, posterior.logvar) / posterior.mu.shape[-1]
